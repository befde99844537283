package io.millrace.wire;

import java.nio.ByteBuffer;

/**
 * Steps over the whole batches of a {@code BatchSequence}: a fetch answer's share, a piece of a
 * segment. Reused; belongs to one thread.
 */
public final class BatchIterator {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final BatchView batch = new BatchView();
  private ByteBuffer buffer = NOTHING;
  private int next;
  private int limit;

  /** Starts over with the buffer's remaining bytes, whose position and limit stay. */
  public BatchIterator over(ByteBuffer sequence) {
    buffer = sequence;
    next = sequence.position();
    limit = sequence.limit();
    return this;
  }

  /**
   * Moves to the next batch; false behind the last.
   *
   * @throws CorruptBatchException when what follows is no whole batch. The iterator stays where it
   *     is
   */
  public boolean next() {
    if (next >= limit) {
      return false;
    }
    BatchScan found = batch.scan(buffer, next, limit);
    if (found != BatchScan.WHOLE) {
      throw new CorruptBatchException(
          "no whole batch at position "
              + next
              + " of a sequence that ends at "
              + limit
              + ": "
              + (batch.problem() == null ? found : batch.problem()));
    }
    next += batch.sizeBytes();
    return true;
  }

  /** The current one, until {@link #next} moves on. Nothing but its header has been looked at. */
  public BatchView batch() {
    return batch;
  }
}
