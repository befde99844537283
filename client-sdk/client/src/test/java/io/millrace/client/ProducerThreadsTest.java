package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.client.errors.BufferFullException;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.errors.SerializationException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.fake.SocketWorld;
import io.millrace.wire.v1.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens on the threads that call a producer, over real sockets. */
@Timeout(60)
class ProducerThreadsTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final SocketWorld world = new SocketWorld();
  private final List<Producer<String, String>> producers = new ArrayList<>();

  ProducerThreadsTest() throws IOException {
    world.cluster().createTopic("notes", 1);
  }

  @AfterEach
  void close() {
    producers.forEach(producer -> producer.close(Duration.ZERO));
    world.close();
  }

  private Producer<String, String> producer(Consumer<ProducerSettings.Builder> change) {
    ProducerSettings.Builder settings =
        ProducerSettings.builder("zk:2181").discovery(world.cluster());
    change.accept(settings);
    Producer<String, String> producer =
        Producer.create(settings.build(), Serializers.string(), Serializers.string());
    producers.add(producer);
    return producer;
  }

  private Producer<String, String> producer() {
    return producer(settings -> {});
  }

  private static final Callback IGNORE = (metadata, error) -> {};

  private static void complete(
      CompletableFuture<RecordMetadata> future,
      @Nullable RecordMetadata written,
      @Nullable MillraceException e) {
    if (e != null) {
      future.completeExceptionally(e);
    } else {
      future.complete(written);
    }
  }

  private static ProducerRecord<String, String> note(String value) {
    return new ProducerRecord<>("notes", 0, null, value);
  }

  private List<String> log() {
    return world.cluster().topic("notes").log(0).values();
  }

  private Scripts.Hold holdProduce() {
    Scripts.Hold hold = new Scripts.Hold(Request.ApiCase.PRODUCE);
    world.broker().script(hold);
    return hold;
  }

  /**
   * For a producer that may wait for a moment only, which a machine that is busy, and a virtual
   * machine that has just been started, may need to make the topic known.
   */
  private static void sendOnceTheTopicIsKnown(Producer<String, String> producer, String value)
      throws Exception {
    while (true) {
      try {
        producer.send(note(value)).get(20, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(TimedOutException.class);
        assertThat(e).hasMessageContaining("did not become known in time");
      }
    }
  }

  private static void assertFails(
      CompletableFuture<?> future, Class<? extends MillraceException> type) {
    assertThat(future)
        .failsWithin(SOON)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(type);
  }

  /** Runs on a thread of its own, interrupts it once it waits, and returns what it threw. */
  private static Interrupted interrupt(Runnable call) throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    AtomicBoolean flag = new AtomicBoolean();
    Thread thread =
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
    await()
        .atMost(SOON)
        .until(
            () ->
                thread.getState() == Thread.State.TIMED_WAITING
                    || thread.getState() == Thread.State.WAITING);
    thread.interrupt();
    thread.join();
    return new Interrupted(thrown.get(), flag.get());
  }

  private record Interrupted(@Nullable Throwable thrown, boolean flagKept) {
    void assertTold() {
      assertThat(thrown).isInstanceOf(InterruptException.class);
      assertThat(flagKept).isTrue();
    }
  }

  // ---- Sending ---------------------------------------------------------------------------------

  @Test
  void writesAndTellsWhere() {
    Producer<String, String> producer = producer();
    assertThat(producer.send(note("a")))
        .succeedsWithin(SOON)
        .satisfies(
            metadata -> {
              assertThat(metadata.topic()).isEqualTo("notes");
              assertThat(metadata.offset()).isZero();
            });
    assertThat(producer.partitionsFor("notes")).hasSize(1);
  }

  @Test
  void keepsEachThreadsOrder() throws Exception {
    Producer<String, String> producer = producer(settings -> settings.compression("zstd"));
    List<Thread> threads = new ArrayList<>();
    AtomicInteger failed = new AtomicInteger();
    for (int t = 0; t < 4; t++) {
      int thread = t;
      threads.add(
          new Thread(
              () -> {
                for (int i = 0; i < 3000; i++) {
                  producer.send(
                      note(thread + ":" + i),
                      (metadata, error) -> failed.addAndGet(error == null ? 0 : 1));
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    producer.flush();
    assertThat(failed).hasValue(0);
    List<String> values = log();
    assertThat(values).hasSize(12_000);
    for (int t = 0; t < 4; t++) {
      String prefix = t + ":";
      List<Integer> numbers =
          values.stream()
              .filter(value -> value.startsWith(prefix))
              .map(value -> Integer.parseInt(value.substring(2)))
              .toList();
      assertThat(numbers).isSorted().hasSize(3000);
    }
  }

  @Test
  void tellsWhatASerializerThrew() {
    ProducerSettings settings =
        ProducerSettings.builder("zk:2181").discovery(world.cluster()).build();
    try (Producer<String, String> producer =
        Producer.create(
            settings,
            Serializers.string(),
            (topic, data) -> {
              throw new IllegalStateException("cannot");
            })) {
      assertThatThrownBy(() -> producer.send(note("a")))
          .isInstanceOf(SerializationException.class)
          .hasRootCauseMessage("cannot");
    }
    assertThat(log()).isEmpty();
  }

  @Test
  void anUnknownTopicIsToldByTheFuture() {
    assertFails(producer().send(new ProducerRecord<>("nowhere", "a")), UnknownTopicException.class);
  }

  @Test
  void waitsForTheTopicNoLongerThanItMay() throws Exception {
    world.cluster().setConnected(false);
    Producer<String, String> producer =
        producer(settings -> settings.maxBlock(Duration.ofMillis(50)));
    assertFails(producer.send(note("a")), TimedOutException.class);
    world.cluster().setConnected(true);
    sendOnceTheTopicIsKnown(producer, "b");
    assertThat(log()).containsExactly("b");
  }

  // ---- Back-pressure ---------------------------------------------------------------------------

  @Test
  void blocksWhileTheBufferIsFullAndGoesOnWhenItIsNot() throws Exception {
    Producer<String, String> producer = producer(settings -> settings.bufferMemoryBytes(256 << 10));
    producer.send(note("first")).get();
    Scripts.Hold hold = holdProduce();
    AtomicInteger sent = new AtomicInteger();
    Thread sender =
        new Thread(
            () -> {
              for (int i = 0; i < 100; i++) {
                producer.send(note("x".repeat(10_000)), (metadata, error) -> {});
                sent.incrementAndGet();
              }
            });
    sender.start();
    await().atMost(SOON).until(() -> sender.getState() == Thread.State.TIMED_WAITING);
    assertThat(sent.get()).isBetween(10, 80);
    hold.letGo(world.broker());
    sender.join();
    producer.flush();
    assertThat(log()).hasSize(101);
  }

  @Test
  void givesUpWhenTheBufferStaysFull() throws Exception {
    Producer<String, String> producer =
        producer(settings -> settings.bufferMemoryBytes(64 << 10).maxBlock(Duration.ofMillis(100)));
    sendOnceTheTopicIsKnown(producer, "first");
    Scripts.Hold hold = holdProduce();
    List<CompletableFuture<RecordMetadata>> futures = new ArrayList<>();
    // Which one is refused is told by the producer's thread, perhaps when the next is under way.
    while (futures.stream().noneMatch(CompletableFuture::isCompletedExceptionally)) {
      futures.add(producer.send(note("x".repeat(10_000))));
    }
    hold.letGo(world.broker());
    int written = 0;
    for (CompletableFuture<RecordMetadata> future : futures) {
      Throwable error = future.handle((metadata, e) -> e).get(20, TimeUnit.SECONDS);
      if (error == null) {
        written++;
      } else {
        assertThat(error).isInstanceOf(BufferFullException.class);
      }
    }
    assertThat(written).isBetween(2, futures.size() - 1);
    assertThat(log()).hasSize(1 + written);
  }

  // ---- Callbacks -------------------------------------------------------------------------------

  @Test
  @DisplayName("B98: a callback that throws harms nothing")
  void b98_aCallbackThatThrows() {
    Producer<String, String> producer = producer();
    for (int i = 0; i < 10; i++) {
      producer.send(
          note("v" + i),
          (metadata, error) -> {
            throw new AssertionError("thrown by the application, meant to be logged");
          });
    }
    producer.flush();
    assertThat(producer.send(note("after"))).succeedsWithin(SOON);
    assertThat(log()).hasSize(11);
  }

  @Test
  @DisplayName("B98: a callback may send, but not where it would have to wait")
  void b98_aCallbackThatReenters() throws Exception {
    Producer<String, String> producer = producer(settings -> settings.bufferMemoryBytes(64 << 10));
    CompletableFuture<RecordMetadata> second = new CompletableFuture<>();
    CompletableFuture<String> waiting = new CompletableFuture<>();
    producer.send(
        note("first"),
        (metadata, error) -> {
          producer.send(note("from a callback"), (written, e) -> complete(second, written, e));
          try {
            producer.flush();
            waiting.complete("no error");
          } catch (IllegalStateException e) {
            waiting.complete("refused");
          }
        });
    assertThat(second).succeedsWithin(SOON);
    assertThat(waiting).succeedsWithin(SOON).isEqualTo("refused");

    Scripts.Hold hold = holdProduce();
    CompletableFuture<Throwable> full = new CompletableFuture<>();
    producer.send(note("x".repeat(40_000)), IGNORE);
    producer.send(
        new ProducerRecord<>("nowhere", "fails, on the producer's thread"),
        (metadata, error) -> {
          for (int i = 0; i < 20; i++) {
            producer.send(
                note("x".repeat(10_000)),
                (written, e) -> {
                  if (e instanceof BufferFullException) {
                    full.complete(e);
                  }
                });
          }
        });
    assertThat(full).succeedsWithin(SOON);
    hold.letGo(world.broker());
    producer.flush();
  }

  @Test
  @DisplayName("B98: close() from a callback does not deadlock")
  void b98_closeFromACallback() {
    Producer<String, String> producer = producer();
    Scripts.Hold hold = holdProduce(); // else the first callback may close it before all are sent
    AtomicInteger ended = new AtomicInteger();
    for (int i = 0; i < 100; i++) {
      producer.send(
          note("v" + i),
          (metadata, error) -> {
            producer.close();
            producer.close(Duration.ZERO);
            ended.incrementAndGet();
          });
    }
    hold.letGo(world.broker());
    await().atMost(SOON).until(() -> ended.get() == 100);
    producer.close();
    assertThat(world.cluster().isClosed()).isTrue();
    assertThatThrownBy(() -> producer.send(note("late"))).isInstanceOf(ClosedException.class);
  }

  // ---- Closing ---------------------------------------------------------------------------------

  @Test
  @DisplayName("B98: closing twice while others send: every record ends, once")
  void b98_closeWhileSending() throws Exception {
    Producer<String, String> producer = producer();
    producer.send(note("first")).get();
    AtomicInteger accepted = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    CountDownLatch started = new CountDownLatch(3);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 3; t++) {
      threads.add(
          new Thread(
              () -> {
                started.countDown();
                try {
                  while (true) {
                    producer.send(note("x"), (metadata, error) -> ended.incrementAndGet());
                    accepted.incrementAndGet();
                  }
                } catch (ClosedException e) {
                  // the end of this thread
                }
              }));
    }
    for (int t = 0; t < 2; t++) {
      threads.add(
          new Thread(
              () -> {
                try {
                  started.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                producer.close();
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    await().atMost(SOON).until(() -> ended.get() == accepted.get());
    assertThat(log()).hasSize(1 + accepted.get());
  }

  @Test
  void closeWaitsForWhatIsQueued() {
    Producer<String, String> producer = producer(settings -> settings.linger(SOON));
    List<CompletableFuture<RecordMetadata>> futures = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      futures.add(producer.send(note("v" + i)));
    }
    producer.close();
    assertThat(futures).allSatisfy(future -> assertThat(future).isCompleted());
    assertThat(log()).hasSize(100);
  }

  @Test
  @DisplayName("I17: closing without waiting tells the unknown from the certainly not written")
  void i17_closeTellsTheTruth() throws Exception {
    Producer<String, String> producer = producer();
    producer.send(note("first")).get();
    Scripts.Hold hold = holdProduce();
    CompletableFuture<RecordMetadata> underWay = producer.send(note("under way"));
    await().atMost(SOON).until(() -> hold.held.size() == 1);
    CompletableFuture<RecordMetadata> queued = producer.send(note("queued"));
    producer.close(Duration.ZERO);
    assertFails(underWay, OutcomeUnknownException.class);
    assertFails(queued, ClosedException.class);
    hold.letGo(world.broker());
  }

  @Test
  void closesWithoutACluster() {
    world.cluster().setConnected(false);
    Producer<String, String> producer = producer();
    producer.close();
    assertThatThrownBy(() -> producer.send(note("a"))).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> producer.partitionsFor("notes")).isInstanceOf(ClosedException.class);
    producer.flush();
  }

  @Test
  void closingEndsTheWaitsOfOthers() throws Exception {
    Producer<String, String> producer = producer(settings -> settings.bufferMemoryBytes(64 << 10));
    producer.send(note("first")).get();
    Scripts.Hold hold = holdProduce();
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Thread sender =
        new Thread(
            () -> {
              try {
                while (true) {
                  producer.send(note("x".repeat(10_000)), IGNORE);
                }
              } catch (ClosedException e) {
                thrown.set(e);
              }
            });
    sender.start();
    await().atMost(SOON).until(() -> sender.getState() == Thread.State.TIMED_WAITING);
    producer.close(Duration.ZERO);
    sender.join();
    assertThat(thrown.get()).isInstanceOf(ClosedException.class);
    hold.letGo(world.broker());
  }

  // ---- Interrupts ------------------------------------------------------------------------------

  @Test
  @DisplayName("B100: interrupted while it waits for the topic")
  void b100_interruptedWaitingForTheTopic() throws Exception {
    world.cluster().setConnected(false);
    Producer<String, String> producer = producer();
    interrupt(() -> producer.send(note("never queued"), IGNORE)).assertTold();
    interrupt(() -> producer.partitionsFor("notes")).assertTold();
    world.cluster().setConnected(true);
    assertThat(producer.send(note("a"))).succeedsWithin(SOON);
    assertThat(log()).containsExactly("a");
  }

  @Test
  @DisplayName("B100: interrupted while it waits for memory")
  void b100_interruptedWaitingForMemory() throws Exception {
    Producer<String, String> producer = producer(settings -> settings.bufferMemoryBytes(64 << 10));
    producer.send(note("first")).get();
    Scripts.Hold hold = holdProduce();
    AtomicInteger accepted = new AtomicInteger();
    interrupt(
            () -> {
              while (true) {
                producer.send(note("x".repeat(10_000)), IGNORE);
                accepted.incrementAndGet();
              }
            })
        .assertTold();
    hold.letGo(world.broker());
    producer.flush();
    assertThat(log()).hasSize(1 + accepted.get());
  }

  @Test
  @DisplayName("B100: interrupted while it flushes or closes: others notice nothing")
  void b100_interruptedFlushAndClose() throws Exception {
    Producer<String, String> producer = producer();
    producer.send(note("first")).get();
    Scripts.Hold hold = holdProduce();
    CompletableFuture<RecordMetadata> future = producer.send(note("slow"));
    interrupt(producer::flush).assertTold();
    interrupt(producer::close).assertTold();
    hold.letGo(world.broker());
    assertThat(future).succeedsWithin(SOON);
    producer.close();
  }

  @Test
  @DisplayName("B100: a call that need not wait does not mind the flag, and keeps it")
  void b100_noWaitNoException() throws Exception {
    Producer<String, String> producer = producer();
    producer.send(note("first")).get(20, TimeUnit.SECONDS);
    Thread.currentThread().interrupt();
    CompletableFuture<RecordMetadata> future = producer.send(note("second"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(future).succeedsWithin(SOON);
  }
}
