package io.millrace.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.errors.OutOfOrderSequenceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.RecordTooLargeException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of records when brokers and networks fail, or lie. */
class ProducerFailureTest {
  private final SimulatedWorld world = new SimulatedWorld(11, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedProducer producer(ProducerSettings.Builder settings) {
    world.cluster().createTopic("notes", 1);
    SimulatedProducer producer = new SimulatedProducer(world, settings);
    producer.learn("notes");
    return producer;
  }

  private SimulatedProducer producer() {
    return producer(SimulatedProducer.settings());
  }

  private void script(FakeBroker.Script script) {
    world.broker(1).script(Scripts.on(Request.ApiCase.PRODUCE, script));
  }

  private List<String> log() {
    return world.cluster().topic("notes").log(0).values();
  }

  private static @Nullable MillraceException error(SimulatedProducer producer, int index) {
    return producer.ended().get(index).error();
  }

  // ---- Retried ---------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {
        "NOT_LEADER",
        "FENCED_EPOCH",
        "UNKNOWN_EPOCH",
        "UNKNOWN_TOPIC",
        "UNKNOWN_PARTITION",
        "NOT_ENOUGH_REPLICAS",
        "BUSY",
        "STOPPING",
        "UNAVAILABLE",
        "OUTCOME_UNKNOWN",
        "TIMED_OUT",
        "STORAGE_FAILED",
        "INTERNAL"
      })
  void retriesWhatMayPass(ErrorCode code) {
    SimulatedProducer producer = producer();
    script(Scripts.times(3, Scripts.refuseEach(code)));
    producer.send("notes", 0, "a");
    producer.send("notes", 0, "b");
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isEqualTo(1);
    assertThat(log()).containsExactly("a", "b");
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {
        "INVALID_REQUEST",
        "UNSUPPORTED",
        "TOO_LARGE",
        "INVALID_TIMESTAMP",
        "NOT_AUTHORISED",
      })
  void failsAtOnceOnWhatNeverPasses(ErrorCode code) {
    SimulatedProducer producer = producer();
    script(Scripts.times(1, Scripts.refuseEach(code)));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(error(producer, 0))
        .isInstanceOf(io.millrace.client.errors.FatalException.class)
        .hasMessageContaining("notes/0")
        .hasMessageContaining("scripted");
    assertThat(log()).isEmpty();
  }

  @Test
  void keepsTheOrderThroughRefusalsAndBrokenConnections() {
    for (long seed = 0; seed < 40; seed++) {
      SimulatedWorld stormy = new SimulatedWorld(seed, 1);
      stormy.cluster().createTopic("notes", 1);
      SimulatedProducer producer = new SimulatedProducer(stormy, SimulatedProducer.settings());
      producer.learn("notes");
      FakeBroker broker = stormy.broker(1);
      broker.script(
          Scripts.on(
              Request.ApiCase.PRODUCE,
              request -> {
                switch (stormy.scheduler().random().nextInt(6)) {
                  case 0 -> request.refuse(ErrorCode.BUSY, "scripted");
                  case 1 -> stormy.network().reset("client", SimulatedWorld.host(1));
                  case 2 -> {
                    broker.append(request);
                    request.refuse(ErrorCode.INTERNAL, "appended all the same");
                  }
                  default -> {
                    return false;
                  }
                }
                return true;
              }));
      for (int i = 0; i < 200; i++) {
        producer.send("notes", 0, "v%03d".formatted(i));
        if (i % 7 == 0) {
          stormy.runFor(Duration.ofMillis(stormy.scheduler().random().nextInt(30)));
        }
      }
      producer.awaitAll();
      assertThat(producer.ended())
          .as("seed " + seed)
          .allSatisfy(each -> assertThat(each.error()).isNull());
      List<String> expected = IntStream.range(0, 200).mapToObj("v%03d"::formatted).toList();
      assertThat(producer.endedValues()).as("told in order").isEqualTo(expected);
      List<String> values = stormy.cluster().topic("notes").log(0).values();
      assertThat(firsts(values))
          .as("in the log, duplicates aside, seed " + seed)
          .isEqualTo(expected);
      assertThat(stormy.scheduler().thrown()).isEmpty();
    }
  }

  /** Each value where it comes first. */
  private static List<String> firsts(List<String> values) {
    return values.stream().distinct().toList();
  }

  // ---- Time ------------------------------------------------------------------------------------

  @Test
  @DisplayName("I17: a record that never left ends as certainly not written, at its deadline")
  void i17_aRecordThatNeverLeftTimesOut() {
    SimulatedProducer producer = producer();
    world.cluster().lead("notes", 0, -1, true);
    producer.send("notes", 0, "a");
    world.runFor(Duration.ofSeconds(119));
    assertThat(producer.ended()).isEmpty();
    world.runFor(Duration.ofSeconds(2));
    assertThat(error(producer, 0))
        .isInstanceOf(TimedOutException.class)
        .hasMessageContaining("nobody leads notes/0");
    assertThat(producer.client().engine().usedBytes()).isZero();
  }

  @Test
  @DisplayName("I17: a record whose request was never answered ends as unknown, at its deadline")
  void i17_aTimeOutIsUnknown() {
    SimulatedProducer producer = producer();
    script(Scripts.silent());
    producer.send("notes", 0, "a");
    world.runFor(Duration.ofSeconds(119));
    assertThat(producer.ended()).isEmpty();
    world.runFor(Duration.ofSeconds(2));
    assertThat(error(producer, 0)).isInstanceOf(OutcomeUnknownException.class);
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE)).hasSizeBetween(4, 6);
  }

  @Test
  @DisplayName("I17: what was in doubt once is never said to be certainly not written")
  void i17_aRefusalOfNumbersEndsNoDoubt() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().requestTimeout(Duration.ofSeconds(1)));
    script(Scripts.refuseEach(ErrorCode.OUT_OF_ORDER_SEQUENCE));
    script(Scripts.times(1, Scripts.silent()));
    producer.send("notes", 0, "in doubt");
    producer.awaitAll();
    assertThat(error(producer, 0)).isInstanceOf(OutcomeUnknownException.class);
    producer.send("notes", 0, "refused at once");
    producer.awaitAll();
    assertThat(error(producer, 1)).isInstanceOf(OutOfOrderSequenceException.class);
  }

  @Test
  void doesNotRepeatTheUnknownWhenToldNotTo() {
    SimulatedProducer producer = producer(SimulatedProducer.settings().retryUnknownOutcome(false));
    script(Scripts.times(1, Scripts.refuseEach(ErrorCode.OUTCOME_UNKNOWN)));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(error(producer, 0)).isInstanceOf(OutcomeUnknownException.class);
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE)).hasSize(1);
    producer.send("notes", 0, "b");
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isZero();
  }

  @Test
  @DisplayName("I17: a definite refusal after an unknown attempt is still unknown")
  void i17_aLaterRefusalDoesNotMakeTheUnknownKnown() {
    SimulatedProducer producer = producer();
    script(Scripts.refuseEach(ErrorCode.NOT_AUTHORISED));
    script(Scripts.times(1, Scripts.refuseEach(ErrorCode.OUTCOME_UNKNOWN)));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(error(producer, 0))
        .isInstanceOf(OutcomeUnknownException.class)
        .hasCauseInstanceOf(NotAuthorisedException.class);
  }

  @Test
  @DisplayName("B97: ten minutes of time-outs: pauses grow, memory is bounded, deadlines hold")
  void b97_everyRequestTimesOut() {
    SimulatedProducer producer =
        producer(
            SimulatedProducer.settings()
                .requestTimeout(Duration.ofSeconds(1))
                .bufferMemoryBytes(1 << 20));
    script(Scripts.silent());
    int sent = 0;
    long start = world.scheduler().nanoTime();
    while (world.scheduler().nanoTime() - start < Duration.ofMinutes(10).toNanos()) {
      if (producer.client().engine().hasRoom()) {
        producer.send("notes", 0, "x".repeat(1000));
        sent++;
      }
      assertThat(producer.client().engine().usedBytes()).isLessThan(3 << 20);
      world.runFor(Duration.ofMillis(500));
    }
    world.runFor(Duration.ofSeconds(125));
    assertThat(producer.ended()).hasSize(sent);
    assertThat(producer.ended())
        .allSatisfy(
            each ->
                assertThat(each.error())
                    .isInstanceOfAny(OutcomeUnknownException.class, TimedOutException.class));
    // a second's wait and up to a second's pause each
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE)).hasSizeBetween(300, 730);
    assertThat(producer.client().engine().usedBytes()).isZero();
  }

  @Test
  @DisplayName("B97: a broker that comes and goes every 100 ms is not knocked at without pause")
  void b97_aFlappingBroker() {
    SimulatedProducer producer = producer();
    for (int i = 0; i < 100; i++) {
      world
          .scheduler()
          .at(
              world.scheduler().nanoTime() + Duration.ofMillis(100L * i).toNanos(),
              () -> world.network().reset("client", SimulatedWorld.host(1)));
    }
    for (int i = 0; i < 100; i++) {
      producer.send("notes", 0, "v" + i);
      world.runFor(Duration.ofMillis(100));
    }
    producer.awaitAll();
    assertThat(producer.ended()).allSatisfy(each -> assertThat(each.error()).isNull());
    assertThat(firsts(log())).hasSize(100);
    assertThat(world.broker(1).greetings()).as("connections in ten seconds").isLessThan(40);
  }

  @Test
  @DisplayName("B97: records that are sent during a pause do not end it")
  void b97_newRecordsDoNotEndAPause() {
    SimulatedProducer producer = producer();
    script(Scripts.refuseEach(ErrorCode.BUSY));
    for (int i = 0; i < 1000; i++) {
      producer.send("notes", 0, "x".repeat(20_000)); // thirteen of these close a batch
      world.runFor(Duration.ofMillis(10));
    }
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE))
        .as("in ten seconds")
        .hasSizeLessThan(30);
  }

  // ---- Truth in pieces -------------------------------------------------------------------------

  @Test
  void oneRefusedBatchDoesNotTakeOthersWithIt() {
    SimulatedProducer producer = producer(SimulatedProducer.settings().batchSizeBytes(1024));
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "first");
    world.await("one request", () -> hold.held.size() == 1);
    for (int i = 0; i < 10; i++) {
      producer.send("notes", 0, (i == 4 ? "bad" : "good" + i) + " ".repeat(700));
    }
    script(
        request -> {
          boolean bad = ISO_8859_1.decode(request.payload()).toString().contains("bad");
          return bad && Scripts.refuseEach(ErrorCode.INVALID_TIMESTAMP).take(request);
        });
    hold.letGo(world.broker(1));
    producer.awaitAll();
    assertThat(producer.ended().stream().filter(each -> each.error() != null))
        .singleElement()
        .satisfies(each -> assertThat(each.value()).startsWith("bad"))
        .satisfies(each -> assertThat(each.error()).isInstanceOf(InvalidRequestException.class));
    assertThat(log().stream().map(String::strip))
        .containsExactly(
            "first", "good0", "good1", "good2", "good3", "good5", "good6", "good7", "good8",
            "good9");
  }

  // ---- Lies ------------------------------------------------------------------------------------

  static Stream<UnaryOperator<ProduceResponse.Builder>> lies() {
    return Stream.of(
        answer -> answer.setResults(0, answer.getResults(0).toBuilder().setPartition(1)),
        answer -> answer.setResults(0, answer.getResults(0).toBuilder().setTopicId("other~1")),
        answer -> answer.setResults(0, answer.getResults(0).toBuilder().setBaseOffsets(0, -1)),
        answer ->
            answer.setResults(
                0, answer.getResults(0).toBuilder().setBaseOffsets(0, Long.MAX_VALUE)),
        answer -> answer.setResults(0, answer.getResults(0).toBuilder().clearBaseOffsets()),
        answer -> answer.setResults(0, answer.getResults(0).toBuilder().addBaseOffsets(7)),
        answer -> answer.setResults(0, answer.getResults(0).toBuilder().setLeaderEpoch(0)),
        answer -> answer.addResults(answer.getResults(0)),
        ProduceResponse.Builder::clearResults);
  }

  @ParameterizedTest
  @MethodSource("lies")
  @DisplayName("B96: an answer that makes no sense is unknown, not success and not failure")
  void b96_anAnswerThatMakesNoSense(UnaryOperator<ProduceResponse.Builder> lie) {
    SimulatedProducer producer = producer(SimulatedProducer.settings().retryUnknownOutcome(false));
    script(Scripts.times(1, Scripts.lie(world.broker(1), lie)));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(error(producer, 0)).isInstanceOf(OutcomeUnknownException.class);
    producer.send("notes", 0, "b");
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isEqualTo(1);
  }

  @Test
  @DisplayName("B96: it is sent again, and written once")
  void b96_nonsenseIsRetried() {
    SimulatedProducer producer = producer();
    script(Scripts.times(1, Scripts.lie(world.broker(1), ProduceResponse.Builder::clearResults)));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(producer.metadata(0).offset()).isZero();
    assertThat(log()).containsExactly("a");
  }

  @Test
  @DisplayName("B96: without numbers it may be written twice")
  void b96_nonsenseIsRetriedAtLeastOnce() {
    SimulatedProducer producer = producer(SimulatedProducer.settings().idempotence(false));
    script(Scripts.times(1, Scripts.lie(world.broker(1), ProduceResponse.Builder::clearResults)));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(producer.metadata(0).offset()).isEqualTo(1);
    assertThat(log()).containsExactly("a", "a");
  }

  // ---- Leaders ---------------------------------------------------------------------------------

  @Test
  void followsTheLeaderToAnotherBroker() {
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "a");
    producer.awaitAll();
    world.cluster().lead("notes", 0, 2, true);
    producer.send("notes", 0, "b");
    producer.awaitAll();
    assertThat(producer.metadata(1).leaderEpoch()).isEqualTo(2);
    assertThat(world.broker(2).seen(Request.ApiCase.PRODUCE)).hasSize(1);
  }

  @Test
  void asksAgainWhenNobodyToldItOfTheNewLeader() {
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "a");
    producer.awaitAll();
    world.cluster().lead("notes", 0, 2, false);
    producer.send("notes", 0, "b");
    long before = world.scheduler().nanoTime();
    producer.awaitAll();
    assertThat(producer.metadata(1).leaderEpoch()).isEqualTo(2);
    assertThat(world.scheduler().nanoTime() - before).isLessThan(Duration.ofMillis(60).toNanos());
  }

  @Test
  @DisplayName("I15: news of a lower leader epoch is not acted on")
  void i15_neverGoesBackToALowerEpoch() {
    SimulatedProducer producer = producer();
    ClusterMap old = world.cluster().current();
    world.cluster().lead("notes", 0, 2, true);
    producer.send("notes", 0, "a");
    producer.awaitAll();
    world.cluster().publish(old);
    for (int i = 0; i < 5; i++) {
      producer.send("notes", 0, "b" + i);
      world.runFor(Duration.ofMillis(50));
    }
    producer.awaitAll();
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE)).isEmpty();
    assertThat(producer.metadata(5).leaderEpoch()).isEqualTo(2);
  }

  @Test
  void goesOnWhenAKilledBrokerComesBackElsewhere() {
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "a");
    producer.awaitAll();
    world.killBroker(1);
    producer.send("notes", 0, "b");
    world.runFor(Duration.ofSeconds(5));
    assertThat(producer.ended()).hasSize(1);
    world.startBroker(1, 2);
    long before = world.scheduler().nanoTime();
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isEqualTo(1);
    assertThat(world.scheduler().nanoTime() - before)
        .as("a new life is news: the pause ends")
        .isLessThan(Duration.ofMillis(100).toNanos());
  }

  // ---- Topics ----------------------------------------------------------------------------------

  @Test
  void recordsOfADeletedTopicFail() {
    SimulatedProducer producer = producer();
    world.cluster().lead("notes", 0, -1, true);
    producer.send("notes", 0, "a");
    world.runFor(Duration.ofMillis(100));
    world.cluster().deleteTopic("notes");
    producer.awaitAll();
    assertThat(error(producer, 0)).isInstanceOf(UnknownTopicException.class);
  }

  @Test
  void writesToTheTopicThatTookTheOldOnesPlace() {
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "a");
    producer.awaitAll();
    world.cluster().deleteTopic("notes");
    world.cluster().createTopic("notes", 1);
    producer.send("notes", 0, "b");
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isZero();
    assertThat(log()).containsExactly("b");
  }

  @Test
  void refusesAPartitionTheTopicDoesNotHave() {
    SimulatedProducer producer = producer();
    producer.send("notes", 5, "a");
    producer.awaitAll();
    assertThat(error(producer, 0))
        .isInstanceOf(UnknownPartitionException.class)
        .hasMessageContaining("0 to 0");
  }

  @Test
  void anUnknownTopicIsACleanError() {
    SimulatedProducer producer = producer();
    MillraceException[] told = new MillraceException[1];
    producer.runtimeLoop(
        () -> producer.client().engine().lookup("nowhere", (topic, e) -> told[0] = e));
    world.await("an answer", () -> told[0] != null);
    assertThat(told[0]).isInstanceOf(UnknownTopicException.class).hasMessageContaining("nowhere");
    assertThat(metadataRequests()).as("asked to be created, once").isEqualTo(1);
  }

  private int metadataRequests() {
    return world.broker(1).seen(Request.ApiCase.METADATA).size()
        + world.broker(2).seen(Request.ApiCase.METADATA).size();
  }

  @Test
  void aTopicIsCreatedOnFirstUseWhereTheClusterAllowsThat() {
    world.cluster().setAutoCreate(true);
    SimulatedProducer producer = producer();
    producer.learn("fresh");
    producer.send("fresh", 0, "a");
    producer.awaitAll();
    assertThat(producer.metadata(0).offset()).isZero();
    assertThat(metadataRequests()).isEqualTo(1);
  }

  @Test
  void asksNobodyToCreateATopicWhenToldNotTo() {
    world.cluster().setAutoCreate(true);
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().allowAutoCreateTopics(false));
    MillraceException[] told = new MillraceException[1];
    producer.runtimeLoop(
        () -> producer.client().engine().lookup("nowhere", (topic, e) -> told[0] = e));
    world.await("an answer", () -> told[0] != null);
    assertThat(told[0]).isInstanceOf(UnknownTopicException.class);
    assertThat(metadataRequests()).isZero();
  }

  // ---- Sizes -----------------------------------------------------------------------------------

  @Test
  void refusesARecordThatIsTooLargeBeforeItIsSent() {
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "x".repeat((1 << 20) + 1));
    producer.send("notes", 0, "x".repeat(1 << 20));
    producer.awaitAll();
    assertThat(error(producer, 0))
        .isInstanceOf(RecordTooLargeException.class)
        .hasMessageContaining("1048577")
        .hasMessageContaining("1048576")
        .hasMessageContaining("record.max.bytes");
    assertThat(producer.metadata(1).offset()).isZero();
  }

  @Test
  void aTopicMayAllowMoreOrLess() {
    SimulatedProducer producer = producer();
    world.cluster().setTopicSettings("notes", Map.of("record.max.bytes", "3000000"));
    world.runFor(Duration.ofMillis(10));
    producer.send("notes", 0, "x".repeat(2_500_000));
    world.cluster().setTopicSettings("notes", Map.of("record.max.bytes", "2000"));
    world.runFor(Duration.ofMillis(10));
    producer.send("notes", 0, "x".repeat(2_500));
    producer.awaitAll();
    assertThat(new TreeSet<>(producer.ended().stream().map(e -> e.error() == null).toList()))
        .containsExactly(false, true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "ä", "a b"})
  void refusesNamesThatNoTopicCanHave(String name) {
    SimulatedProducer producer = producer();
    int lookups = world.cluster().lookups();
    MillraceException[] told = new MillraceException[1];
    producer.runtimeLoop(() -> producer.client().engine().lookup(name, (topic, e) -> told[0] = e));
    world.await("an answer", () -> told[0] != null);
    assertThat(told[0]).isInstanceOf(InvalidRequestException.class);
    assertThat(world.cluster().lookups()).isEqualTo(lookups);
  }
}
