package io.millrace.client.send;

import io.millrace.client.Acknowledgement;
import io.millrace.client.Callback;
import io.millrace.client.RecordMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells callers how their records ended, on the client's loop. What waits for a record is the
 * caller's own future or callback, without anything around it.
 */
final class Completions {
  private static final Logger log = LoggerFactory.getLogger(Completions.class);

  private Completions() {}

  /** Tells all records of a batch that they are written. */
  static void written(
      SendBatch batch,
      TopicPartition partition,
      long baseOffset,
      Acknowledgement ack,
      EndListener listener) {
    boolean listening = listener.isListening();
    for (int i = 0; i < batch.recordCount(); i++) {
      long offset =
          baseOffset == RecordMetadata.UNKNOWN_OFFSET
              ? RecordMetadata.UNKNOWN_OFFSET
              : baseOffset + i;
      RecordMetadata metadata = new RecordMetadata(partition, offset, batch.timestamp(i), ack);
      if (listening) {
        listener.onEnd(partition.topic(), partition.partition(), metadata, null);
      }
      tell(batch.completion(i), metadata, null);
    }
  }

  /** Tells all records of a batch the same. */
  static void failed(
      SendBatch batch, TopicPartition partition, MillraceException e, EndListener listener) {
    for (int i = 0; i < batch.recordCount(); i++) {
      if (listener.isListening()) {
        listener.onEnd(partition.topic(), partition.partition(), null, e);
      }
      tell(batch.completion(i), null, e);
    }
  }

  /** Tells one record. */
  @SuppressWarnings("unchecked") // only futures of this type are taken
  static void tell(
      @Nullable Object completion,
      @Nullable RecordMetadata written,
      @Nullable MillraceException e) {
    if (completion instanceof CompletableFuture<?> future) {
      if (e != null) {
        future.completeExceptionally(e);
      } else {
        ((CompletableFuture<@Nullable RecordMetadata>) future).complete(written);
      }
    } else if (completion instanceof Callback callback) {
      try {
        callback.onCompletion(written, e);
      } catch (Throwable thrown) {
        // Whatever it is, it is the application's: other records must still be told.
        log.error("a callback threw; nothing but this is affected", thrown);
      }
    }
  }
}
