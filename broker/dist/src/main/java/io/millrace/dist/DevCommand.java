package io.millrace.dist;

import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.SystemTasks;
import io.millrace.server.broker.StartOutcome;
import io.millrace.storage.files.NioDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code dev}: a whole cluster in one process, for trying and developing. */
@Command(
    name = "dev",
    description = {
      "Run a ZooKeeper server and brokers in one process until it is stopped.",
      "Reachable from this machine only; topics are created when they are first written to."
    })
final class DevCommand implements Callable<Integer> {
  /** Client, internal, metrics and health. */
  private static final int PORTS_PER_BROKER = 3;

  private static final int MAX_BROKERS = 100;
  private static final String LOOPBACK = "127.0.0.1";

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--brokers",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many brokers. Default: ${DEFAULT-VALUE}.")
  int brokerCount = 1;

  @Option(
      names = "--dir",
      paramLabel = "FOLDER",
      defaultValue = ".millrace",
      description = "Keeps all data from one run to the next. Default: ${DEFAULT-VALUE}.")
  Path directory = Path.of(".millrace");

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "7272",
      description =
          "The first broker's; each takes three, one after another; 0: any that are"
              + " free. Default: ${DEFAULT-VALUE}.")
  int port = 7272;

  @Option(
      names = "--zk-port",
      paramLabel = "PORT",
      defaultValue = "2181",
      description = "ZooKeeper's; 0: any that is free. Default: ${DEFAULT-VALUE}.")
  int zooKeeperPort = 2181;

  DevCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    checkNumbers();
    Path root = directory.toAbsolutePath().normalize();
    RunningBrokers brokers = new RunningBrokers();
    try (RunUntilInterrupted run =
            new RunUntilInterrupted(
                surroundings.interrupts(), brokers::interrupt, BrokerCommand.GRACE_SECONDS);
        DirectoryClaim claimed = DirectoryClaim.take(new NioDisk(), root);
        EmbeddedZooKeeper zooKeeper = startZooKeeper(root.resolve("zookeeper"));
        brokers) {
      String cluster = zooKeeper.address() + "/millrace";
      for (int i = 0; i < brokerCount; i++) {
        brokers.start(startBroker(i, cluster, root));
      }
      Optional<List<StartOutcome.Ready>> ready = brokers.awaitReady();
      if (ready.isPresent()) {
        tellReady(cluster, ready.get());
        brokers.awaitEnd();
      }
    }
    return ExitCode.DONE.number();
  }

  private void checkNumbers() {
    if (brokerCount < 1 || brokerCount > MAX_BROKERS) {
      throw ServerExit.MISCONFIGURED.because(
          "--brokers is " + brokerCount + "; allowed: 1 to " + MAX_BROKERS);
    }
    int lastPort = port == 0 ? 0 : port + PORTS_PER_BROKER * brokerCount - 1;
    if (port < 0 || lastPort > 65_535) {
      throw ServerExit.MISCONFIGURED.because(
          "--port is " + port + "; allowed: 0, or three free ports for each broker up to 65535");
    }
    if (zooKeeperPort < 0 || zooKeeperPort > 65_535) {
      throw ServerExit.MISCONFIGURED.because(
          "--zk-port is " + zooKeeperPort + "; allowed: 0 to 65535");
    }
  }

  private EmbeddedZooKeeper startZooKeeper(Path data) {
    try {
      return EmbeddedZooKeeper.startAlone(data, new Endpoint(LOOPBACK, zooKeeperPort));
    } catch (IOException e) {
      throw ServerExit.FAILED.because(
          e.getMessage() + "; if that port is taken, choose another with --zk-port", e);
    }
  }

  private RunningBroker startBroker(int index, String cluster, Path root) {
    int id = index + 1;
    int first = port == 0 ? 0 : port + PORTS_PER_BROKER * index;
    int second = port == 0 ? 0 : first + 1;
    int third = port == 0 ? 0 : first + 2;
    Map<String, String> settings =
        Map.of(
            "broker.id",
            Integer.toString(id),
            "data.directory",
            root.resolve("broker-" + id).toString(),
            "cluster",
            cluster,
            "listener.client",
            LOOPBACK + ":" + first,
            "listener.internal",
            LOOPBACK + ":" + second,
            "listener.metrics",
            LOOPBACK + ":" + third,
            "auto.create.topics",
            "true",
            "group.replicas",
            Integer.toString(Math.min(3, brokerCount)));
    String threadPrefix = brokerCount == 1 ? "" : "broker-" + id + "-";
    return new RunningBroker(
        BrokerSettingsSource.load(Optional.empty(), Map.of(), settings, surroundings.error()),
        new SystemTasks(threadPrefix),
        threadPrefix);
  }

  private void tellReady(String cluster, List<StartOutcome.Ready> ready) throws IOException {
    String addresses =
        ready.stream().map(broker -> broker.client().toString()).collect(Collectors.joining(","));
    String metrics =
        ready.stream()
            .map(broker -> broker.metrics().map(Endpoint::toString).orElse("off"))
            .collect(Collectors.joining(","));
    String launcher = System.getProperty("millrace.launcher", "millrace");
    String option = zooKeeperPort == 2181 ? "" : " --cluster " + cluster;
    surroundings
        .output()
        .print(
            """
            ready cluster=%s brokers=%s metrics=%s pid=%d
            try: %5$s produce notes FILE%6$s
                 %5$s consume notes --from earliest%6$s
            """
                .formatted(
                    cluster, addresses, metrics, ProcessHandle.current().pid(), launcher, option));
    surroundings.output().flush();
  }
}
