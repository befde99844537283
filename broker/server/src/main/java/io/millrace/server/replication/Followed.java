package io.millrace.server.replication;

import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import org.jspecify.annotations.Nullable;

/** One partition that is followed over a link, in one leader epoch. Owner: the link's loop. */
final class Followed {
  enum Stage {
    /** Its shard has been asked where it stands. Next: READY, PAUSED. */
    ASKED,
    /** To be named in the next fetch. Next: STANDING. */
    READY,
    /** Named, and waited for by the leader until it has something. Next: WORKING, READY, PAUSED. */
    STANDING,
    /** Its shard has a result to work into the log. Next: READY, PAUSED. */
    WORKING,
    /** Cannot fetch, or was refused; is asked again after a while. Next: ASKED. */
    PAUSED
  }

  final PartitionId id;
  final int leaderEpoch;

  /** Index of the shard that owns the partition. */
  final int shard;

  Stage stage = Stage.ASKED;

  /** Where it stood when it was last READY. */
  @Nullable FollowerPosition position;

  /** The last result must have moved it: it was data, or something to be put right. */
  boolean mustMove;

  /** Results in a row that led nowhere. */
  int failures;

  /** Of a PAUSED one only. */
  long pausedUntilNanos;

  /** What the leader knows to be on this replica's disk, or is about to hear. */
  long toldFlushed;

  Followed(PartitionId id, int leaderEpoch, int shard) {
    this.id = id;
    this.leaderEpoch = leaderEpoch;
    this.shard = shard;
  }
}
