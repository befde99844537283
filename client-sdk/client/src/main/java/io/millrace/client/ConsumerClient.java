package io.millrace.client;

import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.WakeupException;
import io.millrace.client.read.FetchEngine;
import io.millrace.client.read.FetchQueue;
import io.millrace.client.read.FetchSettings;
import io.millrace.client.read.Fetched;
import io.millrace.client.read.StartAt;
import io.millrace.rpc.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The blocking side of the consumer: what happens on the one thread that calls it. */
final class ConsumerClient<K, V> implements Consumer<K, V> {
  private static final Logger log = LoggerFactory.getLogger(ConsumerClient.class);

  /** Beside what is asked for, a first batch may be this much larger, and there is the head. */
  private static final int MAX_RESPONSE_SLACK_BYTES = 80 << 20;

  private static final int MAX_RESPONSE_BYTES = 1 << 30;

  private final ConsumerSettings settings;
  private final Deserializer<? extends K> keyDeserializer;
  private final Deserializer<? extends V> valueDeserializer;
  private final ClientRuntime runtime;
  private final FetchQueue queue = new FetchQueue();
  private final FetchEngine engine;
  private final Clock clock;
  private final SoleUser user = new SoleUser();

  /** What the consumer's thread waits for, so that wakeup can end it. */
  private volatile @Nullable CompletableFuture<?> waitingFor;

  // By the consumer's thread.
  private final Map<TopicPartition, AssignedPartition<K, V>> assigned = new LinkedHashMap<>();
  private int versions;
  private int firstInTurn;

  ConsumerClient(
      ConsumerSettings settings,
      Deserializer<? extends K> keyDeserializer,
      Deserializer<? extends V> valueDeserializer,
      ClientRuntime runtime) {
    this.settings = settings;
    this.keyDeserializer = keyDeserializer;
    this.valueDeserializer = valueDeserializer;
    this.runtime = runtime;
    this.engine = new FetchEngine(runtime.cluster(), FetchSettings.of(settings), queue);
    this.clock = runtime.loop().clock();
    runtime
        .loop()
        .execute(
            () -> {
              runtime.cluster().start();
              engine.start();
            });
  }

  static <K, V> Consumer<K, V> start(
      ConsumerSettings settings,
      Deserializer<? extends K> keyDeserializer,
      Deserializer<? extends V> valueDeserializer) {
    long largest = (long) settings.fetchMaxBytes() + MAX_RESPONSE_SLACK_BYTES;
    ClientRuntime runtime =
        ClientRuntime.start(settings, (int) Math.min(largest, MAX_RESPONSE_BYTES));
    return new ConsumerClient<>(settings, keyDeserializer, valueDeserializer, runtime);
  }

  /** Every call but wakeup goes through here. */
  private SoleUser.Turn enter() {
    SoleUser.Turn turn = user.enter();
    if (runtime.isClosing()) {
      turn.close();
      throw new ClosedException("the consumer has been closed");
    }
    return turn;
  }

  // ---- Assignment and positions ----------------------------------------------------------------

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    try (SoleUser.Turn turn = enter()) {
      Set<TopicPartition> wanted = new LinkedHashSet<>(partitions);
      for (TopicPartition gone : List.copyOf(assigned.keySet())) {
        if (!wanted.contains(gone)) {
          assigned.remove(gone);
          runtime.loop().execute(() -> engine.unassign(gone));
        }
      }
      for (TopicPartition partition : wanted) {
        if (!assigned.containsKey(partition)) {
          AssignedPartition<K, V> fresh =
              new AssignedPartition<>(partition, keyDeserializer, valueDeserializer);
          assigned.put(partition, fresh);
          startByPolicy(fresh);
        }
      }
    }
  }

  private void startByPolicy(AssignedPartition<K, V> partition) {
    OffsetReset reset = settings.autoOffsetReset().orElse(OffsetReset.LATEST);
    if (reset == OffsetReset.FAIL) {
      // Nothing is fetched until the user seeks.
      partition.restart(++versions, AssignedPartition.UNKNOWN, false);
      partition.fail(
          new OffsetOutOfRangeException(
              partition.partition().topic(),
              partition.partition().partition(),
              AssignedPartition.UNKNOWN,
              partition.partition() + " has no position, and auto.offset.reset is fail: seek"));
    } else {
      startAt(
          partition,
          reset == OffsetReset.EARLIEST ? OffsetSpec.earliest() : OffsetSpec.latest(),
          false);
    }
  }

  private void startAt(AssignedPartition<K, V> partition, OffsetSpec spec, boolean sought) {
    partition.restart(++versions, AssignedPartition.UNKNOWN, sought);
    fetch(partition, new StartAt.Spec(spec));
  }

  private void startAt(AssignedPartition<K, V> partition, long offset, boolean sought) {
    partition.restart(++versions, offset, sought);
    fetch(partition, new StartAt.Offset(offset));
  }

  private void fetch(AssignedPartition<K, V> partition, StartAt start) {
    TopicPartition which = partition.partition();
    int version = partition.version();
    boolean held = partition.isPaused();
    runtime.loop().execute(() -> engine.fetchFrom(which, version, start, held));
  }

  private AssignedPartition<K, V> assigned(TopicPartition partition) {
    AssignedPartition<K, V> found = assigned.get(partition);
    if (found == null) {
      throw new IllegalStateException(partition + " is not assigned to this consumer");
    }
    return found;
  }

  /** These, or all when there are none. */
  private List<AssignedPartition<K, V>> theseOrAll(Collection<TopicPartition> partitions) {
    return partitions.isEmpty()
        ? List.copyOf(assigned.values())
        : partitions.stream().map(this::assigned).toList();
  }

  @Override
  public Set<TopicPartition> assignment() {
    try (SoleUser.Turn turn = enter()) {
      return Set.copyOf(assigned.keySet());
    }
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " is negative");
    }
    try (SoleUser.Turn turn = enter()) {
      startAt(assigned(partition), offset, true);
    }
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    try (SoleUser.Turn turn = enter()) {
      theseOrAll(partitions).forEach(each -> startAt(each, OffsetSpec.earliest(), true));
    }
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    try (SoleUser.Turn turn = enter()) {
      theseOrAll(partitions).forEach(each -> startAt(each, OffsetSpec.latest(), true));
    }
  }

  @Override
  public long position(TopicPartition partition) {
    return position(partition, settings.defaultApiTimeout());
  }

  @Override
  public long position(TopicPartition partition, Duration timeout) {
    long timeoutNanos = ClientRuntime.nanos(timeout);
    try (SoleUser.Turn turn = enter()) {
      long startNanos = clock.nanoTime();
      AssignedPartition<K, V> asked = assigned(partition);
      while (true) {
        takeNews();
        resolveOutOfRange();
        if (asked.position() != AssignedPartition.UNKNOWN) {
          return asked.position();
        }
        throwError(asked);
        if (!awaitNews(timeoutNanos - (clock.nanoTime() - startNanos))) {
          throw new TimedOutException(
              "the position of " + partition + " is not known within " + timeout);
        }
      }
    }
  }

  @Override
  public void pause(Collection<TopicPartition> partitions) {
    setPaused(partitions, true);
  }

  @Override
  public void resume(Collection<TopicPartition> partitions) {
    setPaused(partitions, false);
  }

  private void setPaused(Collection<TopicPartition> partitions, boolean paused) {
    try (SoleUser.Turn turn = enter()) {
      for (AssignedPartition<K, V> each : partitions.stream().map(this::assigned).toList()) {
        each.setPaused(paused);
        runtime.loop().execute(() -> engine.hold(each.partition(), paused));
      }
    }
  }

  @Override
  public Set<TopicPartition> paused() {
    try (SoleUser.Turn turn = enter()) {
      Set<TopicPartition> paused = new LinkedHashSet<>();
      assigned.values().stream()
          .filter(AssignedPartition::isPaused)
          .forEach(each -> paused.add(each.partition()));
      return paused;
    }
  }

  @Override
  public OptionalLong currentLag(TopicPartition partition) {
    try (SoleUser.Turn turn = enter()) {
      AssignedPartition<K, V> asked = assigned(partition);
      return asked.highWatermark() == AssignedPartition.UNKNOWN
              || asked.position() == AssignedPartition.UNKNOWN
          ? OptionalLong.empty()
          : OptionalLong.of(Math.max(0, asked.highWatermark() - asked.position()));
    }
  }

  // ---- Poll ------------------------------------------------------------------------------------

  @Override
  public ConsumerRecords<K, V> poll(Duration timeout) {
    long timeoutNanos = ClientRuntime.nanos(timeout);
    try (SoleUser.Turn turn = enter()) {
      if (assigned.isEmpty()) {
        throw new IllegalStateException("nothing is assigned to this consumer");
      }
      long startNanos = clock.nanoTime();
      throwIfInterrupted();
      while (true) {
        throwIfWoken();
        throwErrors(); // kept back by an earlier call, which had records to return
        takeNews();
        resolveOutOfRange();
        ConsumerRecords<K, V> records = collect();
        if (!records.isEmpty()) {
          return records;
        }
        throwErrors();
        if (!awaitNews(timeoutNanos - (clock.nanoTime() - startNanos))) {
          return ConsumerRecords.empty();
        }
      }
    }
  }

  /** Applies what the loop has told since the last time. */
  private void takeNews() {
    for (Fetched item : queue.takeAll()) {
      AssignedPartition<K, V> partition = assigned.get(item.partition());
      if (partition == null || partition.version() != item.version()) {
        continue; // from before a seek
      }
      if (item instanceof Fetched.Positioned positioned) {
        partition.positioned(positioned.offset());
      } else if (item instanceof Fetched.Batches batches) {
        partition.add(batches);
      } else {
        partition.stopped(item);
      }
    }
  }

  /** Goes on elsewhere where there is nothing to read, if the settings say so. */
  private void resolveOutOfRange() {
    for (AssignedPartition<K, V> partition : assigned.values()) {
      Fetched.OutOfRange beyond = partition.outOfRange();
      if (beyond == null) {
        continue;
      }
      OffsetReset reset =
          settings
              .autoOffsetReset()
              .orElse(partition.wasSought() ? OffsetReset.FAIL : OffsetReset.LATEST);
      if (reset == OffsetReset.FAIL) {
        partition.fail(
            new OffsetOutOfRangeException(
                beyond.partition().topic(),
                beyond.partition().partition(),
                beyond.offset(),
                beyond.partition() + " has no record at " + beyond.offset() + ": " + beyond.why()));
        continue;
      }
      // Behind the end nothing was missed; a new topic has been missed from its beginning.
      boolean toStart =
          beyond.otherTopic() || (beyond.belowStart() && reset == OffsetReset.EARLIEST);
      log.warn(
          "{} has no record at offset {} ({}); going on at the {}",
          beyond.partition(),
          beyond.offset(),
          beyond.why(),
          toStart ? "beginning" : "end");
      startAt(partition, toStart ? OffsetSpec.earliest() : OffsetSpec.latest(), false);
    }
  }

  private void throwErrors() {
    for (AssignedPartition<K, V> partition : assigned.values()) {
      if (!partition.isPaused()) {
        throwError(partition);
      }
    }
  }

  /** Throws what is wrong with the partition, which is tried again at the next call. */
  private void throwError(AssignedPartition<K, V> partition) {
    MillraceException error = partition.error();
    if (error == null) {
      return;
    }
    if (partition.position() != AssignedPartition.UNKNOWN) {
      startAt(partition, partition.position(), partition.wasSought());
    } else {
      startByPolicy(partition);
    }
    throw error;
  }

  private ConsumerRecords<K, V> collect() {
    Map<TopicPartition, List<ConsumerRecord<K, V>>> records = new LinkedHashMap<>();
    Map<TopicPartition, Long> consumed = new HashMap<>();
    List<AssignedPartition<K, V>> inTurn = new ArrayList<>(assigned.values());
    int room = settings.maxPollRecords();
    int first = firstInTurn++;
    for (int i = 0; i < inTurn.size() && room > 0; i++) {
      AssignedPartition<K, V> partition = inTurn.get(Math.floorMod(first + i, inTurn.size()));
      if (partition.isPaused() || !partition.hasRecords()) {
        continue;
      }
      List<ConsumerRecord<K, V>> taken = partition.take(room);
      room -= taken.size();
      if (!taken.isEmpty()) {
        records.put(partition.partition(), taken);
      }
      long bytes = partition.takeConsumedBytes();
      if (bytes > 0) {
        consumed.put(partition.partition(), bytes);
      }
    }
    if (!consumed.isEmpty()) {
      runtime.loop().execute(() -> engine.consumed(consumed));
    }
    return new ConsumerRecords<>(records);
  }

  // ---- Waiting ---------------------------------------------------------------------------------

  private static void throwIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptException("the thread had been interrupted");
    }
  }

  private void throwIfWoken() {
    if (queue.takeWake()) {
      throw new WakeupException("wakeup() was called");
    }
  }

  private boolean awaitNews(long timeoutNanos) {
    throwIfWoken();
    try {
      return queue.await(timeoutNanos);
    } catch (InterruptedException e) {
      throw ClientRuntime.interrupted("records", e);
    }
  }

  /** What is started on the loop. */
  private interface Starting<T> {
    void start(long timeoutNanos, Done<T> done);
  }

  private <T> T call(String what, Starting<T> starting) {
    long timeoutNanos = settings.defaultApiTimeout().toNanos();
    CompletableFuture<T> future = new CompletableFuture<>();
    waitingFor = future;
    try {
      throwIfWoken();
      runtime.loop().execute(() -> starting.start(timeoutNanos, Done.completing(future)));
      return runtime.await(future, timeoutNanos, what);
    } catch (TimeoutException e) {
      throw new TimedOutException(
          what + " could not be found out within " + settings.defaultApiTimeout(), e);
    } catch (WakeupException e) {
      queue.takeWake();
      throw e;
    } finally {
      waitingFor = null;
    }
  }

  @Override
  public void wakeup() {
    queue.wake();
    CompletableFuture<?> waited = waitingFor;
    if (waited != null) {
      waited.completeExceptionally(new WakeupException("wakeup() was called"));
    }
  }

  // ---- Questions -------------------------------------------------------------------------------

  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.earliest());
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.latest());
  }

  private Map<TopicPartition, Long> offsets(
      Collection<TopicPartition> partitions, OffsetSpec spec) {
    Map<TopicPartition, OffsetSpec> asked = new LinkedHashMap<>();
    partitions.forEach(partition -> asked.put(partition, spec));
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    listOffsets(asked)
        .forEach((partition, found) -> offsets.put(partition, found.offset().orElse(0)));
    return offsets;
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    Map<TopicPartition, OffsetSpec> asked = new LinkedHashMap<>();
    timestamps.forEach((partition, time) -> asked.put(partition, OffsetSpec.forTimestamp(time)));
    Map<TopicPartition, OffsetAndTimestamp> offsets = new LinkedHashMap<>();
    listOffsets(asked)
        .forEach(
            (partition, found) -> {
              if (found.offset().isPresent()) {
                offsets.put(
                    partition,
                    new OffsetAndTimestamp(
                        found.offset().getAsLong(),
                        found.timestamp().orElse(timestamps.getOrDefault(partition, 0L)),
                        found.leaderEpoch()));
              }
            });
    return offsets;
  }

  private Map<TopicPartition, ListedOffset> listOffsets(Map<TopicPartition, OffsetSpec> asked) {
    try (SoleUser.Turn turn = enter()) {
      return call(
          "the offsets of " + asked.keySet(),
          (timeoutNanos, done) -> OffsetLookup.start(runtime.cluster(), asked, timeoutNanos, done));
    }
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    try (SoleUser.Turn turn = enter()) {
      return call(
          "topic " + topic, (timeoutNanos, done) -> runtime.cluster().describe(topic, done));
    }
  }

  /** Fetched and not returned yet; for tests. */
  long queuedBytes() {
    takeNews();
    return assigned.values().stream().mapToLong(AssignedPartition::fetchedBytes).sum();
  }

  // ---- Closing ---------------------------------------------------------------------------------

  @Override
  public void close() {
    close(settings.defaultApiTimeout());
  }

  @Override
  public void close(Duration timeout) {
    long timeoutNanos = ClientRuntime.nanos(timeout);
    try (SoleUser.Turn turn = user.enter()) {
      if (runtime.beginClosing()) {
        runtime
            .loop()
            .execute(
                () -> {
                  engine.close();
                  runtime.stop();
                });
      }
      runtime.awaitStopped(timeoutNanos);
    }
  }
}
