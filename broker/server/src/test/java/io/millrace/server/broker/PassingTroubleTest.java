package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.DiskFaults;
import io.millrace.storage.files.DiskFullException;
import io.millrace.storage.files.DiskOperation;
import io.millrace.wire.v1.Finding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** F16, I13: what only a full disk or a passing error kept away comes back without a restart. */
class PassingTroubleTest {
  private final Trio trio = new Trio(31, Map.of("min.in.sync", "2"));

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
    trio.machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  private List<String> offline(int broker) {
    return trio.explain(broker).stream()
        .filter(each -> each.getReason().equals("offline-log"))
        .map(Finding::getText)
        .toList();
  }

  @Test
  @DisplayName(
      "F-4, F11, F16: a broker that lost power starts on a full disk, which is freed later")
  void aDoubtfulStartOnAFullDiskGoesOnWhenThereIsRoom() throws Exception {
    produceAndFlush("a", "b");
    int follower = trio.follower();
    trio.losePower(follower, 1);
    loseEpochs(follower);
    trio.disk(follower).limitBytes(0);
    trio.produce("c");

    CompletableFuture<StartOutcome> start = trio.machine(follower).begin();
    trio.cluster.scheduler.runFor(20 * SECOND);
    assertThat(start).as("nothing can be recorded, so nothing is claimed").isNotDone();
    assertThat(trio.describe().getInSyncList()).doesNotContain(follower);

    trio.disk(follower).limitBytes(Long.MAX_VALUE);
    long freed = trio.cluster.scheduler.nanoTime();
    trio.started(follower, (StartOutcome.Ready) trio.cluster.await(start));
    trio.awaitInSync(3);
    assertThat(trio.cluster.scheduler.nanoTime() - freed).isLessThan(6 * SECOND);
    trio.produce("d");
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c", "3:d");
  }

  @Test
  @DisplayName("F-4, F16: a killed broker starts on a full disk, which is freed later")
  void aStartAfterAKillOnAFullDiskGoesOnWhenThereIsRoom() throws Exception {
    produceAndFlush("a");
    int follower = trio.follower();
    trio.kill(follower);
    loseEpochs(follower);
    trio.disk(follower).limitBytes(0);
    trio.produce("b");
    CompletableFuture<StartOutcome> start = trio.machine(follower).begin();
    trio.cluster.scheduler.runFor(20 * SECOND);
    trio.disk(follower).limitBytes(Long.MAX_VALUE);
    trio.started(follower, (StartOutcome.Ready) trio.cluster.await(start));
    trio.awaitInSync(3);
  }

  @Test
  @DisplayName("F-4, F16: one log finds no room at its opening: the rest is served, and it opens")
  void aLogThatFoundNoRoomOpensLater() throws Exception {
    produceAndFlush("a");
    int follower = trio.follower();
    trio.kill(follower);
    loseEpochs(follower);
    fail(
        follower,
        DiskOperation.CREATE,
        DataPaths.unfinished(DataPaths.leaderEpochs(trio.partitionDirectory())),
        () -> new DiskFullException("no space left"));
    trio.start(follower);
    trio.cluster.scheduler.runFor(5 * SECOND);

    assertThat(offline(follower)).hasSize(1);
    assertThat(offline(follower).get(0)).contains("disk is full", "tried again by itself");
    trio.produce("b");

    trio.disk(follower).setFaults(DiskFaults.NONE);
    trio.awaitInSync(3);
    assertThat(offline(follower)).isEmpty();
    trio.produce("c");
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  @DisplayName("F-4, B91, B92: an error at the opening that passes costs no restart")
  void aLogThatMetAnErrorOpensLater() {
    produceAndFlush("a");
    int follower = trio.follower();
    trio.kill(follower);
    fail(
        follower,
        DiskOperation.OPEN,
        DataPaths.log(trio.partitionDirectory(), 0),
        () -> new IOException("Too many open files"));
    trio.start(follower);
    trio.cluster.scheduler.runFor(40 * SECOND);

    assertThat(offline(follower)).hasSize(1);
    assertThat(offline(follower).get(0)).contains("Too many open files", "tried again by itself");

    trio.disk(follower).setFaults(DiskFaults.NONE);
    trio.awaitInSync(3);
    assertThat(offline(follower)).isEmpty();
  }

  private void produceAndFlush(String... values) {
    trio.produce(values);
    trio.cluster.scheduler.runFor(3 * SECOND);
  }

  /** So that its opening has something to write. */
  private void loseEpochs(int broker) throws IOException {
    trio.disk(broker).delete(DataPaths.leaderEpochs(trio.partitionDirectory()));
  }

  @Test
  @DisplayName("F12, F15: a log whose force fails at a start in doubt is not reported as empty")
  void aLogThatCouldNotBeForcedIsNotReportedAsEmpty() {
    produceAndFlush("a", "b");
    int victim = trio.leader();
    for (int id = 1; id <= Trio.BROKERS; id++) {
      trio.losePower(id, 1);
    }
    trio.disk(victim).failForce(DataPaths.log(trio.partitionDirectory(), 0));
    StartOutcome failed = trio.cluster.await(trio.machine(victim).begin());
    assertThat(failed).isInstanceOf(StartOutcome.Failed.class);
    trio.cluster.scheduler.runFor(2 * SECOND);
    ReadOutcome<Node> node =
        trio.cluster.byHand(store -> store.read(ZnodePaths.partition(trio.topic.getTopicId(), 0)));
    assertThat(((ReadOutcome.Found<Node>) node).value().data().toStringUtf8())
        .doesNotContain("logEnd");
    trio.machine(victim).kill();

    for (int id = 1; id <= Trio.BROKERS; id++) {
      trio.start(id);
    }
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:a", "1:b");
  }

  private interface Trouble {
    IOException make();
  }

  private void fail(int broker, DiskOperation operation, Path path, Trouble trouble) {
    trio.disk(broker)
        .setFaults(
            (each, where) -> {
              if (each == operation && where.equals(path)) {
                throw trouble.make();
              }
            });
  }
}
