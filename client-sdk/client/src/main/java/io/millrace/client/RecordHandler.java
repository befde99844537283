package io.millrace.client;

/** What an application does with each record; see {@link ConsumerRunner}. */
@FunctionalInterface
public interface RecordHandler<K, V> {
  /**
   * Returns when it has done with the record. Called on a handler thread, for the records of one
   * partition in their order and one after another.
   *
   * @throws Exception it could not; the {@link FailurePolicy} says what then
   */
  void handle(ConsumerRecord<K, V> record) throws Exception;
}
