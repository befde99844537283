package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.RecordHeader;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Positions, polls and prefetching, while brokers tell the truth. */
class ConsumerReadingTest {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);
  private static final TopicPartition P1 = new TopicPartition("notes", 1);

  private final SimulatedWorld world = new SimulatedWorld(23, 2);
  private final FakeLog log = world.cluster().createTopic("notes", 2).log(0);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private SimulatedConsumer consumer(ConsumerSettings.Builder settings, TopicPartition... read) {
    SimulatedConsumer consumer = new SimulatedConsumer(world, settings);
    consumer.client().assign(List.of(read));
    return consumer;
  }

  private SimulatedConsumer fromEarliest(TopicPartition... read) {
    return consumer(SimulatedConsumer.settings().autoOffsetReset(OffsetReset.EARLIEST), read);
  }

  private void write(FakeLog to, int from, int until) {
    for (int i = from; i < until; i++) {
      to.append(Batches.of("v" + i), 1, 0);
    }
    world.broker(1).wakeWaiting();
    world.broker(2).wakeWaiting();
  }

  private static List<String> values(int from, int until) {
    return IntStream.range(from, until).mapToObj(i -> "v" + i).toList();
  }

  // ---- Where it begins -------------------------------------------------------------------------

  @Test
  void beginsAtTheEndUnlessTold() {
    write(log, 0, 5);
    SimulatedConsumer consumer = consumer(SimulatedConsumer.settings(), P0);
    consumer.pollFor(Duration.ofMillis(100));
    assertThat(consumer.client().position(P0)).isEqualTo(5);
    write(log, 5, 7);
    consumer.awaitRecords(2);
    assertThat(consumer.values()).isEqualTo(values(5, 7));
  }

  @Test
  void beginsAtTheStartWhenTold() {
    write(log, 0, 5);
    log.trim(2);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(3);
    assertThat(consumer.values()).isEqualTo(values(2, 5));
    assertThat(consumer.client().position(P0)).isEqualTo(5);
    assertThat(consumer.client().currentLag(P0)).hasValue(0);
  }

  @Test
  void beginsNowhereWhenToldToFail() {
    SimulatedConsumer consumer =
        consumer(SimulatedConsumer.settings().autoOffsetReset(OffsetReset.FAIL), P0);
    assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(1)))
        .isInstanceOf(OffsetOutOfRangeException.class)
        .hasMessageContaining("seek");
    consumer.client().seek(P0, 0);
    assertThat(consumer.poll()).isEmpty();
  }

  @Test
  void goesWhereItIsSentAlsoIntoTheMiddleOfABatch() {
    log.append(Batches.of("a", "b", "c", "d"), 1, 0);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.client().seek(P0, 2);
    assertThat(consumer.client().position(P0)).isEqualTo(2);
    consumer.awaitRecords(2);
    assertThat(consumer.values()).containsExactly("c", "d");
    consumer.client().seekToBeginning(List.of());
    consumer.awaitRecords(6);
    assertThat(consumer.values()).containsExactly("c", "d", "a", "b", "c", "d");
    consumer.client().seekToEnd(List.of(P0));
    consumer.pollFor(Duration.ofMillis(10));
    assertThat(consumer.records()).hasSize(6);
    assertThat(consumer.client().position(P0)).isEqualTo(4);
  }

  @Test
  void whatWasFetchedBeforeASeekIsNotReturnedAfterIt() {
    write(log, 0, 1000);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(1);
    consumer.records().clear();
    consumer.client().seek(P0, 900);
    consumer.awaitRecords(100);
    assertThat(consumer.values()).isEqualTo(values(900, 1000));
  }

  @Test
  void keepsPositionsOfWhatStaysAssigned() {
    write(log, 0, 10);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(10);
    consumer.client().assign(List.of(P0, P1));
    consumer.pollFor(Duration.ofMillis(20));
    assertThat(consumer.records()).hasSize(10);
    assertThat(consumer.client().assignment()).isEqualTo(Set.of(P0, P1));
    consumer.client().assign(List.of(P1));
    write(log, 10, 20);
    consumer.pollFor(Duration.ofMillis(20));
    assertThat(consumer.records()).hasSize(10);
    consumer.client().assign(List.of(P0));
    consumer.awaitRecords(30);
  }

  @Test
  void callsOnWhatIsNotAssignedAreRefused() {
    SimulatedConsumer consumer = fromEarliest(P0);
    assertThatThrownBy(() -> consumer.client().seek(P1, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("notes/1");
    assertThatThrownBy(() -> consumer.client().seek(P0, -1))
        .isInstanceOf(IllegalArgumentException.class);
    consumer.client().assign(List.of());
    assertThatThrownBy(consumer::poll).isInstanceOf(IllegalStateException.class);
  }

  // ---- Polling ---------------------------------------------------------------------------------

  @Test
  void returnsNoMoreThanAskedForAndMovesThePositionWithIt() {
    log.append(Batches.of(values(0, 25).toArray(String[]::new)), 1, 0);
    SimulatedConsumer consumer =
        consumer(
            SimulatedConsumer.settings().autoOffsetReset(OffsetReset.EARLIEST).maxPollRecords(10),
            P0);
    List<Integer> sizes = new ArrayList<>();
    world.await(
        "all records",
        () -> {
          int size = consumer.poll().size();
          if (size > 0) {
            sizes.add(size);
            assertThat(consumer.client().position(P0)).isEqualTo(consumer.records().size());
          }
          return consumer.records().size() == 25;
        });
    assertThat(sizes).containsExactly(10, 10, 5);
  }

  @Test
  void movesOverOffsetsThatHoldNothing() {
    write(log, 0, 2);
    log.skip(100);
    write(log, 2, 4);
    log.skip(50);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(4);
    assertThat(consumer.records())
        .extracting(ConsumerRecord::offset)
        .containsExactly(0L, 1L, 102L, 103L);
    consumer.pollFor(Duration.ofMillis(10));
    assertThat(consumer.client().position(P0)).isEqualTo(154);
  }

  @Test
  void readsPartitionsInTurn() {
    write(log, 0, 2000);
    write(world.cluster().topic("notes").log(1), 0, 2000);
    SimulatedConsumer consumer =
        consumer(
            SimulatedConsumer.settings().autoOffsetReset(OffsetReset.EARLIEST).maxPollRecords(100),
            P0,
            P1);
    assertThat(consumer.poll()).as("the first poll begins it").isEmpty();
    world.runFor(Duration.ofMillis(100));
    for (int i = 0; i < 10; i++) {
      consumer.poll();
    }
    assertThat(consumer.records().stream().filter(r -> r.partition() == 0)).hasSize(500);
    assertThat(consumer.records().stream().filter(r -> r.partition() == 1)).hasSize(500);
  }

  @Test
  void pausedPartitionsAreNotReturnedAndNotFetchedFurther() {
    write(log, 0, 10);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(10);
    consumer.client().pause(List.of(P0));
    assertThat(consumer.client().paused()).containsExactly(P0);
    write(log, 10, 20);
    consumer.pollFor(Duration.ofSeconds(2));
    int fetches = world.broker(1).seen(Request.ApiCase.FETCH).size();
    consumer.pollFor(Duration.ofSeconds(5));
    assertThat(consumer.records()).hasSize(10);
    assertThat(world.broker(1).seen(Request.ApiCase.FETCH)).hasSize(fetches);
    consumer.client().resume(List.of(P0));
    consumer.awaitRecords(20);
  }

  @Test
  void tellsEverythingOfARecord() {
    log.append(
        Batches.build(
            builder ->
                builder.tryAppend(
                    1234,
                    "key".getBytes(UTF_8),
                    null,
                    List.of(new RecordHeader("h", new byte[] {1}), new RecordHeader("h", null)))),
        1,
        0);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(1);
    ConsumerRecord<String, String> record = consumer.records().get(0);
    assertThat(record.key()).isEqualTo("key");
    assertThat(record.value()).isNull();
    assertThat(record.timestamp()).isEqualTo(1234);
    assertThat(record.leaderEpoch()).isEqualTo(1);
    assertThat(record.headers()).extracting(RecordHeader::name).containsExactly("h", "h");
    assertThat(record.toString()).isEqualTo("notes/0 offset 0");
  }

  @Test
  void recordsOutliveTheBatchesTheyCameIn() {
    for (int i = 0; i < 50; i++) {
      log.append(Batches.compressed("zstd", "value " + i, "x".repeat(500)), 1, 0);
    }
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(100);
    for (int i = 0; i < 50; i++) {
      assertThat(consumer.records().get(2 * i).value()).isEqualTo("value " + i);
    }
  }

  // ---- Prefetching -----------------------------------------------------------------------------

  @Test
  void fetchesTheNextRecordsWhileTheseAreLookedAt() {
    SimulatedConsumer consumer =
        consumer(
            SimulatedConsumer.settings()
                .autoOffsetReset(OffsetReset.EARLIEST)
                .maxPartitionFetchBytes(10_000),
            P0);
    for (int i = 0; i < 100; i++) {
      log.append(Batches.of("x".repeat(5_000)), 1, 0);
    }
    consumer.awaitRecords(1);
    int fetches = world.broker(1).seen(Request.ApiCase.FETCH).size();
    world.runFor(Duration.ofMillis(5)); // the application is busy
    assertThat(world.broker(1).seen(Request.ApiCase.FETCH).size()).isGreaterThan(fetches);
    assertThat(consumer.poll()).as("without waiting").isNotEmpty();
  }

  @Test
  void fetchesNoFurtherAheadThanItMay() {
    int limit = 200_000;
    SimulatedConsumer consumer =
        consumer(
            SimulatedConsumer.settings()
                .autoOffsetReset(OffsetReset.EARLIEST)
                .prefetchBytes(limit)
                .maxPartitionFetchBytes(150_000),
            P0,
            P1);
    for (int i = 0; i < 500; i++) {
      log.append(Batches.of("x".repeat(5_000)), 1, 0);
      world.cluster().topic("notes").log(1).append(Batches.of("x".repeat(5_000)), 1, 0);
    }
    assertThat(consumer.poll()).as("the first poll begins it").isEmpty();
    world.runFor(Duration.ofSeconds(3));
    while (!consumer.poll().isEmpty()) {
      // No time passes: these are the records that it had.
    }
    assertThat(consumer.records().size() * 5_000L).isBetween(limit / 3L, limit + 20_000L);
    consumer.awaitRecords(1000);
  }

  @Test
  void asksForSeveralPartitionsTogether() {
    world.cluster().createTopic("wide", 20);
    List<TopicPartition> all =
        IntStream.range(0, 20).mapToObj(i -> new TopicPartition("wide", i)).toList();
    fromEarliest(all.toArray(TopicPartition[]::new)).poll();
    world.runFor(Duration.ofMillis(100));
    assertThat(
            world.broker(1).seen(Request.ApiCase.FETCH).stream()
                .map(Request::getFetch)
                .mapToInt(FetchRequest::getPartitionsCount))
        .contains(10);
  }

  @Test
  void anIdlePartitionDoesNotHoldUpABusyOne() {
    world.cluster().createTopic("pair", 3); // 0 and 2 are led by broker 1
    FakeLog busy = world.cluster().topic("pair").log(2);
    SimulatedConsumer consumer =
        consumer(
            SimulatedConsumer.settings()
                .autoOffsetReset(OffsetReset.EARLIEST)
                .maxPartitionFetchBytes(10_000),
            new TopicPartition("pair", 0),
            new TopicPartition("pair", 2));
    for (int i = 0; i < 400; i++) {
      busy.append(Batches.of("x".repeat(5_000)), 1, 0);
    }
    long start = world.scheduler().nanoTime();
    consumer.awaitRecords(400);
    assertThat(world.scheduler().nanoTime() - start)
        .as("far less than one long poll for each fetch")
        .isLessThan(Duration.ofMillis(800).toNanos());
  }

  // ---- Out of range ----------------------------------------------------------------------------

  @Test
  void aSoughtOffsetThatIsGoneFailsUnlessTold() {
    write(log, 0, 10);
    log.trim(5);
    SimulatedConsumer consumer = consumer(SimulatedConsumer.settings(), P0);
    consumer.client().seek(P0, 3);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(1)))
          .as("again and again, until it is told where to go")
          .isInstanceOfSatisfying(
              OffsetOutOfRangeException.class, e -> assertThat(e.offset()).isEqualTo(3));
      assertThat(consumer.client().position(P0)).isEqualTo(3);
    }
    consumer.client().seek(P0, 5);
    consumer.awaitRecords(5);
  }

  @Test
  void goesOnWherePolicySays() {
    write(log, 0, 10);
    log.trim(5);
    SimulatedConsumer earliest = fromEarliest(P0);
    earliest.client().seek(P0, 3);
    earliest.awaitRecords(5);
    assertThat(earliest.values()).isEqualTo(values(5, 10));
  }

  @Test
  void behindTheEndItGoesOnAtTheEnd() {
    write(log, 0, 10);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.client().seek(P0, 50);
    consumer.pollFor(Duration.ofMillis(100));
    assertThat(consumer.client().position(P0)).isEqualTo(10);
    write(log, 10, 11);
    consumer.awaitRecords(1);
    assertThat(consumer.values()).containsExactly("v10");
  }

  @Test
  void latestSkipsToTheEnd() {
    write(log, 0, 10);
    log.trim(5);
    SimulatedConsumer consumer =
        consumer(SimulatedConsumer.settings().autoOffsetReset(OffsetReset.LATEST), P0);
    consumer.client().seek(P0, 3);
    consumer.pollFor(Duration.ofMillis(100));
    assertThat(consumer.client().position(P0)).isEqualTo(10);
  }

  @Test
  void offsetsOfADeletedTopicMeanNothingInItsSuccessor() {
    write(log, 0, 10);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(10);
    world.cluster().deleteTopic("notes");
    FakeLog successor = world.cluster().createTopic("notes", 1).log(0);
    write(successor, 100, 105);
    consumer.awaitRecords(15);
    assertThat(consumer.values().subList(10, 15)).isEqualTo(values(100, 105));
  }

  // ---- Who is asked ----------------------------------------------------------------------------

  @Test
  void followsTheLeader() {
    write(log, 0, 5);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(5);
    world.cluster().lead("notes", 0, 2, true);
    log.append(Batches.of("v5"), 2, 0);
    world.broker(1).wakeWaiting();
    world.broker(2).wakeWaiting();
    consumer.awaitRecords(6);
    assertThat(consumer.records().get(5).leaderEpoch()).isEqualTo(2);
  }

  @Test
  void anUnknownTopicIsTold() {
    SimulatedConsumer consumer = fromEarliest(new TopicPartition("nowhere", 0));
    assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(5)))
        .isInstanceOf(UnknownTopicException.class);
    world.cluster().createTopic("nowhere", 1).log(0).append(Batches.of("here"), 1, 0);
    consumer.awaitRecords(1);
  }

  @Test
  void anUnknownPartitionIsTold() {
    SimulatedConsumer consumer = fromEarliest(new TopicPartition("notes", 9));
    assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(5)))
        .isInstanceOf(UnknownPartitionException.class);
  }

  @Test
  void survivesAKilledLeader() {
    write(log, 0, 5);
    SimulatedConsumer consumer = fromEarliest(P0);
    consumer.awaitRecords(5);
    world.killBroker(1);
    consumer.pollFor(Duration.ofSeconds(3));
    world.startBroker(1, 2);
    write(log, 5, 8);
    consumer.awaitRecords(8);
    assertThat(consumer.values()).isEqualTo(values(0, 8));
  }
}
