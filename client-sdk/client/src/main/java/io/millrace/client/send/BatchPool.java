package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.rpc.Clock;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Batches to be filled, with the memory of those that have ended. Safe for any thread.
 *
 * <p>The last one given back is the first one taken: its memory is warm. What lies here unused and
 * what is in use together stay within the budget.
 */
final class BatchPool {
  private final MemoryBudget budget;
  private final int fullBatchBytes;
  private final Clock clock;

  // Under this object's monitor.
  private final ArrayDeque<SendBatch> free = new ArrayDeque<>();
  private long freeBytes;

  BatchPool(MemoryBudget budget, int fullBatchBytes, Clock clock) {
    this.budget = budget;
    this.fullBatchBytes = fullBatchBytes;
    this.clock = clock;
  }

  /** An empty one, begun now. */
  SendBatch take(TopicPartition partition) {
    @Nullable SendBatch batch;
    synchronized (this) {
      batch = free.pollFirst();
      if (batch != null) {
        freeBytes -= batch.memoryBytes();
      }
    }
    if (batch == null) {
      batch = new SendBatch(budget, fullBatchBytes);
    } else {
      budget.take(batch.memoryBytes());
    }
    batch.begin(partition, clock.nanoTime());
    return batch;
  }

  /** Nobody looks at it or at its bytes any more. */
  void give(SendBatch batch) {
    batch.reset();
    long bytes = batch.memoryBytes();
    synchronized (this) {
      // A single large record's memory is not worth keeping.
      if (bytes <= 4L * fullBatchBytes && freeBytes + budget.usedBytes() <= budget.limitBytes()) {
        free.addFirst(batch);
        freeBytes += bytes;
      }
    }
    budget.give(bytes);
  }
}
