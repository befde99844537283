package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * How often a replica may take the place of a leader that is silent although its session stands. In
 * a network that lets some pairs talk and others not, two brokers might else depose each other for
 * ever. Owner: the store's loop.
 *
 * <p>A few at once are free, so that brokers that die one after another are replaced at once; after
 * that one for each period. A session that ends is no suspicion, and not counted.
 *
 * <p>Where these were not enough, each new leader has a period before it is deposed again: two
 * whose periods begin together would else answer each other at once for ever, and neither would
 * lead long enough for the others to get in sync with it.
 */
final class SuspicionBudget {
  private static final int FREE = 3;
  private static final long PERIOD_NANOS = SECONDS.toNanos(10);

  private int spent;
  private long spentSinceNanos;

  /** All that was free has been spent, and is not back yet. */
  private boolean isFlapping;

  private int leaderEpoch = -1;
  private long leadsSinceNanos;

  /** Told of every leader that there is, before any wait is asked for. */
  void onLeader(int epoch, long nowNanos) {
    if (epoch > leaderEpoch) {
      leaderEpoch = epoch;
      leadsSinceNanos = nowNanos;
    }
  }

  /** 0: now; else how long to wait. */
  long waitNanos(long nowNanos) {
    refill(nowNanos);
    long own = spent < FREE ? 0 : spentSinceNanos + PERIOD_NANOS - nowNanos;
    return isFlapping ? Math.max(own, leadsSinceNanos + PERIOD_NANOS - nowNanos) : own;
  }

  void spend(long nowNanos) {
    refill(nowNanos);
    if (spent == 0) {
      spentSinceNanos = nowNanos;
    }
    spent++;
    isFlapping |= spent >= FREE;
  }

  private void refill(long nowNanos) {
    while (spent > 0 && nowNanos - spentSinceNanos >= PERIOD_NANOS) {
      spent--;
      spentSinceNanos += PERIOD_NANOS;
    }
    isFlapping &= spent > 0;
  }
}
