package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * How often a replica may take the place of a leader that is silent although its session stands. In
 * a network that lets some pairs talk and others not, two brokers might else depose each other for
 * ever. Owner: the store's loop.
 *
 * <p>A few at once are free, so that brokers that die one after another are replaced at once; after
 * that one for each period. A session that ends is no suspicion, and not counted.
 */
final class SuspicionBudget {
  private static final int FREE = 3;
  private static final long PERIOD_NANOS = SECONDS.toNanos(10);

  private int spent;
  private long spentSinceNanos;

  /** 0: now; else how long to wait. */
  long waitNanos(long nowNanos) {
    refill(nowNanos);
    return spent < FREE ? 0 : spentSinceNanos + PERIOD_NANOS - nowNanos;
  }

  void spend(long nowNanos) {
    refill(nowNanos);
    if (spent == 0) {
      spentSinceNanos = nowNanos;
    }
    spent++;
  }

  private void refill(long nowNanos) {
    while (spent > 0 && nowNanos - spentSinceNanos >= PERIOD_NANOS) {
      spent--;
      spentSinceNanos += PERIOD_NANOS;
    }
  }
}
