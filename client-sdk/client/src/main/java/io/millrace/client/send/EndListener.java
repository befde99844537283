package io.millrace.client.send;

import io.millrace.client.RecordMetadata;
import io.millrace.client.errors.MillraceException;
import org.jspecify.annotations.Nullable;

/** Hears how each record ended, on the client's loop, before its callback or future. */
public interface EndListener {
  /** Nobody. */
  EndListener NONE =
      new EndListener() {
        @Override
        public boolean isListening() {
          return false;
        }

        @Override
        public void onEnd(
            String topic,
            int partition,
            @Nullable RecordMetadata metadata,
            @Nullable MillraceException error) {}
      };

  /** False: it need not be called. */
  boolean isListening();

  /** Exactly one of the last two is null; a negative partition: none was chosen. Never throws. */
  void onEnd(
      String topic,
      int partition,
      @Nullable RecordMetadata metadata,
      @Nullable MillraceException error);
}
