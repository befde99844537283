package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.dist.UnpackedArchive.Run;
import io.millrace.dist.UnpackedArchive.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The release archive runs without the checkout, wherever it is unpacked. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ArchiveIT {
  @TempDir Path folder;

  private UnpackedArchive archive;

  @BeforeEach
  void unpack() throws Exception {
    archive = UnpackedArchive.into(folder.resolve("a place with spaces"));
    archive.with("HOME", folder.toString()).with("MILLRACE_CLASS_DATA", "off");
  }

  @Test
  void runsZooKeeperABrokerAndClientsFromAnotherFolderThroughALinkAndWritesNothingOfItsOwn()
      throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    Path link = Files.createSymbolicLink(folder.resolve("ml"), archive.home().resolve("bin"));
    UnpackedArchive linked = archive.startedBy(link.resolve("millrace"));
    Map<String, Long> before = contents(archive.home());
    Path zooKeeperSettings =
        Files.writeString(
            work.resolve("zk.properties"),
            Files.readString(archive.home().resolve("conf/zookeeper.properties"))
                .replace("clientPort=2181", "clientPort=0"));
    try (Server zooKeeper =
            linked.start(work, "zookeeper", "--config", zooKeeperSettings.toString());
        Server broker =
            linked.start(
                work,
                "broker",
                "--set",
                "cluster=" + zooKeeper.told("zookeeper") + "/millrace",
                "--set",
                "listener.client=127.0.0.1:0",
                "--set",
                "listener.internal=127.0.0.1:0",
                "--set",
                "listener.metrics=127.0.0.1:0")) {
      String cluster = broker.told("cluster");
      linked.with("MILLRACE_CLUSTER", cluster);
      expectDone(linked.run(work, "topic", "create", "notes", "--partitions", "1"));
      Path text = archive.home().resolve("LICENSE");
      expectDone(linked.run(work, "produce", "notes", text.toString()));
      Run consume = linked.run(work, "consume", "notes", "--from", "earliest", "--until-end");
      expectDone(consume);
      assertThat(consume.out()).isEqualTo(Files.readString(text));
      assertThat(Files.isDirectory(work.resolve("data"))).as("data lie where it runs").isTrue();
      assertThat(Files.isDirectory(work.resolve("zookeeper-data"))).isTrue();
      assertThat(broker.stop()).as(broker.log()).isEqualTo(143);
      assertThat(zooKeeper.stop()).as(zooKeeper.log()).isEqualTo(143);
      assertThat(broker.log()).doesNotContain("WARN", "ERROR", "Exception");
      assertThat(zooKeeper.log()).doesNotContain("WARN", "ERROR", "Exception");
    }
    assertThat(contents(archive.home())).isEqualTo(before);
  }

  private static void expectDone(Run run) {
    assertThat(run.exit()).as(run.out() + run.err()).isZero();
  }

  /** Every file with its size. */
  private static Map<String, Long> contents(Path home) throws IOException {
    TreeMap<String, Long> sizes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.toList()) {
        sizes.put(home.relativize(file).toString(), Files.isDirectory(file) ? 0 : Files.size(file));
      }
    }
    return sizes;
  }

  @Test
  void holdsWhatSomebodyNeedsWhoHasNothingElse() throws Exception {
    assertThat(contents(archive.home()).keySet())
        .contains(
            "LICENSE",
            "THIRD-PARTY.md",
            "README.md",
            "CHANGELOG.md",
            "bom.json",
            "bin/millrace",
            "conf/broker.properties",
            "conf/zookeeper.properties",
            "conf/logback-server.xml",
            "conf/logback-client.xml",
            "conf/systemd/millrace-broker.service",
            "conf/systemd/millrace-zookeeper.service")
        .doesNotContain("build-started", "class-data");
    assertThat(Files.isExecutable(archive.home().resolve("bin/millrace"))).isTrue();
  }

  @Test
  void shipsTheConfigurationOfTheCheckout() throws IOException {
    Path ours = Path.of("../../conf");
    try (Stream<Path> files = Files.walk(ours)) {
      List<Path> all = files.filter(Files::isRegularFile).toList();
      assertThat(all).isNotEmpty();
      for (Path file : all) {
        assertThat(archive.home().resolve("conf").resolve(ours.relativize(file)))
            .hasSameTextualContentAs(file);
      }
    }
  }

  @Test
  void tellsItsVersion() throws Exception {
    Run run = archive.run(folder, "--version");
    expectDone(run);
    assertThat(archive.home().getFileName().toString())
        .isEqualTo(run.out().strip().replace(' ', '-'));
  }
}
