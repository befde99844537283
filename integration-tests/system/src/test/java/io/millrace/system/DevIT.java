package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer does first: {@code dev}, {@code produce}, {@code consume}, and a hard kill. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class DevIT {
  @TempDir Path dir;
  private MillraceProcess dev;
  private String cluster;

  @BeforeEach
  void startDev() {
    dev = MillraceProcess.start(dir, devArguments());
    cluster = awaitReady(dev);
  }

  @AfterEach
  void endDev() {
    dev.close();
  }

  @Test
  void givesBackTheSameBytesAlsoAfterAHardKill() throws IOException {
    Path notes = realFile(12 << 20);

    MillraceProcess produce =
        MillraceProcess.run(dir, "produce", "notes", notes.toString(), "--cluster", cluster);
    assertThat(produce.awaitExit()).as(produce.describe()).isZero();
    assertThat(Files.mismatch(consumeAll(), notes)).isEqualTo(-1);

    dev.kill();
    dev = MillraceProcess.start(dir, devArguments());
    cluster = awaitReady(dev);
    assertThat(Files.mismatch(consumeAll(), notes)).isEqualTo(-1);

    assertThat(dev.stop()).as("SIGTERM is a clean stop").isIn(0, 143);
    dev = MillraceProcess.start(dir, devArguments());
    cluster = awaitReady(dev);
    assertThat(Files.mismatch(consumeAll(), notes)).isEqualTo(-1);
  }

  @Test
  void keepsEachOffsetsContentThroughAHardKill() throws IOException {
    Path lines = Files.writeString(dir.resolve("lines"), "a\n\nb b\nc\n");
    assertThat(
            MillraceProcess.run(dir, "produce", "t", lines.toString(), "--cluster", cluster)
                .awaitExit())
        .isZero();
    String before = consume("t", "--format", "%p %o %v\\n");
    assertThat(before).isEqualTo("0 0 a\n0 1 \n0 2 b b\n0 3 c\n");

    dev.kill();
    dev = MillraceProcess.start(dir, devArguments());
    cluster = awaitReady(dev);
    assertThat(consume("t", "--format", "%p %o %v\\n")).isEqualTo(before);
    assertThat(
            MillraceProcess.run(dir, "produce", "t", lines.toString(), "--cluster", cluster)
                .awaitExit())
        .isZero();
    assertThat(consume("t", "--format", "%p %o %v\\n"))
        .isEqualTo(before + "0 4 a\n0 5 \n0 6 b b\n0 7 c\n");
  }

  @Test
  void saysWhatIsWrongInOneLineAndByItsExitCode() {
    MillraceProcess missing =
        MillraceProcess.run(dir, "topic", "describe", "nowhere", "--cluster", cluster);
    assertThat(missing.awaitExit()).as(missing.describe()).isEqualTo(3);
    assertThat(missing.err()).contains("nowhere").doesNotContain("\tat ");

    MillraceProcess twice =
        MillraceProcess.run(dir, "topic", "create", "here", "--cluster", cluster);
    assertThat(twice.awaitExit()).as(twice.describe()).isZero();
    twice = MillraceProcess.run(dir, "topic", "create", "here", "--cluster", cluster);
    assertThat(twice.awaitExit()).as(twice.describe()).isEqualTo(4);

    MillraceProcess wrong =
        MillraceProcess.run(dir, "topic", "create", "../../x", "--cluster", cluster);
    assertThat(wrong.awaitExit()).as(wrong.describe()).isIn(1, 2);
    assertThat(wrong.err()).contains("../../x").doesNotContain("\tat ");
  }

  private String[] devArguments() {
    return new String[] {
      "dev", "--dir", dir.resolve("data").toString(), "--port", "0", "--zk-port", "0"
    };
  }

  static String awaitReady(MillraceProcess dev) {
    return dev.awaitLine("^ready cluster=(\\S+) brokers=\\S+ metrics=\\S+ pid=\\d+").group(1);
  }

  private Path consumeAll() {
    MillraceProcess consume =
        MillraceProcess.run(
            dir, "consume", "notes", "--from", "earliest", "--until-end", "--cluster", cluster);
    assertThat(consume.awaitExit()).as(consume.describe()).isZero();
    return consume.outFile();
  }

  private String consume(String topic, String... more) {
    String[] arguments = {
      "consume", topic, "--from", "earliest", "--until-end", "--cluster", cluster
    };
    String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    MillraceProcess consume = MillraceProcess.run(dir, all);
    assertThat(consume.awaitExit()).as(consume.describe()).isZero();
    return consume.out();
  }

  /** Bytes of every kind, with line ends among them, that every machine with a JDK has. */
  private Path realFile(int size) throws IOException {
    Path file = dir.resolve("real");
    try (InputStream in =
            Files.newInputStream(Path.of(System.getProperty("java.home"), "lib", "modules"));
        OutputStream out = Files.newOutputStream(file)) {
      out.write(in.readNBytes(size));
      out.write('\n');
    }
    return file;
  }
}
