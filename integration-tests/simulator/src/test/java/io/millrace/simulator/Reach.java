package io.millrace.simulator;

import java.util.EnumMap;
import java.util.Map;

/** How often the rare places were reached: what was never reached has not been tested. */
final class Reach {
  /** Reliability 7.6, and what else says that a kind of fault has done anything. */
  enum Place {
    LEADER_CHANGE,
    /** Three epochs in a row in which nobody wrote. */
    THREE_CHANGES_WITHOUT_WRITES,
    ONE_IN_SYNC,
    ELIGIBLE_MEMBERS,
    IN_SYNC_GROWS,
    /** A write of a partition's sets met another version than it expected. */
    IN_SYNC_CONFLICT,
    /** The same, of a leader that wanted to admit a replica while another one took its place. */
    GROWING_DURING_ELECTION,
    /** A partition's write was applied, and its writer lost contact before it could know. */
    UNKNOWN_OUTCOME_APPLIED,
    /** A replica cut records of two epochs or more from its log. */
    TRUNCATED_TWO_EPOCHS,
    LOSS_FLAGGED,
    /** Steps of a broker that leads while ZooKeeper names a later epoch. */
    LEADS_AFTER_REPLACEMENT,
    /** Such a broker has appended. */
    APPENDS_AFTER_REPLACEMENT,
    /** A broker's live node gave way to its next life's in one write: its id was never missing. */
    FAST_BOUNCE,
    /** A replica that had left its sets in doubt is in sync again. */
    UNCLEAN_REJOIN,
    /** A leader that has restarted acknowledged what it holds from before. */
    DUPLICATE_AFTER_RESTART,
    /** A leader acknowledged what a former one had appended. */
    DUPLICATE_OF_FORMER_LEADER,
    FULL_DISK_ON_LEADER,
    BIT_FLIPPED,
    DISK_REPLACED,
    TOPIC_MADE_ANEW,
    /** Partitions that were given more replicas. */
    REPLICAS_ADDED,
    /** A replica that was added later has been elected. */
    ADDED_LEADS,
    /** Liveness phases that began with one machine as the faults had left it. */
    DONE_WITHOUT_THE_SICK,
    GROUP_ASSIGNED,
    GROUP_COMMITTED,
    /** A group got again what had not been committed. */
    GROUP_REPEATED,
    COORDINATOR_KILLED,
    /** Replicas that were compacted when somebody wanted it, while anything went wrong. */
    COMPACTED,
    /** Records that are gone because a later one of their key is there. */
    COMPACTED_AWAY,
    /** A key was deleted for good: its deletion has gone too. */
    DELETION_GONE,
    LOSS_PERMITTED,
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
