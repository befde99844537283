package io.millrace.client;

/**
 * Sees what {@code poll} is about to return, and may return something else: a plug point. Several
 * of them form a chain, in the order given.
 *
 * <p>Everything on the thread that polls. What an interceptor throws is logged, the first time and
 * then ever more rarely, and harms nothing: the records go on as they came to that interceptor.
 */
public interface ConsumerInterceptor<K, V> extends AutoCloseable {
  /**
   * Called when there is at least one record.
   *
   * @return what the application gets; positions move past all that came, whatever this leaves out
   */
  default ConsumerRecords<K, V> onRecords(ConsumerRecords<K, V> records) {
    return records;
  }

  /** When the consumer is closed. */
  @Override
  default void close() {}
}
