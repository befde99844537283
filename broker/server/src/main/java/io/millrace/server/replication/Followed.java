package io.millrace.server.replication;

import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import org.jspecify.annotations.Nullable;

/** One partition that is followed over a link, in one leader epoch. Owner: the link's loop. */
final class Followed {
  enum Stage {
    /** Its shard has been asked where it stands. Next: READY, PAUSED. */
    ASKED,
    /** Goes into the next fetch. Next: FETCHING. */
    READY,
    /** In the fetch that is out. Next: WORKING, READY, PAUSED. */
    FETCHING,
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

  /** Where the leader was last told that it stands; null when that told it nothing. */
  @Nullable FollowerPosition asked;

  /** The last result was no data, but something to be put right. */
  boolean wasRefused;

  /** Refusals in a row that led nowhere. */
  int failures;

  /** Of a PAUSED one only. */
  long pausedUntilNanos;

  Followed(PartitionId id, int leaderEpoch, int shard) {
    this.id = id;
    this.leaderEpoch = leaderEpoch;
    this.shard = shard;
  }
}
