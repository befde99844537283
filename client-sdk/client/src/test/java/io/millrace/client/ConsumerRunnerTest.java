package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.client.errors.HandlerFailedException;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.errors.NotLeaderException;
import io.millrace.client.errors.OffsetOutOfRangeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The runner: at least once, each partition in order, several at a time")
@Timeout(60)
class ConsumerRunnerTest {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);
  private static final TopicPartition P1 = new TopicPartition("notes", 1);
  private static final Duration LONG = Duration.ofSeconds(50);

  private final ScriptedConsumer consumer = new ScriptedConsumer();
  private final Map<TopicPartition, List<Long>> handled = new ConcurrentHashMap<>();
  private final Semaphore mayGoOn = new Semaphore(0);
  private final AtomicInteger begun = new AtomicInteger();
  private final List<ConsumerRunner> runners = new ArrayList<>();

  @AfterEach
  void close() {
    mayGoOn.release(1_000_000);
    runners.forEach(runner -> runner.close(LONG));
  }

  private ConsumerRunner.Builder<String, String> builder() {
    ConsumerSettings settings = ConsumerSettings.builder("zk:2181").groupId("g").build();
    return new ConsumerRunner.Builder<String, String>(settings, given -> consumer)
        .topics("notes")
        .commitEvery(Duration.ofMillis(10));
  }

  private ConsumerRunner start(
      ConsumerRunner.Builder<String, String> builder, RecordHandler<String, String> handler) {
    ConsumerRunner runner = builder.start(handler);
    runners.add(runner);
    return runner;
  }

  private void note(ConsumerRecord<String, String> record) {
    handled
        .computeIfAbsent(
            record.topicPartition(), p -> Collections.synchronizedList(new ArrayList<>()))
        .add(record.offset());
  }

  private List<Long> handled(TopicPartition partition) {
    return List.copyOf(handled.getOrDefault(partition, List.of()));
  }

  /** Each call needs a permission of the test's. */
  private void noteWhenAllowed(ConsumerRecord<String, String> record) throws Exception {
    begun.incrementAndGet();
    mayGoOn.acquire();
    note(record);
  }

  private static List<Long> offsets(int from, int until) {
    return IntStream.range(from, until).mapToObj(i -> (long) i).toList();
  }

  // ---- In order, and at the same time ----------------------------------------------------------

  @Test
  void handlesTheRecordsOfEachPartitionInOrderOneAfterAnother() {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    consumer.write(P0, 0, 500);
    consumer.give(P0);
    start(
        builder().concurrency(8),
        record -> {
          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
          note(record);
          inside.decrementAndGet();
        });
    await().until(() -> handled(P0).size() == 500);
    assertThat(handled(P0)).isEqualTo(offsets(0, 500));
    assertThat(most.get()).isEqualTo(1);
    await().until(() -> consumer.committed(P0) == 500);
  }

  @Test
  void handlesSeveralPartitionsAtTheSameTime() {
    CyclicBarrier both = new CyclicBarrier(2);
    consumer.write(P0, 0, 1);
    consumer.write(P1, 0, 1);
    consumer.give(P0, P1);
    start(
        builder().concurrency(2),
        record -> {
          both.await(50, TimeUnit.SECONDS); // each waits for the other
          note(record);
        });
    await().until(() -> handled(P0).size() + handled(P1).size() == 2);
  }

  @Test
  void oneThreadIsEnoughForAnyNumberOfPartitions() {
    for (int i = 0; i < 20; i++) {
      consumer.write(new TopicPartition("notes", i), 0, 200);
      consumer.give(new TopicPartition("notes", i));
    }
    start(builder().concurrency(1), this::note);
    await().until(() -> handled.values().stream().mapToInt(List::size).sum() == 4_000);
    assertThat(handled.values()).allSatisfy(each -> assertThat(each).isEqualTo(offsets(0, 200)));
  }

  @Test
  void givesABatchHandlerWhatThereIsUpToItsLimit() {
    List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
    consumer.write(P0, 0, 100);
    consumer.give(P0);
    ConsumerRunner runner =
        builder()
            .startBatches(
                7,
                (partition, records) -> {
                  sizes.add(records.size());
                  records.forEach(this::note);
                });
    runners.add(runner);
    await().until(() -> consumer.committed(P0) == 100);
    assertThat(handled(P0)).isEqualTo(offsets(0, 100));
    assertThat(sizes).allSatisfy(size -> assertThat(size).isBetween(1, 7)).contains(7);
  }

  // ---- Commits ---------------------------------------------------------------------------------

  @Test
  void commitsWhatWasHandledAndNothingElse() {
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    start(builder(), this::noteWhenAllowed);
    mayGoOn.release(5);
    await().until(() -> consumer.committed(P0) == 5 && begun.get() == 6);
    int before = consumer.polls();
    await().until(() -> consumer.polls() > before + 2);
    assertThat(consumer.committed(P0)).as("the sixth is under way").isEqualTo(5);
    mayGoOn.release(100);
    await().until(() -> consumer.committed(P0) == 20);
  }

  @Test
  @DisplayName("4.13: a group that begins at the end begins there, also when nothing has come yet")
  void commitsWhereReadingBegins() {
    consumer.beginAt(P0, 17);
    consumer.give(P0);
    start(builder(), this::note);
    await().until(() -> consumer.committed(P0) == 17);
  }

  @Test
  void stopsInOrderWithTheCallThatIsUnderWay() {
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    ConsumerRunner runner = start(builder(), this::noteWhenAllowed);
    mayGoOn.release(3);
    await().until(() -> begun.get() == 4);
    runner.stop();
    assertThat(runner.awaitEnd(Duration.ZERO)).isFalse();
    mayGoOn.release(1000);
    runner.awaitEnd();
    assertThat(handled(P0)).as("what was under way, and nothing more").isEqualTo(offsets(0, 4));
    assertThat(consumer.committed(P0)).isEqualTo(4);
    assertThat(consumer.isClosed()).isTrue();
  }

  @Test
  @DisplayName("stop: no other call begins, also while the polling thread is somewhere else")
  void beginsNoOtherCallOnceItWasStopped() throws Exception {
    CountDownLatch another = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    CompletableFuture<ConsumerRunner> started = new CompletableFuture<>();
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    ConsumerRunner runner =
        start(
            builder().concurrency(1),
            record -> {
              note(record);
              if (record.offset() > 0) {
                another.countDown();
                return;
              }
              held.await();
              started.join().stop();
            });
    started.complete(runner);
    await().until(() -> !handled(P0).isEmpty());
    consumer.hold(
        () -> {
          held.countDown();
          awaitAtMost(another, Duration.ofSeconds(1));
        });
    runner.awaitEnd();
    assertThat(handled(P0)).isEqualTo(offsets(0, 1));
    assertThat(consumer.committed(P0)).isEqualTo(1);
  }

  private static void awaitAtMost(CountDownLatch latch, Duration limit) {
    try {
      latch.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- Back-pressure ---------------------------------------------------------------------------

  @Test
  void aFullQueuePausesItsPartitionAndNoOther() {
    consumer.write(P0, 0, 1000);
    consumer.write(P1, 0, 1000);
    consumer.give(P0, P1);
    start(
        builder().queuedRecords(50),
        record -> {
          if (record.partition() == 0) {
            mayGoOn.acquire();
          }
          note(record);
        });
    await().until(() -> handled(P1).size() == 1000);
    assertThat(consumer.left(P0)).as("not read").isGreaterThan(900);
    assertThat(consumer.paused()).containsExactly(P0);
    mayGoOn.release(1000);
    await().until(() -> handled(P0).size() == 1000);
    assertThat(handled(P0)).isEqualTo(offsets(0, 1000));
  }

  // ---- Failures --------------------------------------------------------------------------------

  @Test
  void aHandlerThatThrowsStopsTheRunnerAndOnlyWhatWasBeforeIsCommitted() {
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    IllegalStateException cause = new IllegalStateException("cannot");
    ConsumerRunner runner =
        start(
            builder(),
            record -> {
              if (record.offset() == 7) {
                throw cause;
              }
              note(record);
            });
    assertThatThrownBy(runner::awaitEnd)
        .isInstanceOfSatisfying(
            HandlerFailedException.class,
            e -> {
              assertThat(e).hasMessageContaining("notes/0 offset 7").hasCause(cause);
              assertThat(e.offset()).isEqualTo(7);
            });
    assertThat(handled(P0)).isEqualTo(offsets(0, 7));
    assertThat(consumer.committed(P0)).isEqualTo(7);
    assertThat(consumer.isClosed()).isTrue();
  }

  @Test
  void skipsWhereToldTo() {
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    start(
        builder().onFailure(FailurePolicy.skip()),
        record -> {
          if (record.offset() % 2 == 1) {
            throw new IllegalStateException("odd");
          }
          note(record);
        });
    await().until(() -> consumer.committed(P0) == 20);
    assertThat(handled(P0)).hasSize(10);
  }

  @Test
  void triesAgainWithoutGoingOnInThatPartitionWhileOthersGoOn() {
    CountDownLatch otherDone = new CountDownLatch(1);
    AtomicInteger tries = new AtomicInteger();
    consumer.write(P0, 0, 10);
    consumer.write(P1, 0, 10);
    consumer.give(P0, P1);
    start(
        builder()
            .concurrency(1)
            .onFailure(FailurePolicy.retry(1000, Duration.ofMillis(5), FailurePolicy.stop())),
        record -> {
          boolean isFirst = record.partition() == 0 && record.offset() == 3;
          if (isFirst && (tries.incrementAndGet() < 3 || otherDone.getCount() > 0)) {
            throw new IllegalStateException("not yet");
          }
          note(record);
          if (record.partition() == 1 && record.offset() == 9) {
            otherDone.countDown();
          }
        });
    await().until(() -> handled(P0).size() == 10 && handled(P1).size() == 10);
    assertThat(handled(P0)).isEqualTo(offsets(0, 10));
    assertThat(tries.get()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void givesUpTryingAfterAsManyTimesAsItWasTold() {
    AtomicInteger tries = new AtomicInteger();
    consumer.write(P0, 0, 1);
    consumer.give(P0);
    ConsumerRunner runner =
        start(
            builder().onFailure(FailurePolicy.retry(3, Duration.ZERO, FailurePolicy.stop())),
            record -> {
              tries.incrementAndGet();
              throw new IllegalStateException("never");
            });
    assertThatThrownBy(runner::awaitEnd).isInstanceOf(HandlerFailedException.class);
    assertThat(tries.get()).isEqualTo(4);
  }

  @Test
  void aPolicyThatThrowsAnErrorOrAnAssertionStopsTheRunner() {
    consumer.write(P0, 0, 1);
    consumer.give(P0);
    ConsumerRunner runner =
        start(
            builder()
                .onFailure(
                    failure -> {
                      throw new IllegalStateException("no letter");
                    }),
            record -> {
              throw new IllegalArgumentException("bad");
            });
    assertThatThrownBy(runner::awaitEnd)
        .isInstanceOf(HandlerFailedException.class)
        .hasRootCauseMessage("no letter");
  }

  @Test
  void aHandlerThatHangsEndsTheRunnerSoThatOthersCanGoOn() {
    consumer.write(P0, 0, 5);
    consumer.give(P0);
    ConsumerRunner runner =
        start(builder().handlerTimeout(Duration.ofMillis(300)), this::noteWhenAllowed);
    mayGoOn.release(2);
    assertThatThrownBy(runner::awaitEnd)
        .isInstanceOf(HandlerFailedException.class)
        .hasMessageContaining("has not returned for 300 ms")
        .hasMessageContaining("offset 2");
    assertThat(consumer.committed(P0)).isEqualTo(2);
    assertThat(consumer.isClosed()).as("it has left the group").isTrue();
  }

  @Test
  void whatPassesIsWaitedForAndWhatDoesNotEndsTheRunner() {
    consumer.write(P0, 0, 5);
    consumer.failNextPoll(new NotLeaderException("moved"));
    consumer.give(P0);
    ConsumerRunner runner = start(builder(), this::note);
    await().until(() -> handled(P0).size() == 5);
    consumer.failNextPoll(new OffsetOutOfRangeException("notes", 0, 3, "gone"));
    assertThatThrownBy(runner::awaitEnd).isInstanceOf(OffsetOutOfRangeException.class);
    assertThat(consumer.committed(P0)).isEqualTo(5);
  }

  // ---- Partitions that move --------------------------------------------------------------------

  @Test
  @DisplayName("I6: a partition goes when its call has ended and is committed, and not before")
  void finishesAndCommitsBeforeAPartitionGoes() {
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    start(builder().commitEvery(LONG), this::noteWhenAllowed);
    mayGoOn.release(4);
    await().until(() -> begun.get() == 5);
    consumer.revoke(P0);
    await().pollDelay(Duration.ofMillis(300)).until(() -> true);
    assertThat(consumer.assignment()).as("it waits for the call").containsExactly(P0);
    mayGoOn.release(1);
    await().until(() -> consumer.assignment().isEmpty());
    mayGoOn.release(100);
    assertThat(handled(P0)).isEqualTo(offsets(0, 5));
    assertThat(consumer.committed(P0)).isEqualTo(5);
  }

  @Test
  void dropsWhatIsLostWithoutCommittingIt() {
    consumer.write(P0, 0, 20);
    consumer.give(P0);
    start(builder().commitEvery(LONG), this::noteWhenAllowed);
    mayGoOn.release(4);
    await().until(() -> begun.get() == 5);
    long before = consumer.committed(P0);
    consumer.lose(P0);
    await().until(() -> consumer.assignment().isEmpty());
    mayGoOn.release(100);
    await().until(() -> handled(P0).size() == 5);
    int polls = consumer.polls();
    await().until(() -> consumer.polls() > polls + 2);
    assertThat(handled(P0)).isEqualTo(offsets(0, 5));
    assertThat(consumer.committed(P0)).isEqualTo(before);
  }

  @Test
  void aPartitionThatComesBackWaitsForTheCallFromBefore() {
    consumer.write(P0, 0, 5);
    consumer.give(P0);
    start(builder().concurrency(4), this::noteWhenAllowed);
    await().until(() -> begun.get() == 1);
    consumer.lose(P0);
    consumer.write(P0, 0, 5); // from the last commit
    consumer.give(P0);
    await().until(() -> consumer.left(P0) == 0);
    int polls = consumer.polls();
    await().until(() -> consumer.polls() > polls + 1);
    assertThat(begun.get()).as("nobody else works on the partition").isEqualTo(1);
    mayGoOn.release(100);
    await().until(() -> consumer.committed(P0) == 5);
    assertThat(handled(P0)).containsExactly(0L, 0L, 1L, 2L, 3L, 4L);
  }

  // ---- What is refused -------------------------------------------------------------------------

  @Test
  void refusesWhatCannotBe() {
    ConsumerSettings none = ConsumerSettings.builder("zk:2181").build();
    assertThatThrownBy(
            () -> ConsumerRunner.builder(none, Deserializers.string(), Deserializers.string()))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("group.id");
    assertThatThrownBy(() -> builder().concurrency(0)).hasMessageContaining("1 to 1000");
    assertThatThrownBy(() -> builder().queuedRecords(0)).hasMessageContaining("queuedRecords");
    assertThatThrownBy(() -> builder().handlerTimeout(Duration.ofMinutes(5)))
        .hasMessageContaining("max.poll.interval.ms");
    assertThatThrownBy(() -> builder().commitEvery(Duration.ZERO)).hasMessageContaining("more");
    assertThatThrownBy(() -> builder().topics().start(record -> {}))
        .isInstanceOf(IllegalStateException.class);
  }
}
