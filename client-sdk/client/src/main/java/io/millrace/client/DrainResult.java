package io.millrace.client;

import java.util.List;

/**
 * What {@link Admin#drainBroker} has come to.
 *
 * @param handedOver partitions that others lead now
 * @param left those that stay where they are
 */
public record DrainResult(int handedOver, List<Left> left) {
  public DrainResult {
    left = List.copyOf(left);
  }

  /**
   * A partition that the broker still leads.
   *
   * @param why for people
   */
  public record Left(TopicPartition partition, String why) {}
}
