package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Durability;
import io.millrace.client.ProducerSettings;
import io.millrace.client.errors.InvalidRequestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandsTest {
  /** The members that every verb has, in this order. */
  private static final String COMMON = "\"bench\":\"%s\",\"records\":%d,\"bytes\":%d,\"seconds\":";

  private final PretendCluster cluster = new PretendCluster().with("load", 1);

  @TempDir Path directory;

  @Test
  void produceSendsSoManyRecordsOfThatSizeAndPrintsOneLineOfJson() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("bench", "produce", "load", "--records", "50", "--size", "7")).isZero();
    assertThat(cluster.partition("load", 0))
        .hasSize(50)
        .allSatisfy(record -> assertThat(valueOf(record).remaining()).isEqualTo(7));
    assertThat(run.stdout().lines()).hasSize(1);
    assertThat(run.stdout())
        .startsWith("{" + COMMON.formatted("produce", 50, 350))
        .contains("\"records_per_s\":", "\"mib_per_s\":")
        .containsPattern("\"latency_ms\":\\{\"count\":50,\"avg\":[0-9.]+,\"p50\":[0-9.]+")
        .contains("\"p95\":", "\"p99\":", "\"p999\":", "\"max\":", "\"cpu_s\":")
        .contains("\"errors\":0,\"acknowledged\":50,\"failed\":0,\"unknown\":0")
        .contains("\"conditions\":{\"topic\":\"load\",\"partitions\":1,")
        .contains("\"size\":7,\"durability\":\"topic\"")
        .endsWith("}}\n");
    assertThat(run.stderr()).isEmpty();
  }

  private static ByteBuffer valueOf(io.millrace.client.ConsumerRecord<ByteBuffer, ByteBuffer> r) {
    ByteBuffer value = r.value();
    assertThat(value).isNotNull();
    return java.util.Objects.requireNonNull(value);
  }

  @Test
  void produceTakesLinesOfTheFileAsTheyAre() throws IOException {
    Path file = Files.writeString(directory.resolve("lines"), "one\n\nthree");
    CommandRun run = CommandRun.on(cluster);
    run.exec("bench", "produce", "load", "--records", "100", "--payload-file", file.toString());
    Set<String> seen = new HashSet<>();
    cluster
        .partition("load", 0)
        .forEach(r -> seen.add(StandardCharsets.UTF_8.decode(valueOf(r).duplicate()).toString()));
    assertThat(seen).containsExactlyInAnyOrder("one", "", "three");
    assertThat(run.stdout()).contains("\"payload_file\":");
  }

  @Test
  void produceAsksForWhatItsOptionsSayAndRecordsThemAsConditions() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(
            run.exec(
                ("bench produce load --records 1 --durability leader --batch-size 2048 --linger 5"
                        + " --compression zstd --set max.request.size=4096 --rate 1000")
                    .split(" ")))
        .isZero();
    ProducerSettings used = cluster.producers.get(0);
    assertThat(used.durability()).contains(Durability.LEADER);
    assertThat(used.batchSizeBytes()).isEqualTo(2048);
    assertThat(used.linger()).isEqualTo(Duration.ofMillis(5));
    assertThat(used.maxRequestSizeBytes()).isEqualTo(4096);
    assertThat(run.stdout())
        .contains("\"rate\":1000.000")
        .contains("\"durability\":\"leader\",\"batch_size\":2048,\"linger_ms\":5")
        .contains("\"compression\":\"zstd\",\"max.request.size\":\"4096\"");
  }

  @Test
  void produceStopsWhenItsTimeIsOver() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("bench", "produce", "load", "--seconds", "0.5", "--size", "1")).isZero();
    // A millisecond passes at each look at the clock.
    assertThat(cluster.partition("load", 0)).hasSizeBetween(100, 500);
  }

  @Test
  void produceFailsWhenOneRecordIsNotAcknowledgedAndNamesTheReason() {
    AtomicInteger number = new AtomicInteger();
    cluster.fate =
        value -> number.incrementAndGet() == 3 ? new InvalidRequestException("no") : null;
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("bench", "produce", "load", "--records", "5")).isEqualTo(1);
    assertThat(run.stdout())
        .contains("\"errors\":1,\"acknowledged\":4,\"failed\":1,\"unknown\":0")
        .contains("\"first_error\":\"no\"");
  }

  @Test
  void b68_anInterruptedProducePrintsItsResultAndEndsWith130() throws Exception {
    CountDownLatch sending = new CountDownLatch(100);
    cluster.fate =
        value -> {
          sending.countDown();
          return null;
        };
    CommandRun run = CommandRun.on(cluster);
    AtomicInteger exit = new AtomicInteger();
    Thread main =
        new Thread(
            () ->
                exit.set(
                    run.exec("bench", "produce", "load", "--records", "999999999", "--size", "1")));
    main.start();
    sending.await();
    run.interrupts.interrupt();
    // What the process ends with has been written by now.
    assertThat(run.stdout()).startsWith("{\"bench\":\"produce\"").endsWith("}}\n");
    main.join();
    assertThat(exit).hasValue(130);
  }

  @Test
  void showsAChartToAPersonAndNothingElsewhere() {
    CommandRun run = CommandRun.on(cluster).atTerminal();
    run.exec("bench", "produce", "load", "--records", "5000", "--size", "1");
    assertThat(run.stderr())
        .contains("\r\u001b[K")
        .contains("records/s over time:\n")
        .contains("latency: p50 ")
        .contains(" %  #");
  }

  @Test
  void consumeReadsSoManyRecordsOrSaysThatThereWereNot() {
    CommandRun.on(cluster).exec("bench", "produce", "load", "--records", "10", "--size", "3");
    CommandRun some = CommandRun.on(cluster);
    assertThat(some.exec("bench", "consume", "load", "--records", "4")).isZero();
    assertThat(some.stdout()).startsWith("{" + COMMON.formatted("consume", 4, 12));
    CommandRun all = CommandRun.on(cluster);
    assertThat(all.exec("bench", "consume", "load")).isZero();
    assertThat(all.stdout())
        .contains("\"records\":10,", "\"latency_ms\":null", "\"errors\":0,\"first_record_ms\":");
    CommandRun more = CommandRun.on(cluster);
    more.nanosPerLook = 300_000_000;
    assertThat(more.exec("bench", "consume", "load", "--records", "11", "--idle", "1"))
        .isEqualTo(1);
    assertThat(more.stdout()).contains("\"records\":10,", "\"errors\":1");
  }

  @Test
  void watchKeepsClientsAtTheEndsUntilItsTimeIsOver() {
    CommandRun.on(cluster).exec("bench", "produce", "load", "--records", "10", "--size", "3");
    CommandRun run = CommandRun.on(cluster);
    run.nanosPerLook = 100_000_000;
    assertThat(run.exec("bench", "watch", "load", "--clients", "3", "--seconds", "1"))
        .as(run.stderr())
        .isZero();
    assertThat(run.stdout().lines()).hasSize(2).startsWith("READY");
    assertThat(run.stdout())
        .contains("{" + COMMON.formatted("watch", 0, 0))
        .contains("\"clients\":3,\"ready_ms\":")
        .contains("\"topic\":\"load\",\"partitions\":1,");
  }

  @Test
  void watchFailsWhenAClientDoes() {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("bench", "watch", "load", "none", "--clients", "2")).isNotZero();
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr()).startsWith("millrace: ").contains("none");
  }

  @Test
  void latencyReadsEachRecordBackBeforeItSendsTheNext() {
    CommandRun run = CommandRun.on(cluster);
    int exit =
        run.exec("bench", "latency", "load", "--records", "20", "--warmup", "5", "--size", "100");
    assertThat(run.stderr()).isEmpty();
    assertThat(exit).isZero();
    assertThat(run.stdout())
        .startsWith("{" + COMMON.formatted("latency", 25, 2500))
        .contains("\"latency_ms\":{\"count\":20,", "\"ack_ms\":{\"count\":20,")
        .contains("\"received\":25")
        .contains("\"warmup\":5");
  }

  @Test
  void latencyAtARateReadsBackWhatItSends() {
    CommandRun run = CommandRun.on(cluster);
    int exit =
        run.exec("bench", "latency", "load", "--records", "30", "--rate", "5000", "--size", "24");
    assertThat(run.stderr()).isEmpty();
    assertThat(exit).isZero();
    assertThat(run.stdout())
        .contains("\"latency_ms\":{\"count\":30,", "\"ack_ms\":{\"count\":30,")
        .contains("\"received\":30,");
  }

  @Test
  void latencyRefusesLinesThatHaveNoRoomForTheirTime() throws IOException {
    Path file = Files.writeString(directory.resolve("lines"), "short\n");
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec("bench", "latency", "load", "--payload-file", file.toString()))
        .isEqualTo(2);
    assertThat(run.stderr()).contains("values of 5 bytes are too small");
  }

  @Test
  void latencyPassesOverRecordsOfOthers() {
    cluster.copies = value -> 1;
    CommandRun other = CommandRun.on(cluster);
    other.exec("bench", "latency", "load", "--records", "3");
    CommandRun run = CommandRun.on(cluster);
    run.exec("bench", "latency", "load", "--records", "2");
    assertThat(run.stdout()).contains("\"received\":2,");
  }

  @Test
  void probeTellsOfEachRecordBetweenReadyAndDone() {
    AtomicInteger number = new AtomicInteger();
    cluster.fate =
        value -> number.incrementAndGet() == 2 ? new InvalidRequestException("no\nmore") : null;
    CommandRun run = CommandRun.on(cluster);
    int exit = run.exec("bench", "probe", "load", "--interval-ms", "10", "--seconds", "0.05");
    assertThat(exit).isZero();
    assertThat(run.stdout())
        .isEqualTo(
            """
            READY
            A 10000 10000
            E 10000 10000 no more
            A 10000 10000
            A 10000 10000
            A 10000 10000
            DONE
            """);
  }

  @Test
  void aLedgerOfAGoodRunChecksWell() {
    Path ledger = directory.resolve("ledger");
    CommandRun run = CommandRun.on(cluster);
    assertThat(
            run.exec("bench", "produce", "load", "--records", "200", "--ledger", ledger.toString()))
        .isZero();
    CommandRun check = CommandRun.on(cluster);
    assertThat(check.exec("bench", "check", "--ledger", ledger.toString())).isZero();
    assertThat(check.stdout())
        .contains("\"records\":200,\"acknowledged\":200,\"failed\":0,\"unknown\":0,\"found\":200")
        .contains("\"lost\":0,\"duplicated\":0,\"reordered\":0")
        .contains("\"good\":true");
  }

  @Test
  void aLedgerIsNeverWrittenOverAnother() throws IOException {
    Path ledger = Files.writeString(directory.resolve("ledger"), "precious");
    CommandRun run = CommandRun.on(cluster);
    assertThat(
            run.exec("bench", "produce", "load", "--records", "1", "--ledger", ledger.toString()))
        .isEqualTo(4);
    assertThat(run.stderr()).contains("exists; a ledger begins with a new file");
    assertThat(ledger).hasContent("precious");
  }

  @Test
  void checkFindsWhatAClusterLostAndWhatItWroteTwice() {
    AtomicInteger number = new AtomicInteger();
    cluster.copies = value -> number.incrementAndGet() == 5 ? 0 : number.get() == 9 ? 2 : 1;
    Path ledger = directory.resolve("ledger");
    assertThat(
            CommandRun.on(cluster)
                .exec("bench", "produce", "load", "--records", "20", "--ledger", ledger + ""))
        .isZero();
    CommandRun check = CommandRun.on(cluster);
    assertThat(check.exec("bench", "check", "--ledger", ledger.toString())).isEqualTo(1);
    assertThat(check.stdout()).contains("\"lost\":1,\"duplicated\":1,").contains("\"good\":false");
    assertThat(check.stderr())
        .contains("LOST: record 4, acknowledged at 0 offset 4\n")
        .contains("duplicated: record 8 at 0 offset 8\n");
  }

  @Test
  void checkRefusesAnotherTopicOfTheSameName() throws IOException {
    Path ledger =
        Files.writeString(
            directory.resolve("ledger"), "millrace-ledger 1 00000000000000ff load load~old\n");
    CommandRun check = CommandRun.on(cluster);
    assertThat(check.exec("bench", "check", "--ledger", ledger.toString())).isEqualTo(4);
    assertThat(check.stderr()).contains("its id is load~id, not load~old; was it deleted since?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bench nonsense",
        "bench produce",
        "bench produce load --size -1",
        "bench produce load --size x",
        "bench produce load --records -1",
        "bench produce load --seconds 0",
        "bench produce load --size 1 --payload-file f",
        "bench produce load --acks 1 --durability leader",
        "bench produce load --acks 3",
        "bench produce load --set no.such.key=1",
        "bench produce load --compression rar",
        "bench consume load --idle 0",
        "bench latency load --size 8",
        "bench probe load --interval-ms 0",
        "bench probe load --seconds 0",
        "bench group --members 0",
        "bench group --partitions 3",
        "bench group --members 2 --events leave,leave --rounds 1",
        "bench group --events jump",
        "bench group --rate 0",
        "bench group --set no.such.key=1",
        "bench group topic",
        "bench watch",
        "bench watch load --clients 0",
        "bench check"
      })
  void b68_refusesWrongUsageInOneLineBeforeItContactsAnybody(String line) {
    CommandRun run = CommandRun.on(cluster);
    assertThat(run.exec(line.split(" "))).as(run.stderr()).isEqualTo(2);
    assertThat(run.stdout()).isEmpty();
    assertThat(run.stderr()).startsWith("millrace: ").doesNotContain("Exception");
    assertThat(cluster.producers).isEmpty();
  }
}
