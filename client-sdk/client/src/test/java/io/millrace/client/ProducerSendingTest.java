package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.millrace.client.fake.SimulatedWorld;
import io.millrace.client.send.SendTopic;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire, and when, while nothing is wrong. */
class ProducerSendingTest {
  private final SimulatedWorld world = new SimulatedWorld(7, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedProducer producer(ProducerSettings.Builder settings, int partitions) {
    world.cluster().createTopic("notes", partitions);
    SimulatedProducer producer = new SimulatedProducer(world, settings);
    producer.learn("notes");
    return producer;
  }

  private static int sizeBytes(Request request) {
    return request.getProduce().getPartitionsList().stream()
        .mapToInt(ProducePartition::getSize)
        .sum();
  }

  @Test
  void sendsALoneRecordAtOnce() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    producer.send("notes", 0, "first");
    producer.awaitAll();
    producer.send("notes", 0, "second");
    long before = world.scheduler().nanoTime();
    producer.awaitAll();
    assertThat(world.scheduler().nanoTime() - before).isLessThan(Duration.ofMillis(2).toNanos());
  }

  @Test
  void packsWhatQueuesWhileARequestIsUnderWay() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "alone");
    world.await("one request", () -> hold.held.size() == 1);
    for (int i = 0; i < 100; i++) {
      producer.send("notes", 0, "packed" + i);
    }
    world.runFor(Duration.ofSeconds(1));
    assertThat(hold.held).as("one request under way for each partition").hasSize(1);
    hold.letGo(world.broker(1));
    producer.awaitAll();
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE)).hasSize(2);
    assertThat(world.cluster().topic("notes").log(0).batches()).isEqualTo(2);
  }

  @Test
  void keepsRequestsBelowTheirSize() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 3);
    String value = "x".repeat(10_000);
    for (int i = 0; i < 300; i++) {
      producer.send("notes", i % 3, value);
    }
    producer.awaitAll();
    for (Request request : world.broker(1).seen(Request.ApiCase.PRODUCE)) {
      assertThat(sizeBytes(request)).isLessThanOrEqualTo(256 << 10);
    }
  }

  @Test
  void sendsSeveralPartitionsOfOneLeaderTogether() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 4);
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "alone");
    world.await("one request", () -> hold.held.size() == 1);
    producer.send("notes", 0, "more");
    producer.send("notes", 2, "of the same leader");
    world.runFor(Duration.ofMillis(10));
    hold.letGo(world.broker(1));
    producer.awaitAll();
    List<Request> seen = world.broker(1).seen(Request.ApiCase.PRODUCE);
    assertThat(seen).hasSize(2);
    assertThat(seen.get(1).getProduce().getPartitionsList())
        .extracting(ProducePartition::getPartition)
        .containsExactlyInAnyOrder(0, 2);
  }

  @Test
  void boundsBytesUnderWayToABroker() {
    int limit = 512 << 10;
    SimulatedProducer producer = producer(SimulatedProducer.settings().maxInFlightBytes(limit), 40);
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    String value = "x".repeat(100_000);
    for (int i = 0; i < 40; i++) {
      producer.send("notes", i, value);
    }
    world.runFor(Duration.ofSeconds(1));
    int underWay = hold.held.stream().mapToInt(each -> sizeBytes(each.head())).sum();
    assertThat(underWay).isBetween(limit / 2, limit);
    hold.letGo(world.broker(1));
    producer.awaitAll();
  }

  @Test
  void aRecordLargerThanARequestTravelsAlone() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    producer.send("notes", 0, "small");
    producer.send("notes", 0, "x".repeat(600_000));
    producer.send("notes", 0, "small again");
    producer.awaitAll();
    assertThat(producer.ended()).allSatisfy(each -> assertThat(each.error()).isNull());
    assertThat(world.cluster().topic("notes").log(0).batches()).isEqualTo(3);
  }

  @Test
  void aLargeBatchIsNotPassedOverForEver() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 40);
    String value = "x".repeat(30_000);
    boolean[] sendOn = {true};
    for (int i = 2; i < 40; i += 2) {
      int partition = i;
      Runnable[] again = new Runnable[1];
      again[0] =
          () -> {
            if (sendOn[0]) {
              producer
                  .client()
                  .send(
                      new ProducerRecord<>("notes", partition, null, value),
                      (metadata, error) -> again[0].run());
            }
          };
      again[0].run();
    }
    world.runFor(Duration.ofMillis(20));
    producer.send("notes", 0, "x".repeat(600_000));
    producer.awaitAll();
    sendOn[0] = false;
    assertThat(world.scheduler().nanoTime()).isLessThan(Duration.ofSeconds(1).toNanos());
    world.runFor(Duration.ofMillis(100));
  }

  @Test
  void tellsOffsetTimeEpochAndDurability() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    for (int i = 0; i < 50; i++) {
      producer.send("notes", 0, "v" + i);
    }
    long before = world.clientTasks().clock().wallMillis();
    producer.awaitAll();
    for (int i = 0; i < 50; i++) {
      RecordMetadata metadata = producer.metadata(i);
      assertThat(metadata.topicPartition()).isEqualTo(new TopicPartition("notes", 0));
      assertThat(metadata.offset()).isEqualTo(i);
      assertThat(metadata.leaderEpoch()).isEqualTo(1);
      assertThat(metadata.durability()).isEqualTo(io.millrace.client.Durability.STANDARD);
      assertThat(metadata.acknowledgement().flushed()).isTrue();
      assertThat(metadata.timestamp()).isCloseTo(before, offset(5L));
    }
  }

  @Test
  void asksForTheTopicsOwnDurabilityUnlessTold() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    producer.send("notes", 0, "v");
    producer.awaitAll();
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE).get(0).getProduce().getDurability())
        .isEqualTo(Durability.DURABILITY_UNSPECIFIED);
  }

  @Test
  void waitsForNoAnswerWithDurabilityNone() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().durability(io.millrace.client.Durability.NONE), 1);
    for (int i = 0; i < 100; i++) {
      producer.send("notes", 0, "v" + i);
    }
    producer.awaitAll();
    world.runFor(Duration.ofMillis(10));
    assertThat(producer.metadata(3).hasOffset()).isFalse();
    assertThat(producer.metadata(3).durability()).isEqualTo(io.millrace.client.Durability.NONE);
    assertThat(world.cluster().topic("notes").log(0).values()).hasSize(100);
  }

  @Test
  void lingersWhenToldAndNotWhenFlushed() {
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().linger(Duration.ofSeconds(5)), 1);
    producer.send("notes", 0, "a");
    world.runFor(Duration.ofSeconds(3));
    producer.send("notes", 0, "b");
    assertThat(producer.ended()).isEmpty();
    world.runFor(Duration.ofMillis(2_100));
    assertThat(producer.endedValues()).containsExactly("a", "b");
    producer.send("notes", 0, "c");
    boolean[] flushed = new boolean[1];
    producer.flush(() -> flushed[0] = true);
    world.runFor(Duration.ofMillis(100));
    assertThat(producer.endedValues()).containsExactly("a", "b", "c");
    assertThat(flushed[0]).isTrue();
  }

  @Test
  void recordsWithoutKeyFillOnePartitionAfterAnother() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 4);
    Set<Integer> partitions = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      producer.send("notes", null, "a" + i);
      producer.send("notes", null, "b" + i);
      producer.awaitAll();
      partitions.add(producer.metadata(2 * i).partition());
      assertThat(producer.metadata(2 * i).partition())
          .as("sent together, so in one batch")
          .isEqualTo(producer.metadata(2 * i + 1).partition());
    }
    assertThat(partitions).hasSize(4);
  }

  @Test
  void recordsWithoutKeyAvoidTheLeaderThatDoesNotAnswer() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 2);
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    producer.send("notes", 0, "x".repeat(200_000));
    world.await("one request", () -> hold.held.size() == 1);
    for (int i = 0; i < 20; i++) {
      producer.send("notes", null, "v" + i);
      world.runFor(Duration.ofMillis(5));
    }
    assertThat(producer.ended()).hasSize(20);
    hold.letGo(world.broker(1));
    producer.awaitAll();
  }

  @Test
  void queuesOnlyWhatKeepsTheLeaderBusyWhileItTakesRecords() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    producer.send("notes", 0, "first");
    producer.awaitAll();
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker(1).script(hold);
    long whileFlowing = fill(producer);
    assertThat(whileFlowing).isBetween(4L << 20, 5L << 20);
    world.runFor(Duration.ofMillis(150));
    assertThat(whileFlowing + fill(producer))
        .as("when it takes nothing for a while, the buffer bridges the gap")
        .isBetween(25L << 20, 33L << 20);
    hold.letGo(world.broker(1));
    producer.awaitAll();
  }

  private static long fill(SimulatedProducer producer) {
    SendTopic topic = Objects.requireNonNull(producer.client().engine().topic("notes"));
    String value = "x".repeat(10_000);
    long bytes = 0;
    while (producer.client().engine().hasRoom(topic, 0)) {
      producer.send("notes", 0, value);
      bytes += value.length();
    }
    return bytes;
  }

  @Test
  void usesTheMemoryOfEndedBatchesAgain() {
    SimulatedProducer producer = producer(SimulatedProducer.settings(), 1);
    for (int round = 0; round < 50; round++) {
      for (int i = 0; i < 100; i++) {
        producer.send("notes", 0, "x".repeat(1000));
      }
      producer.awaitAll();
      assertThat(producer.client().engine().usedBytes()).isZero();
    }
  }
}
