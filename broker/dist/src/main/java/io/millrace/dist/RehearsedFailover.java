package io.millrace.dist;

import io.millrace.cli.Surroundings;
import io.millrace.rpc.Clock;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Leaders go, one in order and one without a word, while somebody writes: what a cluster does then
 * it does seldom and in a hurry, and a JVM that had to read and link all those classes first would
 * take several times as long for it. Used by the rehearsal's thread alone.
 */
final class RehearsedFailover {
  private static final String TOPIC = "rehearsed-failover";
  private static final int THIRD_BROKER = 3;
  private static final String LOOPBACK_ANY_PORT = "127.0.0.1:0";
  private static final long PATIENCE_SECONDS = 60;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Surroundings surroundings;
  private final Path directory;
  private final String cluster;

  /**
   * @param cluster of two brokers
   */
  RehearsedFailover(Surroundings surroundings, Path directory, String cluster) {
    this.surroundings = surroundings;
    this.directory = directory;
    this.cluster = cluster;
  }

  void run() throws InterruptedException {
    RehearsedCommand probe = command();
    Tasks.Worker writer = surroundings.tasks().worker("rehearsed-writer");
    try {
      RunningBroker stopping = start();
      // Each broker leads some of it, and all have copies.
      on("topic", "create", TOPIC, "--partitions", "6", "--replicas", "3");
      writer.execute(
          () -> probe.run("bench", "probe", TOPIC, "--interval-ms", "5", "--cluster", cluster));
      var unused = probe.firstWords().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      stopping.close();
      RunningBroker dying = start();
      awaitThatItLeads(true);
      dying.die();
      awaitThatItLeads(false);
    } catch (ExecutionException | TimeoutException e) {
      throw ServerExit.FAILED.because("the rehearsal of a failover did not come about", e);
    } finally {
      probe.interrupt();
      writer.stop();
      writer.awaitStopped(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
    }
  }

  /** It is given back what it led when it is in sync. */
  private void awaitThatItLeads(boolean wanted) throws TimeoutException {
    Clock clock = surroundings.clock();
    long until = clock.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    String asLeader = "\"leader\":" + THIRD_BROKER;
    while (on("topic", "describe", TOPIC, "--output", "json").contains(asLeader) != wanted) {
      if (clock.nanoTime() - until > 0) {
        throw new TimeoutException(
            "broker %d %s".formatted(THIRD_BROKER, wanted ? "never led again" : "led on"));
      }
      if (wanted) {
        on("topic", "elect", TOPIC, "--preferred");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** What the command said. */
  private String on(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--cluster", cluster));
    RehearsedCommand command = command();
    var unused = command.run(all.toArray(new String[0]));
    return command.output();
  }

  private RehearsedCommand command() {
    return new RehearsedCommand(surroundings.tasks(), "");
  }

  private RunningBroker start() throws InterruptedException, ExecutionException, TimeoutException {
    Map<String, String> settings =
        Map.of(
            "broker.id",
            Integer.toString(THIRD_BROKER),
            "data.directory",
            directory.resolve("broker-" + THIRD_BROKER).toString(),
            "cluster",
            cluster,
            "listener.client",
            LOOPBACK_ANY_PORT,
            "listener.internal",
            LOOPBACK_ANY_PORT,
            "listener.metrics",
            LOOPBACK_ANY_PORT);
    RunningBroker broker =
        new RunningBroker(
            BrokerSettingsSource.load(Optional.empty(), Map.of(), settings, surroundings.error()),
            new SystemTasks(),
            "third-");
    broker.started().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    return broker;
  }
}
