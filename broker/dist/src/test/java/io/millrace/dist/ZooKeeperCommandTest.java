package io.millrace.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZooKeeperCommandTest {
  @TempDir Path directory;

  @Test
  void runsUntilItIsInterrupted() throws Exception {
    Path config = config(settings(directory.resolve("zk")));
    ServerCommandRun run = new ServerCommandRun();
    CompletableFuture<Integer> end = run.start("zookeeper", "--config", config.toString());
    assertThat(run.stdout()).matches("ready zookeeper=127.0.0.1:[1-9][0-9]* pid=[0-9]+\n");

    ServerCommandRun second = new ServerCommandRun();
    assertThat(second.exec("zookeeper", "--config", config.toString())).isEqualTo(4);
    assertThat(second.stderr()).contains("zk is in use by another process; stop that, or name");

    run.interrupt();
    assertThat(end.join()).isZero();
  }

  @Test
  void b70_refusesAFileThatIsNotPlainText() throws IOException {
    assertRefused(config("caf\u00e9=1".getBytes(StandardCharsets.ISO_8859_1)), "is not UTF-8");
    assertRefused(config("\ufeffdataDir=x".getBytes(StandardCharsets.UTF_8)), "byte order mark");
    assertRefused(config(new byte[(1 << 20) + 1]), "is longer than 1048576 bytes");
    assertRefused(directory, "cannot be read");
    assertRefused(directory.resolve("nothing"), "no such file");
    assertRefused(Path.of("/dev/zero"), "is longer than");
  }

  @Test
  void b63_refusesAConfigurationWithoutWhatItNeeds() throws IOException {
    assertRefused(config(utf8("clientPort=0")), "sets no dataDir");
    assertRefused(config(utf8("dataDir=x\nclientPort= ")), "sets no clientPort");
  }

  @Test
  void b65_refusesADataDirectoryThatIsAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    ServerCommandRun run = new ServerCommandRun();
    assertThat(run.exec("zookeeper", "--config", config(settings(file)).toString())).isEqualTo(4);
    assertThat(run.stderr()).contains("file cannot be used as a data directory");
  }

  private void assertRefused(Path config, String reason) {
    ServerCommandRun run = new ServerCommandRun();
    assertThat(run.exec("zookeeper", "--config", config.toString())).isEqualTo(2);
    assertThat(run.stderr()).contains(reason).hasLineCount(1);
  }

  private static byte[] settings(Path dataDirectory) {
    return utf8("dataDir=" + dataDirectory + "\nclientPortAddress=127.0.0.1\nclientPort=0\n");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path config(byte[] content) throws IOException {
    return Files.write(Files.createTempFile(directory, "zoo", ".cfg"), content);
  }
}
