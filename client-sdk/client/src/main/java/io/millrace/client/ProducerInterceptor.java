package io.millrace.client;

import io.millrace.client.errors.MillraceException;
import org.jspecify.annotations.Nullable;

/**
 * Sees every record on its way, and how it ended: a plug point. Several of them form a chain, in
 * the order given.
 *
 * <p>What an interceptor throws is logged, the first time and then ever more rarely, and harms
 * nothing: the record goes on as it came to that interceptor.
 */
public interface ProducerInterceptor<K, V> extends AutoCloseable {
  /**
   * Before anything else is done with the record, on the thread that calls {@code send}; any number
   * of threads at once.
   *
   * @return the record to send: this one or another
   */
  default ProducerRecord<K, V> onSend(ProducerRecord<K, V> record) {
    return record;
  }

  /**
   * The record has ended, and its callback or future is about to be told: on the producer's own
   * thread, which must not be blocked. Not for what {@code send} itself threw.
   *
   * @param partition negative: none had been chosen
   * @param metadata exactly one of this and {@code error} is null
   */
  default void onEnd(
      String topic,
      int partition,
      @Nullable RecordMetadata metadata,
      @Nullable MillraceException error) {}

  /** When the producer has ended; on its own thread. */
  @Override
  default void close() {}
}
