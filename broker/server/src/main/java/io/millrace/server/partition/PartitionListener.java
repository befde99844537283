package io.millrace.server.partition;

import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import io.millrace.storage.log.LogDamage;

/** What a partition tells the broker it belongs to, on the partition's loop. */
public interface PartitionListener {
  /** Elected, and serving from now on. */
  void onLeading(PartitionId id, int epoch);

  /**
   * The partition's sets should change: one write to the cluster's store, whose outcome {@link
   * Partition#onSetsOutcome} is told. Comes only from a leader that has other replicas, one change
   * at a time.
   */
  default void onSetsWanted(PartitionId id, SetsChange change) {}

  /** Some bytes of its log are not what was written; it goes on with the rest. */
  default void onDamaged(PartitionId id, LogDamage damage) {}

  /** Somebody speaks of a leader epoch that has not been heard of here: the store may tell more. */
  default void onNewerEpoch(PartitionId id) {}

  /** Another replica has told what the partition's node says, and it is news here. */
  default void onNodeHeard(PartitionId id, PartitionState node) {}

  /** Offline until the broker starts again: its log failed. */
  void onFailed(PartitionId id, Throwable cause);
}
