package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchLayout;
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

  // On the loop.
  private final List<FlushWait> flushes = new ArrayList<>(0);
  private boolean mayBeWritten;
  private boolean ended;
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

  void finish(Compression compression) {
    finishing = true;
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
  }

  /** Whether its records have ended. */
  boolean hasEnded() {
    return ended;
  }

  void setEnded() {
    ended = true;
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
    mayBeWritten = false;
    ended = false;
  }
}
