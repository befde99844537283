package io.millrace.dist;

import io.millrace.cli.BrokerDrainCommand;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.SystemTasks;
import io.millrace.server.broker.StartOutcome;
import io.millrace.server.config.BrokerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code broker}: one broker against an ensemble that is there already. */
@Command(
    name = "broker",
    description = "Run a broker until it is stopped; or, with a command, ask one that runs.",
    synopsisSubcommandLabel = "[COMMAND]",
    footer = {
      "",
      "The environment overrides the file (MILLRACE_BROKER_ID for broker.id), --set overrides both.",
      "Exit codes: 1 failed, 2 wrong configuration, 3 cannot reach ZooKeeper, 4 the data directory",
      "is in use or belongs to another broker or cluster; 143 after SIGTERM, 130 after Ctrl-C."
    })
final class BrokerCommand implements Callable<Integer> {
  static final long GRACE_SECONDS = 150;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Settings, a key=value a line. Default: conf/broker.properties, which lists all.")
  Path config = Home.configuration("broker.properties");

  @Option(names = "--set", paramLabel = "KEY=VALUE", description = "A setting; may be repeated.")
  Map<String, String> overrides = new LinkedHashMap<>();

  BrokerCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** With what can be asked of a broker that runs already. */
  static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new BrokerCommand(surroundings))
        .addSubcommand(new BrokerDrainCommand(surroundings));
  }

  @Override
  public Integer call() throws IOException {
    BrokerSettings settings =
        BrokerSettingsSource.load(
            Optional.of(ConfigurationFile.read(config)),
            surroundings.environment(),
            overrides,
            surroundings.error());
    RunningBrokers brokers = new RunningBrokers();
    try (RunUntilInterrupted run =
            new RunUntilInterrupted(surroundings.interrupts(), brokers::interrupt, GRACE_SECONDS);
        brokers) {
      brokers.start(new RunningBroker(settings, new SystemTasks(), ""));
      Optional<List<StartOutcome.Ready>> ready = brokers.awaitReady();
      if (ready.isPresent()) {
        StartOutcome.Ready broker = ready.get().get(0);
        surroundings
            .output()
            .println(
                "ready cluster=%s broker=%d client=%s internal=%s metrics=%s pid=%d"
                    .formatted(
                        settings.cluster().address(),
                        broker.brokerId(),
                        broker.client(),
                        broker.internal(),
                        broker.metrics().map(Endpoint::toString).orElse("off"),
                        ProcessHandle.current().pid()));
        surroundings.output().flush();
        brokers.awaitEnd();
      }
    }
    return ExitCode.DONE.number();
  }
}
