package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchView;
import io.millrace.wire.Compression;
import io.millrace.wire.RecordHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some records of one partition on their way: their bytes, and who wants to hear of each.
 *
 * <p>Owner: the queue's monitor while it is open; the one thread that closed it until it has
 * finished it; from then on the client's loop. It goes back to the pool when its records have ended
 * and the last request it was in has neither its bytes nor its answer to wait for: a request that
 * timed out may still be being written.
 */
final class SendBatch {
  private static final int FIRST_CAPACITY = 16;
  static final long NEVER_SENT = -1;
  private static final long NO_PRODUCER = BatchLayout.NO_PRODUCER_ID;

  private final MemoryBudget budget;
  private final BatchBuilder builder;

  // Written by the owner; read when the batch is given back.
  private long memoryBytes;
  private int newestBufferBytes;
  private boolean finishing;

  private @Nullable Object[] completions = new @Nullable Object[FIRST_CAPACITY];
  private long[] timestamps = new long[FIRST_CAPACITY];
  private long begunNanos;
  private @Nullable TopicPartition partition;

  /** Set last when it is closed: whoever sees it sees all the rest. */
  private volatile @Nullable ByteBuffer bytes;

  // Who closes it guesses its numbers; the loop gives them, and corrects the bytes if need be.
  private long guessedId = NO_PRODUCER;
  private int guessedEpoch;
  private int guessedSequence;

  // On the loop.
  private boolean numbered;
  private long order = NEVER_SENT;
  private final List<FlushWait> flushes = new ArrayList<>(0);
  private boolean mayBeWritten;
  private boolean wasInDoubt;
  private boolean ended;
  private boolean written;
  private int holds;

  SendBatch(MemoryBudget budget, int fullBatchBytes) {
    this.budget = budget;
    this.builder = new BatchBuilder(fullBatchBytes, BatchLayout.MAX_SIZE_BYTES, this::allocate);
  }

  /** By the builder: its first buffer, a larger one in its place, or one to compress into. */
  private ByteBuffer allocate(int size) {
    long more = finishing ? size : size - newestBufferBytes;
    if (!finishing) {
      newestBufferBytes = size;
    }
    memoryBytes += more;
    budget.take(more);
    return ByteBuffer.allocateDirect(size);
  }

  long memoryBytes() {
    return memoryBytes;
  }

  // ---- Filling, under the queue's monitor ------------------------------------------------------

  void begin(TopicPartition of, long nowNanos) {
    partition = of;
    begunNanos = nowNanos;
  }

  TopicPartition partition() {
    TopicPartition begun = partition;
    if (begun == null) {
      throw new IllegalStateException("the batch has not been begun");
    }
    return begun;
  }

  /** False when the record does not fit: into an empty batch, when it never will. */
  boolean tryAppend(
      long timestamp,
      byte @Nullable [] key,
      byte @Nullable [] value,
      List<RecordHeader> headers,
      Object completion) {
    if (!builder.tryAppend(timestamp, key, value, headers)) {
      return false;
    }
    int index = builder.recordCount() - 1;
    if (index == completions.length) {
      completions = Arrays.copyOf(completions, 2 * index);
      timestamps = Arrays.copyOf(timestamps, 2 * index);
    }
    completions[index] = completion;
    timestamps[index] = timestamp;
    return true;
  }

  /** Of the batch before compression. */
  int encodedBytes() {
    return builder.sizeBytes();
  }

  int recordCount() {
    return builder.recordCount();
  }

  /** When its first record was sent. */
  long begunNanos() {
    return begunNanos;
  }

  // ---- Closing, on the thread that took it out of the open place -------------------------------

  /**
   * Under the queue's monitor, in the order of closing: what numbers it will probably get. So the
   * checksum is made once, and not on the loop.
   */
  void guess(long producerId, int epoch, int sequence) {
    guessedId = producerId;
    guessedEpoch = epoch;
    guessedSequence = sequence;
  }

  void finish(Compression compression) {
    finishing = true;
    if (guessedId != NO_PRODUCER) {
      builder.producer(guessedId, guessedEpoch, guessedSequence);
    }
    bytes = builder.finish(compression);
    finishing = false;
  }

  /** Whether {@link #finish} has ended. */
  boolean isFinished() {
    return bytes != null;
  }

  // ---- On the loop -----------------------------------------------------------------------------

  /** To be written to the network: a view of its own. */
  ByteBuffer view() {
    return finished().duplicate();
  }

  int sizeBytes() {
    return finished().remaining();
  }

  private ByteBuffer finished() {
    ByteBuffer finished = bytes;
    if (finished == null) {
      throw new IllegalStateException("the batch is not finished");
    }
    return finished;
  }

  /** Gives it its numbers; see {@link Numbering}. False when they had been guessed wrong. */
  boolean number(long producerId, int epoch, int sequence) {
    numbered = true;
    boolean asGuessed =
        guessedId == producerId && guessedEpoch == epoch && guessedSequence == sequence;
    if (!asGuessed) {
      new BatchView().wrap(finished(), 0).nameProducer(producerId, epoch, sequence);
      guess(producerId, epoch, sequence);
    }
    return asGuessed;
  }

  /** Whether it has been sent under numbers that are still its own. */
  boolean isNumbered() {
    return numbered;
  }

  /** It is certain that it is not in the log: it may be sent under other numbers. */
  void forgetNumber() {
    numbered = false;
  }

  /** In which it went out first, among those of its partition. */
  long order() {
    return order;
  }

  void setOrder(long order) {
    this.order = order;
  }

  @Nullable Object completion(int index) {
    return completions[index];
  }

  long timestamp(int index) {
    return timestamps[index];
  }

  /** Whether an attempt to send it ended without an answer. */
  boolean mayBeWritten() {
    return mayBeWritten;
  }

  void setMayBeWritten() {
    mayBeWritten = true;
    wasInDoubt = true;
  }

  /** The leader has said, in effect, that it is not in the log. */
  void setNotWritten() {
    mayBeWritten = false;
  }

  /**
   * Whether nobody may be told that it is certainly not there. What a leader's log lacks another's
   * may have, that had taken it before and leads again once the first has lost its power.
   */
  boolean wasInDoubt() {
    return wasInDoubt;
  }

  /** Whether its records have ended. */
  boolean hasEnded() {
    return ended;
  }

  void setEnded() {
    ended = true;
  }

  /** Whether they have ended as written. */
  boolean isWritten() {
    return written;
  }

  void setWritten() {
    written = true;
  }

  /** An exchange looks at it, or the network at its bytes: it must not be used again. */
  void hold() {
    holds++;
  }

  void letGo() {
    holds--;
  }

  boolean isHeld() {
    return holds > 0;
  }

  /** The flush is told when its records have ended. */
  void addFlush(FlushWait flush) {
    flushes.add(flush);
    flush.add();
  }

  void tellFlushes() {
    flushes.forEach(FlushWait::remove);
    flushes.clear();
  }

  // ---- Between uses ----------------------------------------------------------------------------

  void reset() {
    Arrays.fill(completions, 0, builder.recordCount(), null);
    builder.reset();
    bytes = null;
    guessedId = NO_PRODUCER;
    numbered = false;
    order = NEVER_SENT;
    mayBeWritten = false;
    wasInDoubt = false;
    ended = false;
    written = false;
  }
}
