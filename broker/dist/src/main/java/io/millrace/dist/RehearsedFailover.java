package io.millrace.dist;

import io.millrace.cli.Surroundings;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Leaders go, one in order and one without a word, while somebody writes: what a cluster does then
 * it does seldom and in a hurry, and a JVM that had to read and link all those classes first would
 * take several times as long for it. Used by the rehearsal's thread alone.
 */
final class RehearsedFailover {
  private static final String TOPIC = "rehearsed-failover";
  private static final int DYING_BROKER = 3;
  private static final String LOOPBACK_ANY_PORT = "127.0.0.1:0";
  private static final long PATIENCE_SECONDS = 60;

  private final Surroundings surroundings;
  private final Path directory;
  private final String cluster;

  /** How the rehearsal runs a command of the command line. */
  @FunctionalInterface
  interface CommandLine {
    void run(String cluster, String input, String... words);
  }

  /**
   * @param cluster of two brokers
   */
  RehearsedFailover(Surroundings surroundings, Path directory, String cluster) {
    this.surroundings = surroundings;
    this.directory = directory;
    this.cluster = cluster;
  }

  void run(CommandLine commands) throws InterruptedException {
    Tasks.Worker writer = surroundings.tasks().worker("rehearsed-writer");
    try {
      RunningBroker dying = start();
      // Each broker leads some of it, and all have copies.
      commands.run(cluster, "", "topic", "create", TOPIC, "--partitions", "6", "--replicas", "3");
      RehearsedCommand probe = new RehearsedCommand(surroundings.tasks(), "");
      writer.execute(
          () ->
              probe.run(
                  "bench",
                  "probe",
                  TOPIC,
                  "--interval-ms",
                  "5",
                  "--seconds",
                  "4",
                  "--cluster",
                  cluster));
      probe.firstWords().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      commands.run(cluster, "", "broker", "drain", "1");
      commands.run(cluster, "", "broker", "drain", "1", "--cancel");
      dying.die();
    } catch (ExecutionException | TimeoutException e) {
      throw ServerExit.FAILED.because("the rehearsal of a failover did not come about", e);
    } finally {
      writer.stop();
      writer.awaitStopped(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
    }
  }

  private RunningBroker start() throws InterruptedException, ExecutionException, TimeoutException {
    Map<String, String> settings =
        Map.of(
            "broker.id",
            Integer.toString(DYING_BROKER),
            "data.directory",
            directory.resolve("broker-" + DYING_BROKER).toString(),
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
            "dying-");
    broker.started().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    return broker;
  }
}
