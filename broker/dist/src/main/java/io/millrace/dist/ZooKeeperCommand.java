package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Surroundings;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A ZooKeeper server as a process of its own, for those who have none yet. */
@Command(
    name = "zookeeper",
    description = "Run a ZooKeeper server of the bundled version until it is stopped.")
final class ZooKeeperCommand implements Callable<Integer> {
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
    CountDownLatch stop = new CountDownLatch(1);
    surroundings.interrupts().onInterrupt(stop::countDown);
    try (EmbeddedZooKeeper server = EmbeddedZooKeeper.start(properties, dataDirectory)) {
      surroundings
          .output()
          .println("ready zookeeper=" + server.address() + " pid=" + ProcessHandle.current().pid());
      surroundings.output().flush();
      stop.await();
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
