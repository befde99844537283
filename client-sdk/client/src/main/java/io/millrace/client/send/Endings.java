package io.millrace.client.send;

import io.millrace.client.Acknowledgement;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.metrics.Figures;
import io.millrace.client.metrics.MetricName;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Ends batches: tells whoever waits, once, and gives the memory back. On the client's loop. */
final class Endings {
  private final BatchPool pool;
  private final EndListener listener;
  private final LongAdder written;
  private final LongAdder bytes;
  private final LongAdder failed;
  private final LongAdder unknown;

  Endings(BatchPool pool, Figures figures, EndListener listener) {
    this.pool = pool;
    this.listener = listener;
    this.written = figures.counter(MetricName.RECORDS_WRITTEN);
    this.bytes = figures.counter(MetricName.BYTES_WRITTEN);
    this.failed = figures.counter(MetricName.RECORDS_FAILED);
    this.unknown = figures.counter(MetricName.RECORDS_UNKNOWN);
  }

  void written(SendBatch batch, SendTopic topic, long baseOffset, Acknowledgement ack) {
    if (!batch.hasEnded()) {
      written.add(batch.recordCount());
      bytes.add(batch.sizeBytes());
      topic.countWritten(batch.recordCount(), batch.sizeBytes());
      batch.setWritten();
      Completions.written(batch, batch.partition(), baseOffset, ack, listener);
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
    boolean maybe = batch.wasInDoubt() && !(e instanceof OutcomeUnknownException);
    MillraceException told =
        maybe
            ? new OutcomeUnknownException(
                "an earlier attempt may have been written; the last one was not: " + e.getMessage(),
                e)
            : e;
    (told instanceof OutcomeUnknownException ? unknown : failed).add(batch.recordCount());
    Completions.failed(batch, batch.partition(), told, listener);
    end(batch);
  }

  /** A record that was never queued. */
  void refused(String topic, int partition, @Nullable Object completion, MillraceException e) {
    failed.increment();
    listener.onEnd(topic, partition, null, e);
    Completions.tell(completion, null, e);
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
