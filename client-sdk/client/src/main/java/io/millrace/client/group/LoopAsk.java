package io.millrace.client.group;

import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.Done;
import io.millrace.client.consumer.PollWait;
import java.util.function.Consumer;

/**
 * How the polling thread asks the client's loop, and waits.
 *
 * @param sleep the polling thread's
 */
record LoopAsk(Cluster cluster, PollWait sleep) {
  /**
   * Waits for the answer; a wakeup of the consumer is kept for its next poll.
   *
   * @param what for messages
   * @param question on the loop; ends what it is given, at once or later
   */
  <T> T ask(String what, long timeoutNanos, Consumer<Done<T>> question) {
    Pending<T> asked = new Pending<>(sleep);
    cluster.loop().execute(() -> question.accept(asked));
    return asked.await(cluster.clock(), timeoutNanos, what);
  }

  /** Without an answer; what is told first is heard first. */
  void tell(Runnable word) {
    cluster.loop().execute(word);
  }

  long nowNanos() {
    return cluster.clock().nanoTime();
  }
}
