package io.millrace.rpc;

import java.util.random.RandomGenerator;

/**
 * How long to wait before trying again: twice as long after each failure up to a maximum, and a
 * random half of it less, so that those who failed together do not come back together.
 *
 * @param firstMillis the longest wait after the first failure, above 0
 * @param maxMillis at least {@code firstMillis}
 */
public record Backoff(long firstMillis, long maxMillis) {
  public Backoff {
    if (firstMillis < 1 || maxMillis < firstMillis || maxMillis > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "back-off from " + firstMillis + " to " + maxMillis + " ms: must be 1 <= first <= max");
    }
  }

  /**
   * @param failures in a row, at least 1
   */
  public long delayMillis(int failures, RandomGenerator random) {
    if (failures < 1) {
      throw new IllegalArgumentException(failures + " failures: nothing to wait for");
    }
    int doublings = Math.min(failures - 1, Long.numberOfLeadingZeros(firstMillis) - 1);
    long longest = Math.min(firstMillis << doublings, maxMillis);
    return longest - random.nextLong(longest / 2 + 1);
  }
}
