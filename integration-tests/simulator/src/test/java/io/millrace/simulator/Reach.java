package io.millrace.simulator;

import java.util.EnumMap;
import java.util.Map;

/** How often the rare places were reached: what was never reached has not been tested. */
final class Reach {
  /** Reliability 7.6. */
  enum Place {
    LEADER_CHANGE,
    ONE_IN_SYNC,
    ELIGIBLE_MEMBERS,
    IN_SYNC_GROWS,
    LOSS_FLAGGED,
    /** Steps of a broker that leads while ZooKeeper names a later epoch. */
    LEADS_AFTER_REPLACEMENT,
    LOSS_PERMITTED,
    BROKER_ENDED_ITSELF,
    UNKNOWN_OUTCOME,
    ACKNOWLEDGED
  }

  private final Map<Place, Long> counts = new EnumMap<>(Place.class);

  void count(Place place) {
    counts.merge(place, 1L, Long::sum);
  }

  void count(Place place, long times) {
    counts.merge(place, times, Long::sum);
  }

  void add(Reach other) {
    other.counts.forEach(this::count);
  }

  long of(Place place) {
    return counts.getOrDefault(place, 0L);
  }

  @Override
  public String toString() {
    return counts.toString();
  }
}
