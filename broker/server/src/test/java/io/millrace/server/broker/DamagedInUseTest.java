package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.DiskFaults;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.files.FileKind;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Finding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * I14, B82: a log that is found damaged when it is opened again in the life it was used in is
 * copied anew without a restart, and only once nobody can take it for what it was before (P-6).
 */
class DamagedInUseTest {
  private final Trio trio = new Trio(61, Map.of("min.in.sync", "1"));

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
    trio.machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  /** Its next write fails, and so do all tries to open it, until {@link #damageAndMend}. */
  private void failWrites(int broker) {
    trio.disk(broker)
        .setFaults(
            (operation, path) -> {
              if (operation == DiskOperation.WRITE && path.equals(log())) {
                throw new IOException("I/O error");
              }
            });
  }

  private Path log() {
    return DataPaths.log(trio.partitionDirectory(), 0);
  }

  /** What is on its disk is another thing than was written; and it can be opened again. */
  private void damageAndMend(int broker) throws IOException {
    MemoryDisk disk = trio.disk(broker);
    disk.flipBit(log(), disk.contents(log()).length / 3, 2);
    disk.setFaults(DiskFaults.NONE);
  }

  private List<String> offline(int broker) {
    return trio.explain(broker).stream()
        .filter(each -> each.getReason().equals("offline-log"))
        .map(Finding::getText)
        .toList();
  }

  private List<String> trash(int broker) throws IOException {
    Path trash = SimulatedCluster.DATA.resolve("trash");
    return trio.disk(broker).kind(trash) == FileKind.ABSENT
        ? List.of()
        : trio.disk(broker).list(trash).stream().map(DirectoryEntry::name).toList();
  }

  private void stopOthersThan(int broker) {
    trio.cluster.scheduler.runFor(SECOND);
    for (int other = 1; other <= Trio.BROKERS; other++) {
      if (other != broker) {
        trio.stop(other);
      }
    }
    trio.cluster.await("it leads alone", () -> trio.leader() == broker && trio.isInSync(1));
  }

  @Test
  @DisplayName("P-6: a follower has its leader take another epoch, and copies all anew in that")
  void aFollowerIsCopiedAnew() throws IOException {
    trio.produce("a", "b", "c");
    trio.cluster.scheduler.runFor(SECOND);
    int follower = trio.follower();
    int leader = trio.leader();
    int epoch = trio.describe().getLeaderEpoch();
    failWrites(follower);
    trio.produce("d");
    damageAndMend(follower);
    trio.cluster.await("the damaged copy is in the trash", () -> hasTrash(follower));
    trio.awaitInSync(3);
    assertThat(offline(follower)).isEmpty();
    assertThat(trio.leader()).isEqualTo(leader);
    assertThat(trio.describe().getLeaderEpoch()).isEqualTo(epoch + 1);

    trio.produce("e");
    stopOthersThan(follower);
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c", "3:d", "4:e");
  }

  private boolean hasTrash(int broker) {
    try {
      return !trash(broker).isEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @DisplayName("P-6: one whose leader has dropped it meanwhile is taken back in the next epoch")
  void aFollowerThatWasDroppedIsCopiedAnew() throws IOException {
    trio.produce("a", "b", "c");
    trio.cluster.scheduler.runFor(SECOND);
    int follower = trio.follower();
    failWrites(follower);
    trio.produce("d");
    trio.cluster.scheduler.runFor(20 * SECOND);
    assertThat(trio.isInSync(2)).isTrue();
    damageAndMend(follower);
    trio.awaitInSync(3);
    assertThat(trash(follower)).hasSize(1);
    stopOthersThan(follower);
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c", "3:d");
  }

  @Test
  @DisplayName("P-6: a leader leaves, another leads, and all is copied anew from that one")
  void aLeaderIsCopiedAnew() throws IOException {
    trio.produce("a", "b", "c");
    trio.cluster.scheduler.runFor(SECOND);
    int leader = trio.leader();
    failWrites(leader);
    trio.produce("d");
    damageAndMend(leader);
    trio.awaitInSync(3);
    assertThat(trash(leader)).hasSize(1);
    trio.produce("e");
    List<String> records = trio.records();
    stopOthersThan(leader);
    assertThat(trio.records()).isEqualTo(records).startsWith("0:a", "1:b", "2:c");
  }

  @Test
  @DisplayName("P-6, B82: the last member stays as it is, and says what helps")
  void theLastMemberIsNotTouched() throws IOException {
    trio.produce("a", "b", "c");
    int last = trio.leader();
    stopOthersThan(last);
    trio.produce("only here");
    trio.cluster.scheduler.runFor(SECOND);
    failWrites(last);
    CompletableFuture<TestClient.Answer> unheard =
        trio.client(last)
            .produce(trio.topic.getTopicId(), 0, Durability.STANDARD, Batches.single("lost"));
    trio.cluster.scheduler.runFor(2 * SECOND);
    assertThat(unheard).isDone();
    damageAndMend(last);
    for (int other = 1; other <= Trio.BROKERS; other++) {
      if (other != last) {
        trio.start(other);
      }
    }
    trio.cluster.scheduler.runFor(40 * SECOND);
    assertThat(offline(last)).hasSize(1);
    assertThat(offline(last).get(0)).contains("was on disk", "topic elect --unclean");
    assertThat(trash(last)).isEmpty();
    assertThat(trio.describe().getInSyncList()).containsExactly(last);
    for (int other = 1; other <= Trio.BROKERS; other++) {
      assertThat(offline(other)).hasSize(1); // whoever is asked
      assertThat(offline(other).get(0)).contains("was on disk", "topic elect --unclean");
    }
  }
}
