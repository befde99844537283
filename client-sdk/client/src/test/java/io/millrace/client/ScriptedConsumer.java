package io.millrace.client;

import io.millrace.client.errors.WakeupException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A consumer without a cluster, as an application's tests may have one: a test puts records in,
 * gives and takes partitions, and looks at what was committed. The test's calls come from its own
 * thread.
 */
final class ScriptedConsumer implements Consumer<String, String> {
  private volatile String subscription = "";
  private final Map<TopicPartition, Deque<ConsumerRecord<String, String>>> records =
      new LinkedHashMap<>();
  private final Map<TopicPartition, Long> begins = new HashMap<>();
  private final Set<TopicPartition> assigned = new LinkedHashSet<>();
  private final Set<TopicPartition> paused = new HashSet<>();
  private final Map<TopicPartition, Long> committed = new HashMap<>();
  private final Deque<Runnable> orders = new ArrayDeque<>();
  private final List<Runnable> callbacks = new ArrayList<>();
  private RebalanceListener listener = new RebalanceListener() {};
  private @Nullable RuntimeException nextFailure;
  private boolean woken;
  private boolean closed;
  private int polls;

  // ---- What a test does ------------------------------------------------------------------------

  /** Records v{from} to v{until - 1} at these offsets. */
  synchronized void write(TopicPartition partition, int from, int until) {
    for (int i = from; i < until; i++) {
      records
          .computeIfAbsent(partition, p -> new ArrayDeque<>())
          .add(new ConsumerRecord<>(partition, i, 0, null, "v" + i, List.of()));
    }
    notifyAll();
  }

  /** Within the next poll. */
  void give(TopicPartition... partitions) {
    order(
        () -> {
          synchronized (this) {
            assigned.addAll(List.of(partitions));
          }
          listener.onAssigned(List.of(partitions));
        });
  }

  /** Within the next poll. */
  void revoke(TopicPartition... partitions) {
    order(
        () -> {
          listener.onRevoked(List.of(partitions));
          take(partitions);
        });
  }

  /** Within the next poll. */
  void lose(TopicPartition... partitions) {
    order(
        () -> {
          take(partitions);
          listener.onLost(List.of(partitions));
        });
  }

  private synchronized void take(TopicPartition... partitions) {
    assigned.removeAll(List.of(partitions));
    paused.removeAll(List.of(partitions));
  }

  private synchronized void order(Runnable order) {
    orders.add(order);
    notifyAll();
  }

  /** The next poll does nothing until this returns. */
  void hold(Runnable until) {
    order(until);
  }

  /** The next poll throws it. */
  synchronized void failNextPoll(RuntimeException e) {
    nextFailure = e;
    notifyAll();
  }

  /** A partition without records begins there. */
  synchronized void beginAt(TopicPartition partition, long offset) {
    begins.put(partition, offset);
  }

  /** -1: nothing. */
  synchronized long committed(TopicPartition partition) {
    return committed.getOrDefault(partition, -1L);
  }

  synchronized int left(TopicPartition partition) {
    return records.getOrDefault(partition, new ArrayDeque<>()).size();
  }

  synchronized boolean isClosed() {
    return closed;
  }

  synchronized int polls() {
    return polls;
  }

  /** What was subscribed to, in words. */
  String subscribed() {
    return subscription;
  }

  // ---- What the polling thread does ------------------------------------------------------------

  @Override
  public void subscribe(Collection<String> topics, RebalanceListener hears) {
    subscription = "topics " + topics;
    listener = hears;
  }

  @Override
  public void subscribeToPatterns(Collection<TopicPattern> patterns, RebalanceListener hears) {
    subscription = "patterns " + patterns;
    listener = hears;
  }

  @Override
  public ConsumerRecords<String, String> poll(Duration timeout) {
    long end = System.nanoTime() + timeout.toNanos();
    while (true) {
      runAll();
      synchronized (this) {
        polls++;
        if (nextFailure != null) {
          RuntimeException e = nextFailure;
          nextFailure = null;
          throw e;
        }
        if (woken) {
          woken = false;
          throw new WakeupException("wakeup() was called");
        }
        ConsumerRecords<String, String> some = take();
        long leftMillis = (end - System.nanoTime()) / 1_000_000;
        if (!some.isEmpty() || leftMillis <= 0) {
          return some;
        }
        try {
          if (orders.isEmpty()) {
            wait(leftMillis);
          }
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  private void runAll() {
    List<Runnable> due = new ArrayList<>();
    synchronized (this) {
      due.addAll(callbacks);
      callbacks.clear();
      due.addAll(orders);
      orders.clear();
    }
    due.forEach(Runnable::run);
  }

  private ConsumerRecords<String, String> take() {
    Map<TopicPartition, List<ConsumerRecord<String, String>>> some = new LinkedHashMap<>();
    for (TopicPartition partition : assigned) {
      Deque<ConsumerRecord<String, String>> there = records.get(partition);
      if (there != null && !paused.contains(partition)) {
        List<ConsumerRecord<String, String>> taken = new ArrayList<>();
        while (!there.isEmpty() && taken.size() < 10) {
          taken.add(there.remove());
        }
        if (!taken.isEmpty()) {
          some.put(partition, taken);
        }
      }
    }
    return new ConsumerRecords<>(some);
  }

  @Override
  public synchronized void commitSync(Map<TopicPartition, CommittedOffset> offsets) {
    offsets.forEach((partition, offset) -> committed.put(partition, offset.offset()));
  }

  @Override
  public synchronized void commitAsync(
      Map<TopicPartition, CommittedOffset> offsets, CommitCallback callback) {
    commitSync(offsets);
    callbacks.add(() -> callback.onCommitted(offsets, null));
    notifyAll();
  }

  @Override
  public synchronized long position(TopicPartition partition, Duration timeout) {
    Long begin = begins.get(partition);
    if (begin == null) {
      throw new io.millrace.client.errors.TimedOutException("not known");
    }
    return begin;
  }

  @Override
  public synchronized void pause(Collection<TopicPartition> partitions) {
    paused.addAll(partitions);
  }

  @Override
  public synchronized void resume(Collection<TopicPartition> partitions) {
    paused.removeAll(partitions);
    notifyAll();
  }

  @Override
  public synchronized Set<TopicPartition> paused() {
    return Set.copyOf(paused);
  }

  @Override
  public synchronized Set<TopicPartition> assignment() {
    return Set.copyOf(assigned);
  }

  @Override
  public synchronized void wakeup() {
    woken = true;
    notifyAll();
  }

  @Override
  public void close(Duration timeout) {
    Set<TopicPartition> all = assignment();
    if (!all.isEmpty()) {
      listener.onRevoked(all);
    }
    synchronized (this) {
      closed = true;
      assigned.clear();
      notifyAll();
    }
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(10));
  }

  // ---- What nobody needs here ------------------------------------------------------------------

  private static UnsupportedOperationException unused() {
    return new UnsupportedOperationException("not scripted");
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    throw unused();
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    throw unused();
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    throw unused();
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    throw unused();
  }

  @Override
  public long position(TopicPartition partition) {
    throw unused();
  }

  @Override
  public OptionalLong currentLag(TopicPartition partition) {
    throw unused();
  }

  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
    throw unused();
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
    throw unused();
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    throw unused();
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    throw unused();
  }
}
