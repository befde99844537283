package io.millrace.storage.producers;

import java.util.concurrent.TimeUnit;

/**
 * How much is remembered for one partition.
 *
 * @param maxProducers above this the one that was silent for longest goes, for the sake of a new
 *     one; each takes up to 1.2 KiB
 * @param idleMillis who appended nothing for so long is forgotten; not shorter than the longest
 *     delivery time-out a producer may have
 * @param leastIdleMillis nobody goes for the sake of a new one who appended something since
 */
public record ProducerLimits(int maxProducers, long idleMillis, long leastIdleMillis) {
  public static final ProducerLimits DEFAULT =
      new ProducerLimits(10_000, TimeUnit.HOURS.toMillis(24), TimeUnit.MINUTES.toMillis(15));

  public ProducerLimits {
    if (maxProducers < 1 || leastIdleMillis < 0 || idleMillis < leastIdleMillis) {
      throw new IllegalArgumentException(
          maxProducers + " producers, idle for " + leastIdleMillis + " to " + idleMillis + " ms");
    }
  }
}
