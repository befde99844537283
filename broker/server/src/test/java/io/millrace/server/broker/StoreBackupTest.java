package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.MemoryEnsemble;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.ElectLeaderResult;
import io.millrace.wire.v1.ElectionKind;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * B77, coordination.md "numbers to keep": a whole cluster whose ZooKeeper has been restored from an
 * old backup. Nothing is deleted, nothing rewinds, and it says what is wrong and what to do.
 */
class StoreBackupTest {
  private final ThreeBrokers brokers = new ThreeBrokers(77);
  private final List<String> written = new ArrayList<>();

  private TopicInfo moved = TopicInfo.getDefaultInstance();
  private TopicInfo quiet = TopicInfo.getDefaultInstance();
  private TopicInfo later = TopicInfo.getDefaultInstance();
  private int epochBefore;

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  /** Since the backup one topic has changed leaders, one has been made, and one is as it was. */
  @BeforeEach
  void liveOnAfterABackup() {
    brokers.started();
    moved = brokers.create("moved", 1, Map.of());
    quiet = brokers.create("quiet", 1, Map.of());
    write(moved, "a");
    brokers.produce(quiet, 0, Batches.single("q"));
    int restarted = brokers.leader("moved", 0);
    assertThat(brokers.leader("quiet", 0)).isNotEqualTo(restarted);
    backup = brokers.cluster.ensemble.backup();
    for (int round = 0; round < 2; round++) {
      brokers.stop(restarted);
      write(moved, "b" + round);
      brokers.start(restarted);
      brokers.await(() -> "leads again", () -> brokers.leader("moved", 0) == restarted);
      brokers.awaitInSync("moved", 0, 3);
      brokers.awaitInSync("quiet", 0, 3);
    }
    later = brokers.create("later", 1, Map.of());
    brokers.produce(later, 0, Batches.single("l"));
    epochBefore = brokers.describe("moved", 0).getLeaderEpoch();
  }

  private MemoryEnsemble.Backup backup;

  private void write(TopicInfo topic, String value) {
    assertThat(brokers.produce(topic, 0, Batches.single(value)).hasError()).isFalse();
    written.add(written.size() + ":" + value);
  }

  private void restore(boolean brokersRun) {
    if (!brokersRun) {
      List.of(1, 2, 3).forEach(brokers::stop);
    }
    brokers.cluster.ensemble.restore(backup);
    if (!brokersRun) {
      List.of(1, 2, 3).forEach(brokers::start);
    }
    brokers.cluster.scheduler.runFor(30 * SECOND);
  }

  private String reasons(int broker, String topic) {
    return brokers.explain(broker, topic, 0).stream()
        .map(finding -> finding.getReason() + ": " + finding.getText() + "\n")
        .reduce("", String::concat);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("B77: nothing is served that has gone back in time, and all say so")
  void b77_servesNothingFromThePastAndSaysSo(boolean brokersRun) {
    restore(brokersRun);
    for (int id = 1; id <= 3; id++) {
      assertThat(
              brokers
                  .produceAt(id, moved.getTopicId(), 0, Batches.single("x"))
                  .getError()
                  .getCode())
          .isIn(ErrorCode.NOT_LEADER, ErrorCode.UNAVAILABLE);
      List<Finding> findings = brokers.explain(id, "moved", 0);
      assertThat(findings)
          .as(reasons(id, "moved"))
          .extracting(Finding::getReason)
          .contains("store-went-back");
      assertThat(findings)
          .filteredOn(finding -> finding.getReason().equals("store-went-back"))
          .allMatch(finding -> finding.getText().contains("restored from a backup"))
          .allMatch(finding -> finding.getAdvice().contains("unclean"));
      // What was made since is not in the store. The data stay.
      for (TopicInfo topic : List.of(moved, quiet, later)) {
        assertThat(
                brokers
                    .machine(id)
                    .disk
                    .kind(SimulatedCluster.DATA.resolve(topic.getTopicId() + "-0")))
            .isEqualTo(FileKind.DIRECTORY);
      }
    }
    // Nobody has written the past on.
    assertThat(brokers.node(ZnodePaths.partition(moved.getTopicId(), 0)).data().toStringUtf8())
        .contains("\"leaderEpoch\":1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("4.18: no incarnation is lived twice, though ZooKeeper has forgotten the first time")
  void livesNoIncarnationTwice(boolean brokersRun) {
    Map<Integer, Integer> before = new TreeMap<>();
    for (int id = 1; id <= 3; id++) {
      before.put(id, brokers.node(ZnodePaths.knownBroker(id)).version());
    }
    restore(brokersRun);
    before.forEach(
        (id, incarnation) -> {
          int now = brokers.node(ZnodePaths.knownBroker(id)).version();
          assertThat(now).isGreaterThan(incarnation);
          assertThat(brokers.node(ZnodePaths.liveBroker(id)).data().toStringUtf8())
              .contains("\"incarnation\":" + now);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("B77: what has not changed since the backup is served as before")
  void b77_servesWhatIsStillAsItWas(boolean brokersRun) {
    restore(brokersRun);
    brokers.awaitInSync("quiet", 0, 3);
    assertThat(brokers.produce(quiet, 0, Batches.single("r")).hasError()).isFalse();
    assertThat(brokers.records(quiet, 0)).containsExactly("0:q", "1:r");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("B77: an operator's command goes on above every epoch, with every record")
  void b77_goesOnWhenTheOperatorDoesWhatTheMessageSays(boolean brokersRun) {
    restore(brokersRun);
    List<ElectLeaderResult> results = brokers.elect("moved", ElectionKind.UNCLEAN);
    assertThat(results).noneMatch(ElectLeaderResult::hasError);
    brokers.awaitInSync("moved", 0, 3);
    write(moved, "after");
    assertThat(brokers.records(moved, 0)).isEqualTo(written);
    PartitionInfo now = brokers.describe("moved", 0);
    assertThat(now.getLeaderEpoch()).isGreaterThan(epochBefore);
    assertThat(now.getPossibleLoss()).contains("gone back in time");

    // And stays so through the next failover.
    brokers.kill(now.getLeader());
    write(moved, "later");
    assertThat(brokers.records(moved, 0)).isEqualTo(written);
  }
}
