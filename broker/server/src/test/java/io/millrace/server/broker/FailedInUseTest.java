package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DiskFaults;
import io.millrace.storage.files.DiskOperation;
import io.millrace.wire.v1.Finding;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** B91, I13: a log that fails while it is in use is opened again, and costs no restart. */
class FailedInUseTest {
  private final Trio trio = new Trio(37, Map.of("min.in.sync", "1"));

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
    trio.machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  private void failWrites(int broker) {
    trio.disk(broker)
        .setFaults(
            (operation, path) -> {
              if (operation == DiskOperation.WRITE
                  && path.equals(DataPaths.log(trio.partitionDirectory(), 0))) {
                throw new IOException("I/O error");
              }
            });
  }

  private void mend(int broker) {
    trio.disk(broker).setFaults(DiskFaults.NONE);
  }

  private List<String> offline(int broker) {
    return trio.explain(broker).stream()
        .filter(each -> each.getReason().equals("offline-log"))
        .map(Finding::getText)
        .toList();
  }

  @Test
  @DisplayName("B91: a follower's log fails at a write; when the disk writes again it is in sync")
  void aFollowerComesBack() {
    trio.produce("a");
    int follower = trio.follower();
    failWrites(follower);
    trio.produce("b");
    trio.cluster.scheduler.runFor(20 * SECOND);
    assertThat(offline(follower)).hasSize(1);
    assertThat(offline(follower).get(0)).contains("I/O error", "tried again by itself");
    trio.produce("c");
    assertThat(trio.isInSync(2)).isTrue();

    mend(follower);
    trio.awaitInSync(3);
    assertThat(offline(follower)).isEmpty();
    trio.produce("d");
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c", "3:d");
  }

  private void makeReadOnly(int broker) {
    trio.disk(broker)
        .setFaults(
            (operation, path) -> {
              boolean isForce =
                  operation == DiskOperation.FORCE || operation == DiskOperation.SYNC_DIRECTORY;
              if (operation.changes() && !isForce) {
                throw new IOException("Read-only file system");
              }
            });
  }

  @Test
  @DisplayName(
      "B91: a follower's disk takes no changes for a while; it is in sync again after that")
  void aFollowerWhoseDiskWasReadOnlyComesBack() {
    trio.produce("a");
    int follower = trio.follower();
    makeReadOnly(follower);
    trio.produce("b");
    trio.cluster.scheduler.runFor(40 * SECOND);
    assertThat(offline(follower)).hasSize(1);
    assertThat(offline(follower).get(0)).contains("Read-only", "tried again by itself");

    mend(follower);
    trio.awaitInSync(3);
    trio.produce("c");
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  @DisplayName("B91: so does a leader's, which has an epoch to write down when it happens")
  void aLeaderWhoseDiskWasReadOnlyComesBack() {
    int leader = trio.leader();
    makeReadOnly(leader); // the list of its epochs, not any record, is what cannot be written
    trio.cluster.scheduler.runFor(10 * SECOND);
    trio.produce("a");
    mend(leader);
    trio.awaitInSync(3);
    trio.produce("b");
    assertThat(trio.records()).containsExactly("0:a", "1:b");
  }

  @Test
  @DisplayName("B91: a leader's log fails: another leads, and it comes back as a follower")
  void aLeaderComesBack() {
    trio.produce("a");
    int leader = trio.leader();
    failWrites(leader);
    trio.produce("b");
    assertThat(trio.leader()).isNotEqualTo(leader);
    mend(leader);
    trio.awaitInSync(3);
    trio.produce("c");
    assertThat(trio.records()).contains("0:a").anyMatch(each -> each.endsWith(":b"));
    assertThat(trio.records().get(trio.records().size() - 1)).endsWith(":c");
  }

  @Test
  @DisplayName("B91: the log of one that leads alone fails: it leads again, in another epoch")
  void oneThatLeadsAloneLeadsAgainInAnotherEpoch() {
    trio.produce("a");
    int last = trio.leader();
    for (int id = 1; id <= Trio.BROKERS; id++) {
      if (id != last) {
        trio.stop(id);
      }
    }
    trio.cluster.await("it leads alone", () -> trio.leader() == last && trio.isInSync(1));
    trio.produce("b");
    int epoch = trio.describe().getLeaderEpoch();
    failWrites(last);
    trio.cluster.scheduler.runFor(SECOND);
    var unheard =
        trio.client(last)
            .produce(
                trio.topic.getTopicId(),
                0,
                io.millrace.wire.v1.Durability.STANDARD,
                io.millrace.storage.log.Batches.single("lost"));
    trio.cluster.scheduler.runFor(2 * SECOND);
    assertThat(unheard).isDone();
    assertThat(offline(last)).hasSize(1);
    mend(last);
    trio.produce("c");
    assertThat(trio.describe().getLeaderEpoch()).isGreaterThan(epoch);
    assertThat(trio.records()).startsWith("0:a", "1:b");
    assertThat(trio.records().get(trio.records().size() - 1)).endsWith(":c");
    for (int id = 1; id <= Trio.BROKERS; id++) {
      if (id != last) {
        trio.start(id);
      }
    }
    trio.awaitInSync(3);
  }
}
