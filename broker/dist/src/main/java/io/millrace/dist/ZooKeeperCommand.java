package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.RunUntilInterrupted;
import io.millrace.cli.Surroundings;
import io.millrace.storage.files.NioDisk;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A ZooKeeper server as a process of its own, for those who have none yet. */
@Command(
    name = "zookeeper",
    description = "Run a ZooKeeper server of the bundled version until it is stopped.")
final class ZooKeeperCommand implements Callable<Integer> {
  private static final long GRACE_SECONDS = 30;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "ZooKeeper's settings, in its own format (default: conf/zookeeper.properties).")
  Path config = Home.configuration("zookeeper.properties");

  ZooKeeperCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Properties properties = new Properties();
    properties.load(new StringReader(ConfigurationFile.read(config).text()));
    Path dataDirectory = Path.of(required(properties, "dataDir")).toAbsolutePath();
    properties.setProperty("dataDir", dataDirectory.toString());
    required(properties, "clientPort");
    try (RunUntilInterrupted run =
            new RunUntilInterrupted(surroundings.interrupts(), () -> {}, GRACE_SECONDS);
        DirectoryClaim claimed = DirectoryClaim.take(new NioDisk(), dataDirectory);
        EmbeddedZooKeeper server = EmbeddedZooKeeper.start(properties, dataDirectory)) {
      surroundings
          .output()
          .println("ready zookeeper=" + server.address() + " pid=" + ProcessHandle.current().pid());
      surroundings.output().flush();
      run.await();
    }
    return ExitCode.DONE.number();
  }

  private String required(Properties properties, String key) {
    String value = properties.getProperty(key, "").strip();
    if (value.isEmpty()) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, config + " sets no " + key + "; ZooKeeper cannot start without");
    }
    return value;
  }
}
