package io.millrace.client.send;

import io.millrace.client.errors.MillraceException;

/** How an append to a partition's queue ended. */
public sealed interface Appended {
  /**
   * In the queue.
   *
   * @param tellLoop the loop does not know yet that there is something to send
   */
  record Queued(boolean tellLoop) implements Appended {}

  /** It does not fit into any batch. */
  record TooLarge() implements Appended {}

  /** Nothing is taken any more: the partition is gone, or the producer closed. */
  record Refused(MillraceException why) implements Appended {}
}
