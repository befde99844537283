package io.millrace.client.send;

import io.millrace.client.Acknowledgement;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import java.util.List;

/** Ends batches: tells whoever waits, once, and gives the memory back. On the client's loop. */
final class Endings {
  private final BatchPool pool;

  Endings(BatchPool pool) {
    this.pool = pool;
  }

  void written(SendBatch batch, TopicPartition partition, long baseOffset, Acknowledgement ack) {
    if (!batch.hasEnded()) {
      Completions.written(batch, partition, baseOffset, ack);
      end(batch);
    }
  }

  /**
   * It will not be sent any more.
   *
   * @param e what is told if it certainly was not written
   */
  void giveUp(SendBatch batch, MillraceException e) {
    if (batch.hasEnded()) {
      return;
    }
    if (batch.mayBeWritten() && !(e instanceof OutcomeUnknownException)) {
      Completions.failed(
          batch,
          new OutcomeUnknownException(
              "an earlier attempt may have been written; the last one was not: " + e.getMessage(),
              e));
    } else {
      Completions.failed(batch, e);
    }
    end(batch);
  }

  void giveUp(List<SendBatch> batches, MillraceException e) {
    batches.forEach(batch -> giveUp(batch, e));
  }

  private void end(SendBatch batch) {
    batch.setEnded();
    batch.tellFlushes();
    if (!batch.isHeld()) {
      pool.give(batch);
    }
  }

  /** One who held it does so no more. */
  void letGo(SendBatch batch) {
    batch.letGo();
    if (batch.hasEnded() && !batch.isHeld()) {
      pool.give(batch);
    }
  }
}
