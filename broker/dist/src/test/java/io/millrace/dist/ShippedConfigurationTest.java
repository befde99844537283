package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.status.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files an operator finds in {@code conf} work as they are. */
class ShippedConfigurationTest {
  private static final Path CONF = Path.of("../../conf");

  @TempDir Path directory;

  @Test
  void theBrokersChangesNothing() {
    ServerCommandRun run = new ServerCommandRun();
    int exit =
        run.exec(
            "broker",
            "--config",
            CONF.resolve("broker.properties").toString(),
            "--set",
            "data.directory=" + directory.resolve("data"),
            "--set",
            "cluster=127.0.0.1:1/none",
            "--set",
            "listener.metrics=127.0.0.1:0",
            "--set",
            "cluster.connect.timeout.ms=100");
    assertThat(exit).as(run.stderr()).isEqualTo(3);
  }

  @Test
  void zooKeepersIsTakenAndListensOnTheLoopback() throws Exception {
    String text = Files.readString(CONF.resolve("zookeeper.properties"));
    assertThat(text).contains("\ndataDir=zookeeper-data\n", "\nclientPort=2181\n");
    Path config =
        Files.writeString(
            directory.resolve("zookeeper.properties"),
            text.replace("=zookeeper-data", "=" + directory.resolve("data"))
                .replace("=2181", "=0"));
    Properties properties = new Properties();
    try (var reader = Files.newBufferedReader(config)) {
      properties.load(reader);
    }
    QuorumPeerConfig parsed = new QuorumPeerConfig();
    parsed.parseProperties(properties);
    assertThat(parsed.getClientPortAddress().getAddress().isLoopbackAddress()).isTrue();

    ServerCommandRun run = new ServerCommandRun();
    CompletableFuture<Integer> end = run.start("zookeeper", "--config", config.toString());
    assertThat(run.stdout()).as(run.stderr()).startsWith("ready zookeeper=127.0.0.1:");
    run.interrupt();
    assertThat(end.join()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"logback-server.xml", "logback-client.xml"})
  void logbacksAreWithoutErrors(String name) throws Exception {
    LoggerContext context = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(CONF.resolve(name).toFile());
    assertThat(context.getStatusManager().getCopyOfStatusList())
        .allMatch(status -> status.getLevel() < Status.WARN);
    assertThat(context.getLogger("ROOT").getAppender("stderr")).isNotNull();
    context.stop();
  }

  @Test
  void saysOfEveryKeyWhatItIsFor() throws IOException {
    for (String name : new String[] {"broker.properties", "zookeeper.properties"}) {
      boolean explained = false;
      for (String line : Files.readAllLines(CONF.resolve(name))) {
        if (line.matches("#?[a-z0-9A-Z.]+=.*")) {
          assertThat(explained).as(name + ": " + line).isTrue();
        } else if (line.startsWith("#")) {
          explained = true;
        } else {
          explained = false;
        }
      }
    }
  }
}
