package io.millrace.client.run;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.FailurePolicy;
import io.millrace.client.TopicPartition;
import java.util.List;

/**
 * What the application does with records.
 *
 * @param most records of one call
 * @param countsWhenHandled whether a record is done with when the call returns, or when somebody
 *     says so
 */
public record Work<K, V>(
    Call<K, V> call, int most, FailurePolicy<K, V> onFailure, boolean countsWhenHandled) {
  /** The application's code. */
  @FunctionalInterface
  public interface Call<K, V> {
    /** On a handler thread. */
    void handle(TopicPartition partition, List<ConsumerRecord<K, V>> records) throws Exception;
  }
}
