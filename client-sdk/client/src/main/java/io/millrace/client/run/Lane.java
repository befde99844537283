package io.millrace.client.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What was read of one partition and waits for the application, for as long as the group leaves the
 * partition to this member. The polling thread puts records in; the handler thread that has taken
 * the lane out of the ready queue takes them out. Bounded by the polling thread, which pauses a
 * partition whose lane is full.
 */
final class Lane<K, V> {
  private final TopicPartition partition;
  private final ConcurrentLinkedQueue<ConsumerRecord<K, V>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waitingCount = new AtomicInteger();

  /** In the ready queue, in a handler thread's hands, or before a repetition. */
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /** Set by the polling thread: no other call of the application begins. */
  private volatile boolean cancelled;

  /** A call of the application is under way, since then. Written by whose hands it is in. */
  private volatile boolean busy;

  private volatile long busySinceNanos;
  private volatile long busyOffset;

  /** How far the application has come; null: nothing was read yet. */
  private volatile @Nullable CommittedOffset progress;

  /** The polling thread wants to hear when there is room again. */
  private volatile boolean waitsForRoom;

  /** Of the same partition, given anew while the last call for this one goes on. */
  private volatile @Nullable Lane<K, V> successor;

  /**
   * The former lane's last call is still under way. Written by the polling thread, then cleared.
   */
  private volatile boolean blocked;

  // In the hands of a handler thread.
  private List<ConsumerRecord<K, V>> again = List.of();
  private int attempts;

  // On the polling thread.
  private boolean paused;
  private @Nullable CommittedOffset committed;

  Lane(TopicPartition partition) {
    this.partition = partition;
  }

  TopicPartition partition() {
    return partition;
  }

  // ---- On the polling thread -------------------------------------------------------------------

  /** The next records; the caller sees to it that the lane becomes ready. */
  void offer(List<ConsumerRecord<K, V>> records) {
    if (progress == null) {
      ConsumerRecord<K, V> first = records.get(0);
      progress = new CommittedOffset(first.offset());
    }
    waitingCount.addAndGet(records.size());
    waiting.addAll(records);
  }

  int waitingCount() {
    return waitingCount.get();
  }

  boolean isPaused() {
    return paused;
  }

  /** Paused: {@link #takesRoomNews} is told once when no more than half of that is waiting. */
  void setPaused(boolean now) {
    paused = now;
    waitsForRoom = now;
  }

  /** Nothing has been read: reading begins there. */
  void beginAt(long offset) {
    if (progress == null) {
      progress = new CommittedOffset(offset);
    }
  }

  @Nullable CommittedOffset progress() {
    return progress;
  }

  @Nullable CommittedOffset committed() {
    return committed;
  }

  void setCommitted(CommittedOffset offset) {
    committed = offset;
  }

  void cancel() {
    cancelled = true;
  }

  /** This one's calls begin when that one's last has ended. */
  void follow(Lane<K, V> former) {
    blocked = true;
    former.successor = this;
    if (!former.isBusy()) {
      blocked = false;
    }
  }

  // ---- Any thread ------------------------------------------------------------------------------

  boolean isCancelled() {
    return cancelled;
  }

  boolean isBusy() {
    return busy;
  }

  /** How long the present call has taken; 0 when there is none. */
  long busyNanos(long nowNanos) {
    long since = busySinceNanos;
    return busy ? nowNanos - since : 0;
  }

  /** Of the first record of the present call. */
  long busyOffset() {
    return busyOffset;
  }

  /** True for the one caller who shall put it into the ready queue. */
  boolean becomesReady() {
    return !blocked && !waiting.isEmpty() && scheduled.compareAndSet(false, true);
  }

  void unblock() {
    blocked = false;
  }

  /** How far the application has come. */
  void setProgress(CommittedOffset offset) {
    progress = offset;
  }

  // ---- In the hands of a handler thread --------------------------------------------------------

  /**
   * Begins a call of the application with the next records, at most so many, or with those that are
   * to be tried again; empty when there are none, or no call may begin.
   */
  List<ConsumerRecord<K, V>> begin(int most, long nowNanos) {
    busySinceNanos = nowNanos;
    busy = true; // before the look at cancelled: who cancels looks at busy afterwards
    if (cancelled) {
      return List.of();
    }
    List<ConsumerRecord<K, V>> records = again;
    if (records.isEmpty()) {
      records = new ArrayList<>(Math.min(most, waitingCount.get()));
      for (int i = 0; i < most; i++) {
        ConsumerRecord<K, V> next = waiting.poll();
        if (next == null) {
          break;
        }
        records.add(next);
      }
      waitingCount.addAndGet(-records.size());
    }
    if (!records.isEmpty()) {
      busyOffset = records.get(0).offset();
    }
    return records;
  }

  /** How often the records that {@link #begin} gave have been tried before. */
  int attempts() {
    return attempts;
  }

  void handled() {
    again = List.of();
    attempts = 0;
  }

  /** The next {@link #begin} gives the same. */
  void tryAgain(List<ConsumerRecord<K, V>> records) {
    again = records;
    attempts++;
  }

  /** The call has ended; returns who may begin now. */
  @Nullable Lane<K, V> end() {
    busy = false;
    return successor;
  }

  /** True once when the polling thread waits for room, and no more than so many are waiting. */
  boolean takesRoomNews(int few) {
    if (waitsForRoom && waitingCount.get() <= few) {
      waitsForRoom = false;
      return true;
    }
    return false;
  }

  /** Given back; true if it has to go into the ready queue again. */
  boolean release() {
    scheduled.set(false);
    return !cancelled && (again.isEmpty() ? becomesReady() : scheduled.compareAndSet(false, true));
  }
}
