package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Durability;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.RecordTooLargeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProduceAndConsumeTest {
  private final PretendCluster cluster = new PretendCluster().with("notes", 1);

  @TempDir Path directory;

  @Test
  void giveBackTheSameBytesForEveryShortInput() {
    byte[] alphabet = {'\n', 'x', '\r', 0, (byte) 0xc3};
    for (int length = 0; length <= 4; length++) {
      for (int number = 0; number < Math.pow(alphabet.length, length); number++) {
        byte[] input = new byte[length];
        int rest = number;
        for (int i = 0; i < length; i++) {
          input[i] = alphabet[rest % alphabet.length];
          rest /= alphabet.length;
        }
        assertThat(throughTopic(input)).isEqualTo(withLastLineFeed(input));
      }
    }
  }

  @Test
  void giveBackTheSameBytesForLongLinesOfAnything() {
    Random random = new Random(11);
    for (int i = 0; i < 8; i++) {
      byte[] input = new byte[random.nextInt(2 << 20)];
      random.nextBytes(input);
      assertThat(throughTopic(input)).isEqualTo(withLastLineFeed(input));
    }
  }

  private byte[] throughTopic(byte[] input) {
    cluster.with("notes", 1);
    assertThat(CommandRun.on(cluster).input(input).exec("produce", "notes")).isZero();
    CommandRun consume = CommandRun.on(cluster);
    assertThat(consume.exec("consume", "notes", "--from", "earliest", "--until-end")).isZero();
    return consume.out.toByteArray();
  }

  private static byte[] withLastLineFeed(byte[] input) {
    if (input.length == 0 || input[input.length - 1] == '\n') {
      return input;
    }
    byte[] longer = Arrays.copyOf(input, input.length + 1);
    longer[input.length] = '\n';
    return longer;
  }

  @Test
  void readsAFileAndSumsUpOnTheErrorStream() throws IOException {
    Path file = Files.writeString(directory.resolve("lines"), "one\ntwo\n");
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("produce", "notes", file.toString())).isZero();
    assertThat(cluster.partition("notes", 0)).hasSize(2);
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr())
        .isEqualTo("sent 2 records (6 B), 2 acknowledged in 0.00 s: 2,000 records/s, 5.9 KiB/s\n");
  }

  @Test
  void saysWhichFileIsMissingBeforeItAsksTheCluster() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("produce", "notes", "no/such/file")).isEqualTo(3);
    assertThat(run.stderr()).isEqualTo("millrace: no such file: no/such/file\n");
    assertThat(cluster.producers).isEmpty();
  }

  @Test
  void failsWhenOneRecordIsNotAcknowledgedAndTellsWhatBecameOfEach() {
    cluster.fate =
        value ->
            switch (new String(value, StandardCharsets.UTF_8)) {
              case "big" -> new RecordTooLargeException("record of 3 bytes is over the limit of 2");
              case "lost" -> new OutcomeUnknownException("no answer");
              default -> null;
            };
    CommandRun run = CommandRun.on(cluster).input("a\nbig\nlost\nb\n");
    assertThat(run.exec("produce", "notes")).isEqualTo(1);
    assertThat(run.stderr())
        .contains("failed: record of 3 bytes is over the limit of 2\n")
        .contains("failed: no answer\n")
        .contains("sent 4 records (9 B), 2 acknowledged, 1 FAILED, 1 UNKNOWN in");
  }

  @Test
  void splitsAtTheFirstKeyDelimiterAndStopsAtALineWithoutOne() {
    CommandRun run = CommandRun.on(cluster).input("k=>v=>w\n=>\nnone\nk=>z\n");
    assertThat(run.exec("produce", "notes", "--key-delimiter", "=>")).isEqualTo(1);
    assertThat(run.stderr())
        .contains("sent 2 records (9 B), 2 acknowledged")
        .contains("millrace: line 3 has no key delimiter; it and what follows was not written\n");
    CommandRun consume = CommandRun.on(cluster);
    consume.exec("consume", "notes", "--from", "0", "--until-end", "--format", "[%k|%v]%p:%o\\n");
    assertThat(consume.stdout()).isEqualTo("[k|v=>w]0:0\n[|]0:1\n");
  }

  @Test
  void asksForTheLevelThatAcksOrDurabilityNames() {
    assertThat(levelOf("--acks", "0")).contains(Durability.NONE);
    assertThat(levelOf("--acks", "1")).contains(Durability.LEADER);
    assertThat(levelOf("--acks", "all")).isEmpty();
    assertThat(levelOf()).isEmpty();
    assertThat(levelOf("--durability", "synced")).contains(Durability.SYNCED);
  }

  private Optional<Durability> levelOf(String... options) {
    String[] args = new String[options.length + 2];
    args[0] = "produce";
    args[1] = "notes";
    System.arraycopy(options, 0, args, 2, options.length);
    assertThat(CommandRun.on(cluster).exec(args)).isZero();
    return cluster.producers.get(cluster.producers.size() - 1).durability();
  }

  @Test
  void b43_refusesUnknownAcksAndLevelsAndBothAtOnce() {
    for (String[] wrong :
        new String[][] {
          {"--acks", "7"},
          {"--acks", "-1"},
          {"--durability", "total"},
          {"--acks", "1", "--durability", "leader"},
          {"--compression", "rar"},
          {"--headers", "nothing"},
          {"--key-delimiter", ""}
        }) {
      String[] args = new String[wrong.length + 2];
      args[0] = "produce";
      args[1] = "notes";
      System.arraycopy(wrong, 0, args, 2, wrong.length);
      CommandRun run = CommandRun.on(cluster);
      assertThat(run.exec(args)).as(String.join(" ", args)).isEqualTo(2);
      assertThat(run.stderr()).startsWith("millrace: ").doesNotContain("\tat ");
    }
  }

  @Test
  void sendsTheHeadersWithEveryRecord() {
    CommandRun.on(cluster).input("v\n").exec("produce", "notes", "--headers", "a=1,b=x=y");
    CommandRun consume = CommandRun.on(cluster);
    consume.exec("consume", "notes", "--from", "earliest", "--until-end", "--format", "%h %v");
    assertThat(consume.stdout()).isEqualTo("a=1,b=x=y v");
  }

  @Test
  void reportsAMissingTopicAndAClusterThatIsNotThere() {
    for (String command : new String[] {"produce", "consume"}) {
      CommandRun missing = CommandRun.on(cluster);
      assertThat(missing.exec(command, "nothing")).isEqualTo(3);
      assertThat(missing.stderr()).contains("there is no topic nothing; 'millrace topic list'");
    }
    cluster.broken = new ClusterUnreachableException("nobody answers at 127.0.0.1:2181");
    assertThat(CommandRun.on(cluster).exec("produce", "notes")).isEqualTo(7);
    assertThat(CommandRun.on(cluster).exec("consume", "notes")).isEqualTo(7);
  }

  @Test
  void showsProgressOnATerminalOnly() {
    String many = "x\n".repeat(60_000);
    CommandRun quiet = CommandRun.on(cluster).input(many);
    quiet.exec("produce", "notes");
    assertThat(quiet.stderr()).doesNotContain("\r");
    CommandRun shown = CommandRun.on(cluster).input(many);
    shown.terminals = new Surroundings.Terminals(false, false, true);
    shown.exec("produce", "notes");
    assertThat(shown.stderr()).contains("\r\u001b[Ksent ").endsWith("/s\n");
  }

  @Test
  void b68_anInterruptedProduceSumsUpOnceThoughItStillWaitsForALine() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch typed = new CountDownLatch(1);
    CommandRun run = CommandRun.on(cluster);
    run.input =
        new InputStream() {
          private final InputStream first = new ByteArrayInputStream(new byte[] {'a', '\n'});

          @Override
          public int read() {
            throw new UnsupportedOperationException("reads pieces");
          }

          @Override
          public int read(byte[] target, int start, int length) throws IOException {
            int read = first.read(target, start, length);
            if (read < 0) {
              waiting.countDown();
              awaitQuietly(typed);
            }
            return read;
          }
        };
    Thread main = new Thread(() -> run.exec("produce", "notes"));
    main.start();
    waiting.await();
    run.interrupts.interrupt();
    assertThat(run.stderr()).startsWith("sent 1 record (1 B), 1 acknowledged in ");
    typed.countDown();
    main.join();
    assertThat(cluster.partition("notes", 0)).hasSize(1);
    assertThat(run.stderr().lines()).hasSize(1);
  }

  @Test
  void b68_anInterruptedConsumeFlushesAndEndsWith130() throws Exception {
    CommandRun.on(cluster).input("a\nb\n").exec("produce", "notes");
    CommandRun run = CommandRun.on(cluster);
    CountDownLatch written = new CountDownLatch(1);
    run.output =
        new OutputStream() {
          @Override
          public void write(int oneByte) {
            run.out.write(oneByte);
          }

          @Override
          public void flush() {
            written.countDown();
          }
        };
    AtomicInteger exit = new AtomicInteger(-1);
    Thread main = new Thread(() -> exit.set(run.exec("consume", "notes", "--from", "earliest")));
    main.start();
    written.await();
    run.interrupts.interrupt();
    main.join();
    assertThat(exit).hasValue(130);
    assertThat(run.stdout()).isEqualTo("a\nb\n");
    assertThat(run.stderr()).isEmpty();
  }

  @Test
  void b68_consumeEndsWithoutAWordWhenItsReaderHasGone() {
    CommandRun.on(cluster).input("x\n".repeat(100_000)).exec("produce", "notes");
    CommandRun run = CommandRun.on(cluster);
    run.output =
        new OutputStream() {
          @Override
          public void write(int oneByte) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    assertThat(run.exec("consume", "notes", "--from", "earliest")).isZero();
    assertThat(run.stderr()).isEmpty();
  }

  private static void awaitQuietly(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
