package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.SerializationException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.errors.WakeupException;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.SocketWorld;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens on the thread that owns a consumer, and to others that come near it. */
@Timeout(60)
class ConsumerThreadsTest {
  private static final TopicPartition P0 = new TopicPartition("notes", 0);
  private static final Duration LONG = Duration.ofSeconds(30);

  private final SocketWorld world = new SocketWorld();
  private final FakeLog log = world.cluster().createTopic("notes", 1).log(0);
  private final List<io.millrace.client.Consumer<String, String>> consumers = new ArrayList<>();

  ConsumerThreadsTest() throws IOException {}

  @AfterEach
  void close() {
    Thread.interrupted();
    consumers.forEach(io.millrace.client.Consumer::close);
    world.close();
  }

  private io.millrace.client.Consumer<String, String> consumer(
      Consumer<ConsumerSettings.Builder> change) {
    ConsumerSettings.Builder settings =
        ConsumerSettings.builder("zk:2181")
            .discovery(world.cluster())
            .autoOffsetReset(OffsetReset.EARLIEST);
    change.accept(settings);
    io.millrace.client.Consumer<String, String> made =
        io.millrace.client.Consumer.create(
            settings.build(), Deserializers.string(), Deserializers.string());
    consumers.add(made);
    made.assign(List.of(P0));
    return made;
  }

  private io.millrace.client.Consumer<String, String> consumer() {
    return consumer(settings -> {});
  }

  /** A call on a thread of its own that is expected to wait. */
  private static final class Waiting {
    final AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    final AtomicBoolean flag = new AtomicBoolean();
    final Thread thread;

    Waiting(Runnable call) {
      thread =
          new Thread(
              () -> {
                try {
                  call.run();
                } catch (Throwable e) {
                  thrown.set(e);
                }
                flag.set(Thread.currentThread().isInterrupted());
              });
      thread.start();
      await().atMost(LONG).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    }

    @Nullable Throwable join() throws InterruptedException {
      thread.join();
      return thrown.get();
    }
  }

  @Test
  void readsWhatIsThereAndWhatComes() {
    log.append(Batches.of("a", "b"), 1, 0);
    io.millrace.client.Consumer<String, String> consumer = consumer();
    List<String> values = new ArrayList<>();
    while (values.size() < 2) {
      consumer.poll(LONG).forEach(record -> values.add(String.valueOf(record.value())));
    }
    log.append(Batches.of("c"), 1, 0);
    world.broker().wakeWaiting();
    consumer.poll(LONG).forEach(record -> values.add(String.valueOf(record.value())));
    assertThat(values).containsExactly("a", "b", "c");
    assertThat(consumer.position(P0)).isEqualTo(3);
    assertThat(consumer.poll(Duration.ZERO)).isEmpty();
  }

  @Test
  void answersQuestionsAboutOffsets() {
    log.append(Batches.of("a", "b", "c"), 1, 0);
    log.append(Batches.of("d"), 1, 0);
    log.trim(3);
    io.millrace.client.Consumer<String, String> consumer = consumer();
    assertThat(consumer.beginningOffsets(List.of(P0))).isEqualTo(Map.of(P0, 3L));
    assertThat(consumer.endOffsets(List.of(P0))).isEqualTo(Map.of(P0, 4L));
    assertThat(consumer.offsetsForTimes(Map.of(P0, 5L)).get(P0))
        .isEqualTo(new OffsetAndTimestamp(3, 1_800_000_000_000L, 1));
    assertThat(consumer.offsetsForTimes(Map.of(P0, Long.MAX_VALUE))).isEmpty();
    assertThat(consumer.partitionsFor("notes"))
        .extracting(PartitionInfo::topicPartition)
        .containsExactly(P0);
    assertThatThrownBy(() -> consumer.partitionsFor("nowhere"))
        .isInstanceOf(UnknownTopicException.class);
    assertThatThrownBy(() -> consumer.endOffsets(List.of(new TopicPartition("nowhere", 0))))
        .isInstanceOf(UnknownTopicException.class);
  }

  @Test
  void questionsEndWithTheirTimeOut() {
    world.cluster().lead("notes", 0, -1, true);
    io.millrace.client.Consumer<String, String> consumer =
        consumer(settings -> settings.defaultApiTimeout(Duration.ofMillis(100)));
    assertThatThrownBy(() -> consumer.endOffsets(List.of(P0)))
        .isInstanceOf(TimedOutException.class);
    assertThatThrownBy(() -> consumer.position(P0)).isInstanceOf(TimedOutException.class);
    assertThat(consumer.poll(Duration.ofMillis(10))).isEmpty();
  }

  @Test
  void whatCannotBeDecodedIsToldWhereItIsAskedFor() {
    log.append(Batches.of("not a number"), 1, 0);
    ConsumerSettings settings =
        ConsumerSettings.builder("zk:2181")
            .discovery(world.cluster())
            .autoOffsetReset(OffsetReset.EARLIEST)
            .build();
    try (io.millrace.client.Consumer<String, Long> consumer =
        io.millrace.client.Consumer.create(
            settings, Deserializers.string(), Deserializers.longs())) {
      consumer.assign(List.of(P0));
      ConsumerRecord<String, Long> record = consumer.poll(LONG).iterator().next();
      assertThat(record.offset()).isZero();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(record::value)
            .isInstanceOf(SerializationException.class)
            .hasMessageContaining("notes/0 offset 0");
      }
    }
  }

  @Test
  void wakeupEndsAPoll() throws Exception {
    io.millrace.client.Consumer<String, String> consumer = consumer();
    Waiting waiting = new Waiting(() -> consumer.poll(LONG));
    consumer.wakeup();
    assertThat(waiting.join()).isInstanceOf(WakeupException.class);
    assertThat(consumer.poll(Duration.ZERO)).as("once").isEmpty();
  }

  @Test
  void wakeupBeforeAPollEndsThatPoll() {
    log.append(Batches.of("a"), 1, 0);
    io.millrace.client.Consumer<String, String> consumer = consumer();
    consumer.wakeup();
    assertThatThrownBy(() -> consumer.poll(LONG)).isInstanceOf(WakeupException.class);
    assertThat(consumer.poll(LONG)).hasSize(1);
  }

  @Test
  void wakeupEndsAQuestion() throws Exception {
    world.cluster().lead("notes", 0, -1, true);
    io.millrace.client.Consumer<String, String> consumer = consumer();
    Waiting waiting = new Waiting(() -> consumer.endOffsets(List.of(P0)));
    consumer.wakeup();
    assertThat(waiting.join()).isInstanceOf(WakeupException.class);
    assertThat(consumer.poll(Duration.ZERO)).isEmpty();
  }

  @Test
  @DisplayName("B100: interrupted in poll, position or a question: the flag is kept, nothing lost")
  void b100_interrupts() throws Exception {
    world.cluster().lead("notes", 0, -1, true);
    io.millrace.client.Consumer<String, String> consumer = consumer();
    List<Runnable> calls =
        List.of(
            () -> consumer.poll(LONG),
            () -> consumer.position(P0),
            () -> consumer.beginningOffsets(List.of(P0)),
            () -> consumer.partitionsFor("never-answered"));
    world.broker().script(Scripts.on(io.millrace.wire.v1.Request.ApiCase.METADATA, r -> true));
    for (Runnable call : calls) {
      Waiting waiting = new Waiting(call);
      waiting.thread.interrupt();
      assertThat(waiting.join()).isInstanceOf(InterruptException.class);
      assertThat(waiting.flag).isTrue();
    }
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> consumer.poll(Duration.ZERO)).isInstanceOf(InterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
    log.append(Batches.of("a"), 2, 0);
    world.cluster().lead("notes", 0, 1, true);
    assertThat(consumer.poll(LONG)).hasSize(1);
  }

  @Test
  void aSecondThreadIsToldAndDoesNoHarm() throws Exception {
    io.millrace.client.Consumer<String, String> consumer = consumer();
    Waiting waiting = new Waiting(() -> consumer.poll(LONG));
    assertThatThrownBy(() -> consumer.poll(Duration.ZERO))
        .isInstanceOf(ConcurrentModificationException.class)
        .hasMessageContaining("belongs to one thread");
    assertThatThrownBy(() -> consumer.seek(P0, 3))
        .isInstanceOf(ConcurrentModificationException.class);
    assertThatThrownBy(consumer::close).isInstanceOf(ConcurrentModificationException.class);
    consumer.wakeup();
    waiting.join();
    consumer.close();
  }

  @Test
  void closesOnce() {
    io.millrace.client.Consumer<String, String> consumer = consumer();
    consumer.close();
    consumer.close();
    assertThatThrownBy(() -> consumer.poll(LONG)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(consumer::assignment).isInstanceOf(ClosedException.class);
    assertThat(world.cluster().isClosed()).isTrue();
  }
}
