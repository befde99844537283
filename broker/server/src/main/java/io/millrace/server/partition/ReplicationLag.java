package io.millrace.server.partition;

import io.millrace.server.replica.FollowerSnapshot;
import io.millrace.server.replica.LeaderSnapshot;

/**
 * How far the live followers of a partition are behind its leader.
 *
 * @param records that the one lacks which lacks most
 * @param nanos since when one has not had everything, the longest
 */
public record ReplicationLag(long records, long nanos) {
  public static final ReplicationLag NONE = new ReplicationLag(0, 0);

  static ReplicationLag of(LeaderSnapshot leader, long nowNanos) {
    long records = 0;
    long nanos = 0;
    for (FollowerSnapshot follower : leader.followers()) {
      // One that has not fetched in this epoch may have everything; for how long it has not is
      // known.
      long lacks = follower.offset() < 0 ? 1 : leader.logEnd() - follower.offset();
      if (lacks > 0 && leader.live().containsKey(follower.broker())) {
        records = Math.max(records, follower.offset() < 0 ? 0 : lacks);
        nanos = Math.max(nanos, nowNanos - follower.caughtUpNanos());
      }
    }
    return new ReplicationLag(records, nanos);
  }
}
