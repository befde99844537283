package io.millrace.client;

import java.util.List;

/** What an application does with several records at once; see {@link ConsumerRunner}. */
@FunctionalInterface
public interface BatchHandler<K, V> {
  /**
   * Returns when it has done with all of them. Called on a handler thread, for the records of one
   * partition in their order and one call after another.
   *
   * @param records at least one, in order
   * @throws Exception it could not; all of them are then what the {@link FailurePolicy} decides on
   */
  void handle(TopicPartition partition, List<ConsumerRecord<K, V>> records) throws Exception;
}
