package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.client.errors.OffsetOutOfRangeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The publisher, by the numbers of the Reactive Streams rules")
@Timeout(60)
class ConsumerPublisherTest {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);
  private static final TopicPartition P1 = new TopicPartition("notes", 1);

  private final ScriptedConsumer consumer = new ScriptedConsumer();
  private final List<ConsumerPublisher<String, String>> publishers = new ArrayList<>();

  @AfterEach
  void close() {
    publishers.forEach(publisher -> publisher.close(Duration.ofSeconds(30)));
  }

  private ConsumerPublisher.Builder<String, String> builder() {
    ConsumerSettings settings = ConsumerSettings.builder("zk:2181").groupId("g").build();
    return new ConsumerPublisher.Builder<String, String>(settings, given -> consumer)
        .topics("notes")
        .commitEvery(Duration.ofMillis(10));
  }

  private ConsumerPublisher<String, String> publisher() {
    return built(builder());
  }

  private ConsumerPublisher<String, String> built(
      ConsumerPublisher.Builder<String, String> builder) {
    ConsumerPublisher<String, String> publisher = builder.build();
    publishers.add(publisher);
    return publisher;
  }

  /** Notes every signal, and that no two come at a time. */
  private static class Noting implements Flow.Subscriber<ConsumerRecord<String, String>> {
    final List<ConsumerRecord<String, String>> records =
        Collections.synchronizedList(new ArrayList<>());
    final List<String> ends = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger inside = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final Consumer<ConsumerRecord<String, String>> onNext;
    volatile Flow.@Nullable Subscription subscription;
    volatile @Nullable Throwable error;

    Noting() {
      this(record -> {});
    }

    Noting(Consumer<ConsumerRecord<String, String>> onNext) {
      this.onNext = onNext;
    }

    Flow.Subscription subscription() {
      Flow.Subscription known = subscription;
      if (known == null) {
        throw new AssertionError("not subscribed");
      }
      return known;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      assertThat(subscription).as("rule 2.12: once").isNull();
      subscription = given;
    }

    @Override
    public void onNext(ConsumerRecord<String, String> record) {
      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
      records.add(record);
      onNext.accept(record);
      inside.decrementAndGet();
    }

    @Override
    public void onError(Throwable e) {
      error = e;
      ends.add("error");
    }

    @Override
    public void onComplete() {
      ends.add("complete");
    }

    List<Long> offsets(int partition) {
      return List.copyOf(records).stream()
          .filter(record -> record.partition() == partition)
          .map(ConsumerRecord::offset)
          .toList();
    }
  }

  private static List<Long> offsets(int from, int until) {
    return IntStream.range(from, until).mapToObj(i -> (long) i).toList();
  }

  private void pollsPass(int some) {
    int before = consumer.polls();
    await().until(() -> consumer.polls() >= before + some);
  }

  // ---- Demand ----------------------------------------------------------------------------------

  @Test
  @DisplayName("1.1, 3.8: as many as were requested and no more")
  void tellsNoMoreThanWasRequested() {
    consumer.write(P0, 0, 100);
    consumer.give(P0);
    Noting to = new Noting();
    publisher().subscribe(to);
    pollsPass(2);
    assertThat(to.records).isEmpty();
    to.subscription().request(3);
    await().until(() -> to.records.size() == 3);
    pollsPass(2);
    assertThat(to.records).hasSize(3);
    to.subscription().request(2);
    to.subscription().request(5);
    await().until(() -> to.records.size() == 10);
    await().until(() -> consumer.committed(P0) == 10);
  }

  @Test
  @DisplayName("back-pressure: what nobody requests is not read either, but for the queues")
  void doesNotReadWhatNobodyRequests() {
    consumer.write(P0, 0, 1000);
    consumer.give(P0);
    Noting to = new Noting();
    built(builder().queuedRecords(50)).subscribe(to);
    await().until(() -> consumer.paused().contains(P0));
    assertThat(consumer.left(P0)).isGreaterThan(900);
    to.subscription().request(Long.MAX_VALUE);
    await().until(() -> to.records.size() == 1000);
    assertThat(to.offsets(0)).isEqualTo(offsets(0, 1000));
  }

  @Test
  @DisplayName("3.17: requests that add up beyond Long.MAX_VALUE mean: all there is")
  void takesAnyDemand() {
    consumer.write(P0, 0, 30);
    consumer.give(P0);
    Noting to = new Noting();
    publisher().subscribe(to);
    to.subscription().request(Long.MAX_VALUE - 1);
    to.subscription().request(Long.MAX_VALUE - 1);
    await().until(() -> to.records.size() == 30);
  }

  @Test
  @DisplayName("3.9: to request nothing is an error")
  void refusesARequestForNothing() {
    Noting to = new Noting();
    publisher().subscribe(to);
    to.subscription().request(0);
    await().until(() -> to.ends.contains("error"));
    assertThat(to.error).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
    assertThat(consumer.isClosed()).isTrue();
  }

  // ---- Signals ---------------------------------------------------------------------------------

  @Test
  @DisplayName("1.3: signals come one after another, the records of a partition in order")
  void tellsOneAtATime() {
    consumer.write(P0, 0, 300);
    consumer.write(P1, 0, 300);
    consumer.give(P0, P1);
    Noting to = new Noting();
    publisher().subscribe(to);
    to.subscription().request(600);
    await().until(() -> to.records.size() == 600);
    assertThat(to.most.get()).isEqualTo(1);
    assertThat(to.offsets(0)).isEqualTo(offsets(0, 300));
    assertThat(to.offsets(1)).isEqualTo(offsets(0, 300));
  }

  @Test
  @DisplayName("3.3: requesting from within onNext does not go deeper and deeper")
  void requestsFromWithinOnNext() {
    consumer.write(P0, 0, 20_000);
    consumer.give(P0);
    Noting[] self = new Noting[1];
    Noting to = new Noting(record -> self[0].subscription().request(1));
    self[0] = to;
    publisher().subscribe(to);
    to.subscription().request(1);
    await().until(() -> to.records.size() == 20_000);
    assertThat(to.most.get()).as("depth").isEqualTo(1);
  }

  @Test
  @SuppressWarnings("NullAway") // what a careless caller does
  @DisplayName("1.9: null is refused, and a second subscriber by onSubscribe and onError")
  void hasOneSubscriber() {
    ConsumerPublisher<String, String> publisher = publisher();
    assertThatThrownBy(() -> publisher.subscribe(null)).isInstanceOf(NullPointerException.class);
    publisher.subscribe(new Noting());
    Noting second = new Noting();
    publisher.subscribe(second);
    assertThat(second.subscription).isNotNull();
    assertThat(second.error)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has had its one subscriber: build another one");
    second.subscription().request(1);
    second.subscription().cancel();
    assertThat(second.ends).containsExactly("error");
  }

  @Test
  @DisplayName("1.4: what goes wrong is told by onError, once, behind the last record")
  void tellsWhatGoesWrong() {
    consumer.write(P0, 0, 5);
    consumer.give(P0);
    Noting to = new Noting();
    publisher().subscribe(to);
    to.subscription().request(100);
    await().until(() -> to.records.size() == 5);
    consumer.failNextPoll(new OffsetOutOfRangeException("notes", 0, 5, "gone"));
    await().until(() -> !to.ends.isEmpty());
    assertThat(to.error).isInstanceOf(OffsetOutOfRangeException.class);
    assertThat(to.ends).containsExactly("error");
    assertThat(consumer.committed(P0)).isEqualTo(5);
  }

  @Test
  @DisplayName("2.13: a subscriber that throws is told nothing more; its record comes again")
  void endsWhereASubscriberThrows() {
    consumer.write(P0, 0, 10);
    consumer.give(P0);
    Noting to =
        new Noting(
            record -> {
              if (record.offset() == 4) {
                throw new IllegalStateException("may not");
              }
            });
    publisher().subscribe(to);
    to.subscription().request(100);
    await().until(consumer::isClosed);
    assertThat(to.offsets(0)).isEqualTo(offsets(0, 5));
    assertThat(to.ends).isEmpty();
    assertThat(consumer.committed(P0)).isEqualTo(4);
  }

  // ---- Ends ------------------------------------------------------------------------------------

  @Test
  @DisplayName("3.12, 3.5: cancelling ends it without another word, and leaves the group")
  void cancels() {
    consumer.write(P0, 0, 10);
    consumer.give(P0);
    Noting[] self = new Noting[1];
    Noting to =
        new Noting(
            record -> {
              if (record.offset() == 3) {
                self[0].subscription().cancel();
              }
            });
    self[0] = to;
    publisher().subscribe(to);
    to.subscription().request(100);
    await().until(consumer::isClosed);
    to.subscription().cancel();
    to.subscription().request(5);
    assertThat(to.offsets(0)).isEqualTo(offsets(0, 4));
    assertThat(to.ends).isEmpty();
    assertThat(consumer.committed(P0)).as("what onNext has returned from").isEqualTo(4);
  }

  @Test
  void cancelledAtOnceNothingIsReadAtAll() {
    Noting to =
        new Noting() {
          @Override
          public void onSubscribe(Flow.Subscription given) {
            given.cancel();
          }
        };
    publisher().subscribe(to);
    assertThat(consumer.polls()).isZero();
  }

  @Test
  @DisplayName("1.5: closing the publisher completes the subscriber")
  void completes() {
    consumer.write(P0, 0, 10);
    consumer.give(P0);
    Noting to = new Noting();
    ConsumerPublisher<String, String> publisher = publisher();
    publisher.subscribe(to);
    to.subscription().request(6);
    await().until(() -> to.records.size() == 6);
    publisher.close();
    await().until(() -> !to.ends.isEmpty());
    assertThat(to.ends).containsExactly("complete");
    assertThat(consumer.committed(P0)).isEqualTo(6);
    assertThat(consumer.isClosed()).isTrue();
  }

  // ---- Acknowledging by hand -------------------------------------------------------------------

  @Test
  void commitsByHandOnlyWhatHasNothingOpenBeforeIt() {
    consumer.write(P0, 0, 10);
    consumer.give(P0);
    Noting to = new Noting();
    ConsumerPublisher<String, String> publisher = built(builder().acknowledgeByHand());
    publisher.subscribe(to);
    to.subscription().request(10);
    await().until(() -> to.records.size() == 10);
    publisher.acknowledge(to.records.get(0));
    publisher.acknowledge(to.records.get(2));
    publisher.acknowledge(to.records.get(3));
    await().until(() -> consumer.committed(P0) == 1);
    pollsPass(2);
    assertThat(consumer.committed(P0)).as("1 is open").isEqualTo(1);
    publisher.acknowledge(to.records.get(1));
    await().until(() -> consumer.committed(P0) == 4);
    publisher.close();
    assertThat(consumer.committed(P0)).isEqualTo(4);
  }

  @Test
  void doesNotTakeAcknowledgementsThatItWasNotBuiltFor() {
    ConsumerRecord<String, String> record = new ConsumerRecord<>(P0, 0, 0, null, "v", List.of());
    assertThatThrownBy(() -> publisher().acknowledge(record))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("acknowledgeByHand");
  }
}
