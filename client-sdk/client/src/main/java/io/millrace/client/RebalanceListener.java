package io.millrace.client;

import java.util.Collection;

/**
 * Hears which partitions a group gives to a consumer and takes away again. Called on the thread
 * that polls, from within {@link Consumer#poll}, {@link Consumer#unsubscribe} or {@link
 * Consumer#close}; it may call the consumer, but for {@code poll}, {@code subscribe}, {@code
 * assign} and these. What it throws comes out of that call, once the change has been made.
 *
 * <p>To commit what was worked on before a partition goes:
 *
 * <pre>{@code
 * consumer.subscribe(
 *     List.of("orders"),
 *     new RebalanceListener() {
 *       public void onRevoked(Collection<TopicPartition> partitions) {
 *         consumer.commitSync();
 *       }
 *     });
 * }</pre>
 */
public interface RebalanceListener {
  /** Partitions that are read from now on; positions are where the group has come to. */
  default void onAssigned(Collection<TopicPartition> partitions) {}

  /**
   * Partitions that another member is to read, or all of them when the consumer leaves. Nobody
   * reads them before this returns, so what has been worked on can still be committed here. It may
   * take {@code max.poll.interval.ms}: then the consumer is out, and others read.
   */
  default void onRevoked(Collection<TopicPartition> partitions) {}

  /**
   * Partitions that others may read already: the consumer was taken for dead, did not poll, or
   * could not be reached for too long. Nothing of them can be committed any more.
   */
  default void onLost(Collection<TopicPartition> partitions) {}
}
