package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.OutOfOrderSequenceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.ProducerFencedException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.InboundRequest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** 4.7: every record is written once, in order, whatever becomes of requests and answers. */
class IdempotenceTest {
  private final SimulatedWorld world = new SimulatedWorld(3, 2);

  IdempotenceTest() {
    world.cluster().createTopic("notes", 1);
    world.cluster().lead("notes", 0, 1, true);
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedProducer producer(ProducerSettings.Builder settings) {
    SimulatedProducer producer = new SimulatedProducer(world, settings);
    producer.learn("notes");
    return producer;
  }

  private SimulatedProducer producer() {
    return producer(SimulatedProducer.settings());
  }

  private FakeLog log() {
    return world.cluster().topic("notes").log(0);
  }

  private void script(FakeBroker.Script script) {
    world.broker(1).script(Scripts.on(Request.ApiCase.PRODUCE, script));
  }

  private static FakeBroker.Script loseTheAnswer(FakeBroker broker) {
    return request -> {
      broker.append(request);
      return true;
    };
  }

  private void sendAndAwait(SimulatedProducer producer, String... values) {
    for (String value : values) {
      producer.send("notes", 0, value);
      producer.awaitAll();
    }
  }

  @Test
  void asksForOneIdAndNumbersEveryPartitionFromZero() {
    world.cluster().createTopic("other", 2);
    SimulatedProducer producer = producer();
    producer.learn("other");
    sendAndAwait(producer, "a", "b", "c");
    producer.send("other", 1, "d");
    producer.awaitAll();
    assertThat(log().numbers()).containsExactly("0:0+1", "0:1+1", "0:2+1");
    assertThat(world.cluster().topic("other").log(1).numbers()).containsExactly("0:0+1");
    int asked =
        world.broker(1).seen(Request.ApiCase.PRODUCER_ID).size()
            + world.broker(2).seen(Request.ApiCase.PRODUCER_ID).size();
    assertThat(asked).isEqualTo(1);
  }

  @Test
  void sendsAgainUnderTheSameNumbers() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().requestTimeout(Duration.ofSeconds(1)));
    script(Scripts.times(1, loseTheAnswer(world.broker(1))));
    sendAndAwait(producer, "a", "b");
    assertThat(log().values()).containsExactly("a", "b");
    assertThat(producer.metadata(0).offset()).isZero();
  }

  @Test
  void hasSeveralRequestsOfAPartitionUnderWay() {
    SimulatedProducer producer = producer();
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    for (int i = 0; i < 100; i++) {
      producer.send("notes", 0, "x".repeat(20_000));
    }
    world.runFor(Duration.ofSeconds(1));
    assertThat(hold.held).hasSizeGreaterThan(3);
    hold.letGo(world.broker(1));
    producer.awaitAll();
    assertThat(log().values()).hasSize(100);
  }

  @Test
  @DisplayName("defaults: never more batches under way than a leader remembers")
  void hasAtMostThirtyTwoBatchesOfAPartitionUnderWay() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().batchSizeBytes(4096).maxInFlightBytes(64 << 20));
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    for (int i = 0; i < 2_000; i++) {
      producer.send("notes", 0, "x".repeat(3_000));
    }
    world.runFor(Duration.ofSeconds(1));
    long bytes =
        hold.held.stream()
            .mapToLong(request -> request.head().getProduce().getPartitions(0).getSize())
            .sum();
    assertThat(bytes / 3_000).isLessThanOrEqualTo(33);
    hold.letGo(world.broker(1));
    producer.awaitAll();
    assertThat(log().values()).hasSize(2_000);
  }

  @Test
  void doesNotWaitForALeaderThatIsNoneAnyMore() {
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a");
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "b");
    producer.send("notes", 0, "c");
    world.runFor(Duration.ofMillis(50));
    assertThat(hold.held).isNotEmpty();
    world.cluster().lead("notes", 0, 2, true);
    world.runFor(Duration.ofMillis(50));
    assertThat(producer.endedValues()).containsExactly("a", "b", "c");
    hold.letGo(world.broker(1));
    world.runFor(Duration.ofSeconds(1));
    assertThat(log().values()).containsExactly("a", "b", "c");
    sendAndAwait(producer, "d");
    assertThat(log().numbers()).last().isEqualTo("0:3+1");
  }

  @Test
  @DisplayName("B38: acknowledged records are gone: told, and gone on behind them")
  void b38_tellsOfAcknowledgedRecordsThatAreGone() {
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a", "b", "c");
    log().cut(1);
    sendAndAwait(producer, "d", "e", "f");
    assertThat(producer.ended().get(3).error())
        .isInstanceOf(OutOfOrderSequenceException.class)
        .hasMessageContaining("notes/0");
    assertThat(log().values()).containsExactly("a", "e", "f");
    assertThat(log().numbers()).containsExactly("0:0+1", "1:0+1", "1:1+1");
  }

  @Test
  @DisplayName("4.7: unknown after a day of silence: the next epoch, if nothing is in doubt")
  void beginsAnewWhenItIsNotRemembered() {
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a", "b");
    log().forgetProducers();
    sendAndAwait(producer, "c", "d");
    assertThat(producer.ended()).allMatch(each -> each.error() == null);
    assertThat(log().numbers()).containsExactly("0:0+1", "0:1+1", "1:0+1", "1:1+1");
  }

  @Test
  @DisplayName("4.7: unknown, and in doubt: told as unknown, never written twice")
  void doesNotSendAgainWhatNobodyRemembers() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().requestTimeout(Duration.ofSeconds(1)));
    sendAndAwait(producer, "a");
    script(
        Scripts.times(
            1,
            request -> {
              world.broker(1).append(request);
              log().forgetProducers();
              return true;
            }));
    sendAndAwait(producer, "b", "c");
    assertThat(producer.ended().get(1).error()).isInstanceOf(OutcomeUnknownException.class);
    assertThat(producer.ended().get(2).error()).isNull();
    assertThat(log().values()).containsExactly("a", "b", "c");
  }

  @Test
  @DisplayName("B37: fenced: nothing more is written to the partition, and everybody is told")
  void b37_endsWhenItIsFenced() {
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a");
    script(Scripts.times(1, Scripts.refuseEach(ErrorCode.FENCED_PRODUCER)));
    sendAndAwait(producer, "b", "c");
    assertThat(producer.ended().get(1).error()).isInstanceOf(ProducerFencedException.class);
    assertThat(producer.ended().get(2).error()).isInstanceOf(ProducerFencedException.class);
    assertThat(log().values()).containsExactly("a");
  }

  @Test
  void countsAnOldRepetitionAsWritten() {
    SimulatedProducer producer = producer();
    script(Scripts.times(1, Scripts.refuseEach(ErrorCode.DUPLICATE_SEQUENCE)));
    sendAndAwait(producer, "a");
    assertThat(producer.metadata(0).offset()).isEqualTo(RecordMetadata.UNKNOWN_OFFSET);
  }

  @Test
  void goesOnInTheNextEpochBehindARecordThatWasRefused() {
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a");
    script(Scripts.times(1, Scripts.refuseEach(ErrorCode.INVALID_TIMESTAMP)));
    sendAndAwait(producer, "b", "c", "d");
    assertThat(log().values()).containsExactly("a", "c", "d");
    assertThat(log().numbers()).containsExactly("0:0+1", "1:0+1", "1:1+1");
  }

  @Test
  @DisplayName("4.7: what was in doubt when its time was up is not counted as written, nor as not")
  void goesOnBehindARecordWhoseTimeWasUp() {
    SimulatedProducer producer =
        producer(
            SimulatedProducer.settings()
                .requestTimeout(Duration.ofSeconds(1))
                .deliveryTimeout(Duration.ofSeconds(3)));
    sendAndAwait(producer, "a");
    FakeBroker.Script silent = Scripts.on(Request.ApiCase.PRODUCE, Scripts.silent());
    world.broker(1).script(silent);
    sendAndAwait(producer, "lost");
    assertThat(producer.ended().get(1).error()).isInstanceOf(OutcomeUnknownException.class);
    world.broker(1).unscript(silent);
    sendAndAwait(producer, "b", "c");
    assertThat(log().values()).containsExactly("a", "b", "c");

    FakeBroker.Script written = Scripts.on(Request.ApiCase.PRODUCE, loseTheAnswer(world.broker(1)));
    world.broker(1).script(written);
    sendAndAwait(producer, "d");
    assertThat(producer.ended().get(4).error()).isInstanceOf(OutcomeUnknownException.class);
    world.broker(1).unscript(written);
    sendAndAwait(producer, "e", "f");
    assertThat(log().values()).containsExactly("a", "b", "c", "d", "e", "f");
  }

  @Test
  void sendsWithoutNumbersToBrokersThatGiveNone() {
    for (int id = 1; id <= 2; id++) {
      world
          .broker(id)
          .script(Scripts.on(Request.ApiCase.PRODUCER_ID, Scripts.refuse(ErrorCode.UNSUPPORTED)));
    }
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a", "b");
    assertThat(log().numbers()).containsExactly("-1:-1+1", "-1:-1+1");
  }

  @Test
  void waitsUntilItGetsAnId() {
    for (int id = 1; id <= 2; id++) {
      world
          .broker(id)
          .script(
              Scripts.times(
                  5,
                  Scripts.on(Request.ApiCase.PRODUCER_ID, Scripts.refuse(ErrorCode.UNAVAILABLE))));
    }
    SimulatedProducer producer = producer();
    sendAndAwait(producer, "a", "b");
    assertThat(log().numbers()).containsExactly("0:0+1", "0:1+1");
  }

  @Test
  void numbersNothingWhenToldSoOrWhenThereAreNoAnswers() {
    SimulatedProducer without = producer(SimulatedProducer.settings().idempotence(false));
    SimulatedProducer unanswered =
        producer(SimulatedProducer.settings().durability(Durability.NONE));
    sendAndAwait(without, "a");
    sendAndAwait(unanswered, "b");
    world.runFor(Duration.ofSeconds(1));
    assertThat(log().numbers()).containsExactly("-1:-1+1", "-1:-1+1");
  }

  @Test
  @DisplayName("I2, I3: five producers, any request or answer may be lost, late or refused")
  void fiveProducersThroughAnyWeather() {
    for (long seed = 0; seed < 25; seed++) {
      SimulatedWorld storm = new SimulatedWorld(seed, 3);
      storm.cluster().createTopic("notes", 2);
      SplittableRandom random = storm.scheduler().random().split();
      boolean[] calm = {false};
      for (int id = 1; id <= 3; id++) {
        FakeBroker broker = storm.broker(id);
        broker.script(
            Scripts.on(Request.ApiCase.PRODUCE, request -> weather(broker, request, random, calm)));
      }
      List<SimulatedProducer> producers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        producers.add(
            new SimulatedProducer(
                storm,
                SimulatedProducer.settings()
                    .requestTimeout(Duration.ofMillis(200))
                    .batchSizeBytes(1024)));
        producers.get(i).learn("notes");
      }
      for (int i = 0; i < 600; i++) {
        producers.get(i % 5).send("notes", (i / 5) % 2, "%d-%05d %s".formatted(i % 5, i, pad(i)));
        if (random.nextInt(4) == 0) {
          storm.runFor(Duration.ofMillis(random.nextInt(40)));
        }
        if (random.nextInt(40) == 0) {
          storm.cluster().lead("notes", random.nextInt(2), 1 + random.nextInt(3), true);
        }
        if (random.nextInt(40) == 0) {
          storm.network().reset("client", SimulatedWorld.host(1 + random.nextInt(3)));
        }
      }
      calm[0] = true;
      producers.forEach(SimulatedProducer::awaitAll);
      check(storm, producers, "seed " + seed);
    }
  }

  private static String pad(int i) {
    return "x".repeat(i % 7 * 100);
  }

  private static boolean weather(
      FakeBroker broker, InboundRequest request, SplittableRandom random, boolean[] calm) {
    return switch (calm[0] ? 99 : random.nextInt(20)) {
      case 0 -> true; // never came
      case 1 -> {
        broker.append(request); // the answer never comes
        yield true;
      }
      case 2 -> Scripts.refuse(ErrorCode.BUSY).take(request);
      case 3 -> Scripts.refuseEach(ErrorCode.NOT_ENOUGH_REPLICAS).take(request);
      case 4 -> {
        // Executed long after, when the connection it came on may have been given up.
        request.loop().schedule(random.nextInt(500) * 1_000_000L, () -> broker.append(request));
        yield true;
      }
      default -> false;
    };
  }

  private static void check(SimulatedWorld world, List<SimulatedProducer> producers, String at) {
    List<String> all = new ArrayList<>();
    for (int p = 0; p < 2; p++) {
      List<String> log = world.cluster().topic("notes").log(p).values();
      all.addAll(log);
      for (int i = 0; i < 5; i++) {
        String of = i + "-";
        assertThat(log.stream().filter(value -> value.startsWith(of)).toList())
            .as(at + ", the order of producer " + i)
            .isSorted();
      }
      for (SimulatedProducer producer : producers) {
        for (SimulatedProducer.Ended ended : producer.ended()) {
          RecordMetadata metadata = ended.metadata();
          assertThat(metadata).as(at + ": " + ended.error()).isNotNull();
          if (metadata != null && metadata.partition() == p) {
            assertThat(log.get((int) metadata.offset())).as(at).isEqualTo(ended.value());
          }
        }
      }
    }
    assertThat(all)
        .as(at)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 600)
                .mapToObj(i -> "%d-%05d %s".formatted(i % 5, i, pad(i)))
                .toList());
    assertThat(world.scheduler().thrown()).as(at).isEmpty();
  }
}
