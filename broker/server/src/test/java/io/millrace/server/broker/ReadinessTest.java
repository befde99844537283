package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.health.BrokerHealth.Verdict;
import io.millrace.storage.files.DiskOperation;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.TopicInfo;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a supervisor and a balancer are told of a broker over its life. */
class ReadinessTest {
  private static final long SECOND = SimulatedCluster.SECOND;

  private final SimulatedCluster cluster = new SimulatedCluster(29);
  private final SimulatedCluster.Machine machine = cluster.machine(1);

  private Verdict ready() {
    return machine.health().ready();
  }

  @Test
  void isReadyFromTheEndOfTheStartToTheBeginningOfTheStop() {
    CompletableFuture<StartOutcome> starting = machine.begin();
    assertThat(ready().reason()).startsWith("starting");
    assertThat(machine.health().live().isGood()).isTrue();

    cluster.await(starting);
    assertThat(ready()).isEqualTo(new Verdict(true, "ready"));

    machine.stop();
    assertThat(ready()).isEqualTo(new Verdict(false, "stopping"));
    assertThat(machine.health().live().isGood()).isTrue();
  }

  @Test
  void saysWhatAStartWaitsFor() {
    cluster.ensemble.stop();
    var unused = machine.begin();
    cluster.scheduler.runFor(SECOND);
    assertThat(ready().reason()).contains("looking for the cluster at 127.0.0.1:2181/millrace");
  }

  @Test
  @DisplayName(
      "F36: without ZooKeeper it is ready for the session's time-out, and again afterwards")
  void followsTheContactWithZooKeeper() {
    machine.start();
    cluster.ensemble.stop();
    cluster.scheduler.runFor(3 * SECOND);
    assertThat(ready().isGood()).isTrue();

    cluster.scheduler.runFor(20 * SECOND);
    assertThat(ready().isGood()).isFalse();
    assertThat(ready().reason()).contains("ZooKeeper");
    assertThat(machine.health().live().isGood()).isTrue();

    cluster.ensemble.restart();
    cluster.await("ready again", () -> ready().isGood());
  }

  @Test
  @DisplayName("F16: a disk without room")
  void isNotReadyWhileTheDiskIsFull() {
    machine.start();
    machine.disk.limitBytes(1 << 20);
    cluster.scheduler.runFor(6 * SECOND);
    assertThat(ready().reason()).contains("full");
    machine.disk.limitBytes(Long.MAX_VALUE);
    cluster.scheduler.runFor(6 * SECOND);
    assertThat(ready().isGood()).isTrue();
  }

  @Test
  @DisplayName("F15: a failed fsync is the end, and a restart the remedy")
  void isDeadOnceItsDiskHasFailed() {
    TestClient client = cluster.client(machine.start().client());
    TopicInfo topic = cluster.create(client, "notes", 1, Map.of());
    machine.disk.setFaults(
        (operation, path) -> {
          if (operation == DiskOperation.FORCE && path.toString().endsWith(".log")) {
            throw new IOException("on purpose");
          }
        });
    var unused = client.produce(topic.getTopicId(), 0, Durability.STANDARD, Batches.single("a"));
    cluster.await("the broker has given up", () -> !machine.fatal.isEmpty());
    assertThat(machine.health().live().isGood()).isFalse();
    assertThat(machine.health().live().reason()).contains("disk", "start again");
    assertThat(ready().isGood()).isFalse();
  }
}
