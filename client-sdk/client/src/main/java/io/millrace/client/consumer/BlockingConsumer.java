package io.millrace.client.consumer;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Deserializer;
import io.millrace.client.ListedOffset;
import io.millrace.client.Metric;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.WakeupException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/**
 * The consumer an application holds: waits on the application's thread for what the engine does on
 * the client's loop.
 */
public final class BlockingConsumer<K, V> implements Consumer<K, V> {
  /** What the loop limits by itself has so long more to say that it did. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Cluster cluster;
  private final PollWait wait;
  private final Ending ending;
  private final long callTimeoutNanos;
  private final int maxPollRecords;
  private final UnaryOperator<ConsumerRecords<K, V>> interceptors;
  private final ReadFigures figures;
  private final FetchEngine engine;
  private final Assignment<K, V> assignment;
  private final SingleThread thread = new SingleThread();
  private final AtomicBoolean wakeup = new AtomicBoolean();
  private final AtomicBoolean cut = new AtomicBoolean();
  private boolean closed;

  /** Ends what the consumer stands on. */
  @FunctionalInterface
  public interface Ending {
    /** Closes connections, ends threads, and waits for that, at most so long. */
    void end(long timeoutNanos);
  }

  /**
   * Over a cluster of its own, which has been started.
   *
   * @param interceptors see what a poll returns; never throws
   * @param ending called once, after the engine has been told to close
   */
  public BlockingConsumer(
      ConsumerSettings settings,
      Cluster cluster,
      PollWait wait,
      RecordMaker<K, V> maker,
      Deserializer<? extends K> keys,
      Deserializer<? extends V> values,
      UnaryOperator<ConsumerRecords<K, V>> interceptors,
      Ending ending) {
    this.cluster = cluster;
    this.interceptors = interceptors;
    this.figures = new ReadFigures(cluster.figures());
    this.wait = wait;
    this.ending = ending;
    this.callTimeoutNanos = nanos(settings.defaultApiTimeout());
    this.maxPollRecords = settings.maxPollRecords();
    Handover handover = new Handover(wait);
    this.engine = new FetchEngine(cluster, FetchSettings.of(settings), handover);
    this.assignment = new Assignment<>(handover, new RecordReader<>(maker, keys, values));
    cluster.loop().execute(engine::open);
  }

  // ---- What is read ----------------------------------------------------------------------------

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    List<TopicPartition> wanted = List.copyOf(partitions);
    enter();
    try {
      List<TopicPartition> gone = assignment.assign(wanted);
      if (!gone.isEmpty()) {
        cluster.loop().execute(() -> engine.stop(gone));
      }
    } finally {
      thread.exit();
    }
  }

  @Override
  public Set<TopicPartition> assignment() {
    enter();
    try {
      return assignment.ids();
    } finally {
      thread.exit();
    }
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " is negative");
    }
    seek(List.of(partition), new StartAt.Offset(offset, StartAt.NO_EPOCH, "", true));
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    seek(partitions, new StartAt.First());
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    seek(partitions, new StartAt.End());
  }

  private void seek(Collection<TopicPartition> partitions, StartAt place) {
    List<TopicPartition> which = List.copyOf(partitions);
    enter();
    try {
      List<AssignedPartition> found = find(which.isEmpty() ? assignment.ids() : which);
      found.forEach(each -> assignment.seek(each, place));
    } finally {
      thread.exit();
    }
  }

  private List<AssignedPartition> find(Collection<TopicPartition> ids) {
    return ids.stream().map(assignment::get).toList();
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
    List<TopicPartition> which = List.copyOf(partitions);
    enter();
    try {
      find(which).forEach(each -> assignment.setPaused(each, paused));
      cluster.loop().execute(engine::askLeadersSoon);
    } finally {
      thread.exit();
    }
  }

  @Override
  public Set<TopicPartition> paused() {
    enter();
    try {
      return assignment.paused();
    } finally {
      thread.exit();
    }
  }

  // ---- Reading ---------------------------------------------------------------------------------

  @Override
  public ConsumerRecords<K, V> poll(Duration timeout) {
    long limitNanos = nanos(timeout);
    enter();
    try {
      if (assignment.isEmpty()) {
        throw new IllegalStateException("nothing is assigned");
      }
      return read(limitNanos);
    } finally {
      thread.exit();
    }
  }

  /** As {@link #poll}, also with nothing assigned; {@link #cutWaiting} ends it. */
  public ConsumerRecords<K, V> pollUntilCut(long limitNanos) {
    enter();
    try {
      return read(limitNanos);
    } finally {
      thread.exit();
    }
  }

  /** From any thread: a poll that waits now, or else the next one, returns with what it has. */
  public void cutWaiting() {
    cut.set(true);
    wait.wake();
  }

  private ConsumerRecords<K, V> read(long limitNanos) {
    long startNanos = nowNanos();
    throwIfWoken();
    throwIfInterrupted();
    beginNewRuns();
    while (true) {
      assignment.receive();
      ConsumerRecords<K, V> records = take();
      tellWhatWasRead();
      if (!records.isEmpty()) {
        figures.countRead(records);
        return interceptors.apply(records);
      }
      beginNewRuns(); // what was damaged is asked for again
      long leftNanos = limitNanos - (nowNanos() - startNanos);
      if (cut.getAndSet(false) || leftNanos <= 0) {
        return records;
      }
      sleep(leftNanos, "records");
    }
  }

  @Override
  public long position(TopicPartition partition) {
    return position(partition, callTimeoutNanos);
  }

  @Override
  public long position(TopicPartition partition, Duration timeout) {
    return position(partition, nanos(timeout));
  }

  private long position(TopicPartition partition, long limitNanos) {
    enter();
    try {
      AssignedPartition assigned = assignment.get(partition);
      long startNanos = nowNanos();
      beginNewRuns();
      while (true) {
        assignment.receive();
        if (assigned.hasPosition()) {
          return assigned.position();
        }
        if (assigned.hasFailed()) {
          throw assigned.takeFailure();
        }
        long leftNanos = limitNanos - (nowNanos() - startNanos);
        if (leftNanos <= 0) {
          throw new TimedOutException(
              "the position in " + partition + " could not be found out in time");
        }
        sleep(leftNanos, "the position in " + partition);
      }
    } finally {
      thread.exit();
    }
  }

  @Override
  public OptionalLong currentLag(TopicPartition partition) {
    enter();
    try {
      return assignment.get(partition).lag();
    } finally {
      thread.exit();
    }
  }

  private ConsumerRecords<K, V> take() {
    try {
      return assignment.take(maxPollRecords);
    } catch (MillraceException e) {
      figures.countFailure();
      throw e;
    }
  }

  @Override
  public List<Metric> metrics() {
    return cluster.figures().snapshot();
  }

  /** Partitions that were assigned, sought, or have failed since the last time. */
  private void beginNewRuns() {
    List<ReadRun> runs = assignment.newRuns();
    if (!runs.isEmpty()) {
      cluster.loop().execute(() -> engine.start(runs));
    }
  }

  private void tellWhatWasRead() {
    if (engine.prefetched().takeNews()) {
      cluster.loop().execute(engine::askLeadersSoon);
    }
  }

  // ---- Asking ----------------------------------------------------------------------------------

  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.earliest());
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.latest());
  }

  private Map<TopicPartition, Long> offsets(
      Collection<TopicPartition> partitions, OffsetSpec which) {
    Map<TopicPartition, OffsetSpec> specs = new LinkedHashMap<>();
    partitions.forEach(each -> specs.put(each, which));
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    lookUp(specs)
        .forEach(
            (partition, found) ->
                found.offset().ifPresent(offset -> offsets.put(partition, offset)));
    return offsets;
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    Map<TopicPartition, OffsetSpec> specs = new LinkedHashMap<>();
    timestamps.forEach(
        (partition, millis) -> {
          if (millis < 0) {
            throw new IllegalArgumentException(partition + ": time " + millis + " is before 1970");
          }
          specs.put(partition, OffsetSpec.forTimestamp(millis));
        });
    Map<TopicPartition, OffsetAndTimestamp> offsets = new LinkedHashMap<>();
    lookUp(specs)
        .forEach(
            (partition, found) -> {
              if (found.offset().isPresent() && found.timestamp().isPresent()) {
                offsets.put(
                    partition,
                    new OffsetAndTimestamp(
                        found.offset().getAsLong(),
                        found.timestamp().getAsLong(),
                        found.leaderEpoch()));
              }
            });
    return offsets;
  }

  private Map<TopicPartition, ListedOffset> lookUp(Map<TopicPartition, OffsetSpec> specs) {
    enter();
    try {
      if (specs.isEmpty()) {
        return Map.of();
      }
      PendingCall<Map<TopicPartition, ListedOffset>> call = new PendingCall<>(wait);
      cluster.loop().execute(() -> OffsetLookup.start(cluster, specs, callTimeoutNanos, call));
      return await(call, "the offsets of " + specs.keySet());
    } finally {
      thread.exit();
    }
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    enter();
    try {
      PendingCall<List<PartitionInfo>> call = new PendingCall<>(wait);
      cluster
          .loop()
          .execute(
              () ->
                  cluster.lookup(
                      topic,
                      (known, e) ->
                          call.done(known == null ? null : known.description().partitions(), e)));
      return await(call, "the partitions of " + topic);
    } finally {
      thread.exit();
    }
  }

  private <T> T await(PendingCall<T> call, String what) {
    long startNanos = nowNanos();
    while (!call.isDone()) {
      long leftNanos = callTimeoutNanos + GRACE_NANOS - (nowNanos() - startNanos);
      if (leftNanos <= 0) {
        throw new TimedOutException(what + " could not be found out in time");
      }
      sleep(leftNanos, what);
    }
    return call.get();
  }

  // ---- Waiting ---------------------------------------------------------------------------------

  /** Until there may be news. */
  private void sleep(long nanos, String what) {
    throwIfWoken();
    try {
      wait.await(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException("interrupted while waiting for " + what, e);
    }
    throwIfWoken();
  }

  /** Where there are always records nobody ever waits, and the thread could not be stopped. */
  private static void throwIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptException("the thread had been interrupted");
    }
  }

  private void throwIfWoken() {
    if (wakeup.getAndSet(false)) {
      throw new WakeupException("wakeup() was called");
    }
  }

  @Override
  public void wakeup() {
    wakeup.set(true);
    wait.wake();
  }

  private long nowNanos() {
    return cluster.clock().nanoTime();
  }

  private static long nanos(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("time-out " + timeout + " is negative");
    }
    try {
      return timeout.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE; // 292 years
    }
  }

  private void enter() {
    thread.enter();
    if (closed) {
      thread.exit();
      throw new ClosedException("the consumer has been closed");
    }
  }

  // ---- The end ---------------------------------------------------------------------------------

  @Override
  public void close() {
    close(callTimeoutNanos);
  }

  @Override
  public void close(Duration timeout) {
    close(nanos(timeout));
  }

  private void close(long timeoutNanos) {
    thread.enter();
    try {
      if (closed) {
        return;
      }
      closed = true;
      assignment.close();
      cluster.loop().execute(engine::close);
      ending.end(timeoutNanos);
    } finally {
      thread.exit();
    }
  }
}
