package io.millrace.server.replication;

/**
 * How long a broker may be silent before it is suspected: what its answers usually take and four
 * times how much that varies, within bounds. Pure; time comes as an argument.
 *
 * <p>Answers come by the thousand a second or by the forty. So that the limit remembers seconds and
 * not a number of answers, only the slowest answer of each {@link #WINDOW_NANOS} counts.
 */
final class SilenceLimit {
  static final long WINDOW_NANOS = 25_000_000;

  private static final int DEVIATIONS = 4;

  /** Jitter is believed at once and forgotten within seconds: an election costs more than 50 ms. */
  private static final int MEAN_GAIN = 8;

  private static final int RISE_GAIN = 4;
  private static final int FALL_GAIN = 128;

  private final long leastNanos;
  private final long mostNanos;

  /** An idle broker answers when the wait is over. */
  private long meanNanos = WINDOW_NANOS;

  /**
   * Of somebody new more is put up with, until his answers of a few seconds are known: what is done
   * for the first time is slow, on both sides. A connection that is refused needs no patience.
   */
  private long deviationNanos;

  private long windowBeganNanos;
  private long slowestNanos = -1;

  SilenceLimit(long leastNanos, long mostNanos) {
    if (leastNanos <= 0 || mostNanos < leastNanos) {
      throw new IllegalArgumentException("bounds of silence: " + leastNanos + " to " + mostNanos);
    }
    this.leastNanos = leastNanos;
    this.mostNanos = mostNanos;
    this.deviationNanos = leastNanos;
  }

  /**
   * @param tookNanos from asking to the answer
   */
  void onAnswer(long tookNanos, long nowNanos) {
    if (slowestNanos < 0) {
      windowBeganNanos = nowNanos;
    }
    slowestNanos = Math.max(slowestNanos, Math.max(0, tookNanos));
    if (nowNanos - windowBeganNanos >= WINDOW_NANOS || slowestNanos > nanos()) {
      learn(slowestNanos);
      slowestNanos = -1;
    }
  }

  private void learn(long sampleNanos) {
    long error = sampleNanos - meanNanos;
    meanNanos += error / MEAN_GAIN;
    long change = Math.abs(error) - deviationNanos;
    deviationNanos += change / (change > 0 ? RISE_GAIN : FALL_GAIN);
  }

  long mostNanos() {
    return mostNanos;
  }

  long nanos() {
    return Math.min(mostNanos, Math.max(leastNanos, meanNanos + DEVIATIONS * deviationNanos));
  }
}
