package io.millrace.server.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.partition.PartitionId;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.CompactionStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CompactionFindingsTest {
  private static final long NOW = 10_000_000;
  private static final long MINUTE = 60_000;
  private static final PartitionId KEPT = new PartitionId("kept~aaaaaaaa", 0);

  private static CompactionStatus status(long dueSince, boolean isUnderWay, String trouble) {
    return new CompactionStatus(
        4_711, 100 << 20, 30 << 20, 0.5, dueSince, isUnderWay, trouble, NOW - MINUTE);
  }

  private static CompactionFindings of(Map<PartitionName, CompactionStatus> all) {
    return new CompactionFindings(() -> all, 64 << 20);
  }

  private static List<Finding> one(CompactionStatus status) {
    return of(Map.of(new PartitionName("kept~aaaaaaaa", 0), status)).of(2, KEPT, NOW);
  }

  @Test
  void saysNothingOfWhatIsNotCompacted() {
    assertThat(of(Map.of()).of(2, KEPT, NOW)).isEmpty();
    assertThat(of(Map.of()).troubles(NOW)).isEmpty();
  }

  @Test
  void tellsHowFarItIs() {
    assertThat(one(status(CompactionStatus.NOT_DUE, false, "")))
        .containsExactly(
            Finding.of(
                Reason.COMPACTED,
                "broker 2: 30.0 MiB of 100.0 MiB in closed files have not been compacted, from"
                    + " offset 4711 on; it is worth it from 50 % on"));
    assertThat(one(status(NOW - MINUTE, true, "")).get(0).text()).endsWith("that is being done");
  }

  @Test
  void tellsWhatWaitsForLongAndWhy() {
    Finding queued = one(status(NOW - 11 * MINUTE, false, "")).get(0);
    assertThat(queued.reason()).isEqualTo(Reason.COMPACTION_BEHIND);
    assertThat(queued.sinceMillis()).isEqualTo(OptionalLong.of(NOW - 11 * MINUTE));
    assertThat(queued.text()).endsWith("others are compacted before it");
    assertThat(one(status(NOW - 11 * MINUTE, true, "")).get(0).text())
        .endsWith("no more than 64.0 MiB a second may be read");
  }

  @Test
  void tellsWhatIsInTheWay() {
    Finding stuck = one(status(NOW - 11 * MINUTE, false, "there is no room")).get(0);
    assertThat(stuck.reason()).isEqualTo(Reason.COMPACTION_STUCK);
    assertThat(stuck.sinceMillis()).isEqualTo(OptionalLong.of(NOW - MINUTE));
    assertThat(stuck.text())
        .isEqualTo("broker 2: compaction cannot go on from offset 4711: there is no room");
  }

  @Test
  void namesAFewOfABrokerAndCountsTheRest() {
    Map<PartitionName, CompactionStatus> all = new HashMap<>();
    for (int i = 0; i < 8; i++) {
      all.put(
          new PartitionName("kept~aaaaaaaa", i), status(CompactionStatus.NOT_DUE, false, "full"));
    }
    all.put(new PartitionName("fine~aaaaaaaa", 0), status(CompactionStatus.NOT_DUE, false, ""));
    List<Finding> found = of(all).troubles(NOW);
    assertThat(found).hasSize(6);
    assertThat(found.get(0).text()).startsWith("kept~aaaaaaaa-0: ");
    assertThat(found.get(5).text()).startsWith("3 more");
  }
}
