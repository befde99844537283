package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer does first: {@code dev}, {@code produce}, {@code consume}, and a hard kill. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class DevIT {
  @TempDir static Path dir;
  private static MillraceProcess dev;
  private static String cluster = "";

  @BeforeAll
  static void startDev() {
    dev = MillraceProcess.start(dir, devArguments());
    cluster = awaitReady(dev);
  }

  @AfterAll
  static void endDev() {
    dev.close();
  }

  @Test
  void givesBackTheSameBytesAtTheSameOffsetsAlsoAfterAHardKill() throws IOException {
    Path notes = realFile(12 << 20);
    MillraceProcess produce =
        MillraceProcess.run(dir, "produce", "notes", notes.toString(), "--cluster", cluster);
    assertThat(produce.awaitExit()).as(produce.describe()).isZero();
    assertThat(Files.mismatch(consumeAll(), notes)).isEqualTo(-1);
    Path lines = Files.writeString(dir.resolve("lines"), "a\n\nb b\nc\n");
    produce(lines);
    String before = consume("t", "--format", "%p %o %v\\n");
    assertThat(before).isEqualTo("0 0 a\n0 1 \n0 2 b b\n0 3 c\n");

    dev.kill();
    startDev();
    assertThat(Files.mismatch(consumeAll(), notes)).isEqualTo(-1);
    assertThat(consume("t", "--format", "%p %o %v\\n")).isEqualTo(before);
    produce(lines);
    assertThat(consume("t", "--format", "%p %o %v\\n"))
        .isEqualTo(before + "0 4 a\n0 5 \n0 6 b b\n0 7 c\n");

    assertThat(dev.stop()).as("SIGTERM is a clean stop").isIn(0, 143);
    startDev();
    assertThat(Files.mismatch(consumeAll(), notes)).isEqualTo(-1);
  }

  @Test
  void saysWhatIsWrongInOneLineAndByItsExitCode() {
    MillraceProcess missing =
        MillraceProcess.run(dir, "topic", "describe", "nowhere", "--cluster", cluster);
    assertThat(missing.awaitExit()).as(missing.describe()).isEqualTo(3);
    assertThat(missing.err()).contains("nowhere").doesNotContain("\tat ");

    CommandRun twice = CommandRun.of("topic", "create", "here", "--cluster", cluster);
    assertThat(twice.exit()).as(twice.describe()).isZero();
    twice = CommandRun.of("topic", "create", "here", "--cluster", cluster);
    assertThat(twice.exit()).as(twice.describe()).isEqualTo(4);

    CommandRun wrong = CommandRun.of("topic", "create", "../../x", "--cluster", cluster);
    assertThat(wrong.exit()).as(wrong.describe()).isIn(1, 2);
    assertThat(wrong.err()).contains("../../x").doesNotContain("\tat ");
  }

  private static String[] devArguments() {
    return new String[] {
      "dev", "--dir", dir.resolve("data").toString(), "--port", "0", "--zk-port", "0"
    };
  }

  static String awaitReady(MillraceProcess dev) {
    return dev.awaitLine("^ready cluster=(\\S+) brokers=\\S+ metrics=\\S+ pid=\\d+").group(1);
  }

  /** By a process, whose output is a file of the system's. */
  private static Path consumeAll() {
    MillraceProcess consume =
        MillraceProcess.run(
            dir, "consume", "notes", "--from", "earliest", "--until-end", "--cluster", cluster);
    assertThat(consume.awaitExit()).as(consume.describe()).isZero();
    return consume.outFile();
  }

  private static void produce(Path lines) {
    CommandRun produce = CommandRun.of("produce", "t", lines.toString(), "--cluster", cluster);
    assertThat(produce.exit()).as(produce.describe()).isZero();
  }

  private static String consume(String topic, String... more) {
    String[] arguments = {
      "consume", topic, "--from", "earliest", "--until-end", "--cluster", cluster
    };
    String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    CommandRun consume = CommandRun.of(all);
    assertThat(consume.exit()).as(consume.describe()).isZero();
    return consume.out();
  }

  /** Bytes of every kind, with line ends among them, that every machine with a JDK has. */
  private static Path realFile(int size) throws IOException {
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
