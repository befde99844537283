package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.Compression;
import io.millrace.wire.RecordHeader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition that wait to be sent: callers of {@code send} fill it, the client's
 * loop empties it. Its state is under its monitor.
 */
final class PartitionQueue {
  /** A record's tags and lengths, at most; for telling beforehand whether it fits. */
  private static final int RECORD_OVERHEAD_BYTES = 64;

  private static final long NONE = -1;

  private final TopicPartition partition;
  private final BatchPool pool;
  private final Compression compression;

  /** Those behind the first may be not finished yet: a caller is about to. */
  private final ArrayDeque<SendBatch> closed = new ArrayDeque<>();

  private @Nullable SendBatch open;
  private @Nullable MillraceException refusal;

  /** What a batch that is closed now will probably get; the loop corrects it. */
  private Guess guess = Guess.NONE;

  /** The loop has been told that there is something here, and has not found it empty since. */
  private boolean loopKnows;

  /** Encoded bytes waiting; changed under the monitor, read by anybody. */
  private final AtomicInteger queuedBytes = new AtomicInteger();

  /** How many batches were closed; changed under the monitor, read by anybody. */
  private final AtomicInteger closedCount = new AtomicInteger();

  /**
   * Numbers of a batch: see {@link Numbering}.
   *
   * @param next of its first record
   */
  record Guess(long producerId, int epoch, int next) {
    static final Guess NONE = new Guess(-1, 0, 0);

    Guess after(int records) {
      return new Guess(producerId, epoch, Numbering.after(next, records));
    }
  }

  PartitionQueue(TopicPartition partition, BatchPool pool, Compression compression) {
    this.partition = partition;
    this.pool = pool;
    this.compression = compression;
  }

  TopicPartition partition() {
    return partition;
  }

  int queuedBytes() {
    return queuedBytes.get();
  }

  int closedCount() {
    return closedCount.get();
  }

  // ---- Callers of send -------------------------------------------------------------------------

  private static final Appended QUEUED = new Appended.Queued(false);
  private static final Appended QUEUED_TELL_LOOP = new Appended.Queued(true);

  /**
   * Encodes the record into the open batch.
   *
   * @param recordBytes of key, value and headers together
   * @param fullBytes no record is added to a batch that would become larger
   */
  Appended append(
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RecordHeader> headers,
      Object completion,
      int recordBytes,
      int fullBytes) {
    SendBatch full = null;
    boolean fits;
    boolean tellLoop = false;
    synchronized (this) {
      MillraceException why = refusal;
      if (why != null) {
        return new Appended.Refused(why);
      }
      SendBatch current = open;
      int before = current == null ? 0 : current.encodedBytes();
      fits =
          current != null
              && before + recordBytes + RECORD_OVERHEAD_BYTES <= fullBytes
              && current.tryAppend(timestamp, key, value, headers, completion);
      if (!fits) {
        SendBatch fresh = pool.take(partition);
        fits = fresh.tryAppend(timestamp, key, value, headers, completion);
        if (fits) {
          full = current;
          if (current != null) {
            guess(current);
            closed.addLast(current);
            closedCount.incrementAndGet();
          }
          open = fresh;
          current = fresh;
          before = 0;
        } else {
          pool.give(fresh);
        }
      }
      if (fits && current != null) {
        queuedBytes.lazySet(queuedBytes.get() + current.encodedBytes() - before);
        tellLoop = !loopKnows;
        loopKnows = true;
      }
    }
    if (full != null) {
      // Checksum and compression outside the monitor; the loop passes it over until it is finished.
      full.finish(compression);
      tellLoop = true;
    }
    if (!fits) {
      return new Appended.TooLarge();
    }
    return tellLoop ? QUEUED_TELL_LOOP : QUEUED;
  }

  // ---- The loop --------------------------------------------------------------------------------

  /**
   * Takes batches from the head, finished ones and then the open one.
   *
   * @param maxBytes of all together
   * @param anyFirst the first one may be larger
   * @param maxBatches of this queue
   * @param begunBefore an open batch that was begun later stays, unless it is behind others: it
   *     lingers
   * @return their bytes
   */
  int take(int maxBytes, boolean anyFirst, int maxBatches, long begunBefore, List<SendBatch> into) {
    int bytes = 0;
    int count = 0;
    SendBatch toFinish = null;
    synchronized (this) {
      for (SendBatch head = closed.peekFirst();
          head != null && head.isFinished() && count < maxBatches;
          head = closed.peekFirst()) {
        if (bytes + head.sizeBytes() > maxBytes && !(anyFirst && count == 0)) {
          return bytes;
        }
        into.add(head);
        bytes += head.sizeBytes();
        count++;
        closed.removeFirst();
        leave(head);
      }
      SendBatch last = open;
      if (last != null
          && closed.isEmpty()
          && count < maxBatches
          && (count > 0 || last.begunNanos() - begunBefore <= 0)
          && (bytes + last.encodedBytes() <= maxBytes || (anyFirst && count == 0))) {
        toFinish = last;
        open = null;
        guess(last);
        closedCount.incrementAndGet();
        leave(last);
      }
      loopKnows = open != null || !closed.isEmpty();
    }
    if (toFinish != null) {
      toFinish.finish(compression);
      into.add(toFinish);
      bytes += toFinish.sizeBytes();
    }
    return bytes;
  }

  /** Under the monitor, in the order of closing. */
  private void guess(SendBatch batch) {
    if (guess.producerId() >= 0) {
      batch.guess(guess.producerId(), guess.epoch(), guess.next());
      guess = guess.after(batch.recordCount());
    }
  }

  /** The numbers that come next are these: of the batch at the head, and on from there. */
  synchronized void expect(Guess next) {
    Guess each = next;
    for (SendBatch batch : closed) {
      if (!batch.isNumbered()) {
        each = each.after(batch.recordCount());
      }
    }
    guess = each;
  }

  private void leave(SendBatch batch) {
    queuedBytes.lazySet(queuedBytes.get() - batch.encodedBytes());
  }

  /** Puts batches that were taken back to the head, behind those that went out before them. */
  synchronized void putBack(List<SendBatch> batches) {
    if (batches.isEmpty()) {
      return;
    }
    List<SendBatch> before = new ArrayList<>();
    while (isAnySentBefore(batches.get(0).order())) {
      before.add(closed.removeFirst());
    }
    for (int i = batches.size() - 1; i >= 0; i--) {
      SendBatch batch = batches.get(i);
      closed.addFirst(batch);
      queuedBytes.lazySet(queuedBytes.get() + batch.encodedBytes());
    }
    for (int i = before.size() - 1; i >= 0; i--) {
      closed.addFirst(before.get(i));
    }
    loopKnows = true;
  }

  /** Whether a batch is here that went out before the one of this order. */
  synchronized boolean isAnySentBefore(long order) {
    SendBatch head = closed.peekFirst();
    return head != null && head.order() != SendBatch.NEVER_SENT && head.order() < order;
  }

  /** How many batches are here that have gone out before. */
  synchronized int sentCount() {
    return (int) closed.stream().filter(batch -> batch.order() != SendBatch.NEVER_SENT).count();
  }

  /** Batches here that have gone out before, under numbers that are still their own. */
  synchronized List<SendBatch> numbered() {
    return closed.stream().filter(SendBatch::isNumbered).toList();
  }

  synchronized boolean isEmpty() {
    return open == null && closed.isEmpty();
  }

  /** How long ago the batch at the head was begun; negative when there is none. */
  synchronized long oldestAgeNanos(long nowNanos) {
    SendBatch oldest = closed.isEmpty() ? open : closed.peekFirst();
    return oldest == null ? NONE : Math.max(0, nowNanos - oldest.begunNanos());
  }

  /** Of the batch that would be taken next; 0 when there is none, or it is not finished. */
  synchronized int headBytes() {
    SendBatch head = closed.peekFirst();
    if (head != null) {
      return head.isFinished() ? head.sizeBytes() : 0;
    }
    return open == null ? 0 : open.encodedBytes();
  }

  /** Takes out what was begun at or before that time, but what a caller is about to finish. */
  synchronized void takeBegunBefore(long begunNanos, List<SendBatch> into) {
    for (Iterator<SendBatch> each = closed.iterator(); each.hasNext(); ) {
      SendBatch batch = each.next();
      if (batch.isFinished() && batch.begunNanos() - begunNanos <= 0) {
        each.remove();
        leave(batch);
        into.add(batch);
      }
    }
    SendBatch last = open;
    if (last != null && last.begunNanos() - begunNanos <= 0) {
      open = null;
      leave(last);
      into.add(last);
    }
    // Else the next record would wait for a loop that has forgotten this queue.
    loopKnows = open != null || !closed.isEmpty();
  }

  /**
   * Takes nothing any more, and takes out what is here, but what a caller is about to finish: that
   * caller signals, and then this is called again.
   */
  synchronized void refuse(MillraceException why, List<SendBatch> into) {
    refusal = why;
    for (Iterator<SendBatch> each = closed.iterator(); each.hasNext(); ) {
      SendBatch batch = each.next();
      if (batch.isFinished()) {
        each.remove();
        leave(batch);
        into.add(batch);
      }
    }
    SendBatch last = open;
    if (last != null) {
      open = null;
      leave(last);
      into.add(last);
    }
  }

  /** Takes no new records from now on; what is here is still sent. */
  synchronized void refuseNew(MillraceException why) {
    refusal = why;
  }

  /** Every batch that is here now; for the loop's bookkeeping. */
  synchronized void forEach(Consumer<SendBatch> action) {
    closed.forEach(action);
    SendBatch last = open;
    if (last != null) {
      action.accept(last);
    }
  }
}
