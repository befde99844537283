package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.ZnodePaths;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a broker in doubt may vouch for: P-8, P-10, G-9. */
class DoubtTest {
  private final Trio trio = new Trio(47, Map.of("min.in.sync", "1"));

  @AfterEach
  void nothingWasThrown() {
    trio.brokers.assertNothingWasThrown();
  }

  private void hide() {
    String id = trio.topic.getTopicId();
    trio.cluster.ensemble.takeOut(
        path ->
            path.equals(ZnodePaths.topic(trio.topic.getName()))
                || path.equals(ZnodePaths.partitions(id))
                || path.startsWith(ZnodePaths.partitions(id) + "/"));
  }

  private String node() {
    return trio.brokers
        .node(ZnodePaths.partition(trio.topic.getTopicId(), 0))
        .data()
        .toStringUtf8();
  }

  /** Behind the first record, which all have and which is on every disk. */
  private void write(String... values) {
    trio.produce(values);
    trio.awaitInSync(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName(
      "P-10: who lost power while its topic was hidden leaves before it does anything else")
  void p10_leavesWhatItCouldNotLeaveAtItsStart(boolean diesOnceMore) {
    write("a");
    trio.cluster.scheduler.runFor(2 * SECOND);
    write("b");
    hide();
    trio.losePower(2, 1.0);
    trio.start(2);
    if (diesOnceMore) {
      trio.kill(2);
      trio.start(2);
    }
    trio.kill(1);
    trio.kill(3);
    trio.cluster.ensemble.putBack();
    trio.cluster.scheduler.runFor(5 * SECOND);

    assertThat(node()).contains("\"inSync\":[1,3]", "left in doubt after a power loss");
    assertThat(trio.describe().getLeader()).isNotEqualTo(2);

    trio.start(1);
    trio.start(3);
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:a", "1:b");
  }

  @Test
  @DisplayName("P-10: so does who has come back with an old copy of its disk, that lacks the topic")
  void p10_leavesAlsoWhatItDoesNotKnow() {
    MemoryDisk before = trio.disk(2).copy(9);
    trio.stop(2); // so that the copy is of an earlier life
    trio.start(2);
    write("a");
    hide();
    trio.kill(2);
    before.losePower(1);
    Path directory = trio.partitionDirectory();
    assertThat(before.contentsIn(directory)).isNotNull();
    trio.disk(2).restore(before);
    trio.start(2);
    trio.kill(1);
    trio.kill(3);
    trio.cluster.ensemble.putBack();
    trio.cluster.scheduler.runFor(5 * SECOND);
    assertThat(node()).contains("\"inSync\":[1,3]");

    trio.start(1);
    trio.start(3);
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:a");
  }

  /** 1 is the only member; what it has is on its disk, but no checkpoint says so. */
  private void leaveOneAlone(String... values) {
    trio.produce(values);
    trio.awaitInSync(3);
    trio.kill(2);
    trio.kill(3);
    trio.cluster.await("1 is alone", () -> node().contains("\"inSync\":[1]"));
    trio.cluster.await("and says what it has", () -> node().contains("\"vouched\""));
    assertThat(node()).contains("\"soleFlushed\":true", "\"logEnd\":\"3\"");
  }

  @Test
  @DisplayName("P-8: rot in what only one vouches for is not taken for the end of its log")
  void p8_othersAreAskedWhereTheLastMemberHasLostWhatItFlushed() throws IOException {
    leaveOneAlone("a", "b", "c");
    Path log = trio.partitionDirectory().resolve("00000000000000000000.log");
    trio.disk(1).flipBit(log, trio.disk(1).contents(log).length / 2, 3);
    assertThat(trio.disk(1).kind(SimulatedCluster.DATA.resolve("checkpoint")))
        .as("no checkpoint says what was forced")
        .isEqualTo(FileKind.ABSENT);
    trio.losePower(1, 1.0);
    trio.start(1);
    trio.cluster.scheduler.runFor(5 * SECOND);

    assertThat(trio.describe().hasLeader()).as("two others may have more").isFalse();
    assertThat(node()).contains("\"lostFlushed\":true", "\"soleFlushed\":false");

    trio.start(2);
    trio.cluster.scheduler.runFor(5 * SECOND);
    assertThat(trio.describe().hasLeader()).as("one other may have more").isFalse();
    trio.start(3);
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c");
    assertThat(node()).contains("all replicas were asked");
  }

  @Test
  @DisplayName("a last member that lost only what it had not flushed leads alone, as before")
  void aLastMemberThatHasWhatItVouchedForLeads() {
    leaveOneAlone("a", "b", "c");
    trio.losePower(1, 1.0);
    trio.start(1);
    trio.cluster.await("1 leads", () -> trio.describe().getLeader() == 1);
    assertThat(node()).doesNotContain("possibleLoss");
    trio.start(2);
    trio.start(3);
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  @DisplayName("G-9: a disk of the same life that has less than it vouched for is found out")
  void g9_aDiskThatHasTakenAForceBackIsFoundOut() {
    trio.produce("a");
    trio.awaitInSync(3);
    trio.cluster.scheduler.runFor(2 * SECOND);
    MemoryDisk before = trio.disk(1).copy(9);
    before.losePower(1);
    leaveOneAlone("b", "c");
    trio.kill(1);
    trio.disk(1).losePower(1);
    trio.disk(1).restore(before);
    trio.start(1);
    for (int other : List.of(2, 3)) {
      assertThat(trio.describe().hasLeader()).isFalse();
      trio.start(other);
    }
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c");
  }
}
