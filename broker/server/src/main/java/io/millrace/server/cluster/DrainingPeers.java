package io.millrace.server.cluster;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Brokers that hand their leaderships over and want no new ones, as their fetches say. Any thread.
 */
public final class DrainingPeers {
  /** Incarnations by id. */
  private final Map<Integer, Integer> draining = new ConcurrentHashMap<>();

  /** With each of its requests; for most brokers this changes nothing, and costs a look. */
  public void heard(int broker, int incarnation, boolean isDraining) {
    if (isDraining) {
      draining.put(broker, incarnation);
    } else if (!draining.isEmpty()) {
      draining.remove(broker);
    }
  }

  /** In its present life. */
  boolean contains(int broker, Outlook outlook) {
    Integer life = draining.get(broker);
    return life != null && life.equals(outlook.up().get(broker));
  }
}
