package io.millrace.server.handler;

import io.millrace.server.partition.FollowerClaim;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.ReadResult;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.Follower;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A fetch with every bound put into what this broker allows; B46.
 *
 * @param minBytes at least 1, and not more than {@code maxBytes}
 */
record FetchShape(List<ReadResult.Spec> specs, int maxBytes, int minBytes, long maxWaitNanos) {

  /** A fetch, or why it makes no sense. */
  sealed interface Outcome {
    record Shaped(FetchShape shape) implements Outcome {}

    record Refused(Refusal refusal) implements Outcome {}
  }

  /**
   * @param maxBytes and maxWaitMillis: what the broker allows
   */
  static Outcome of(FetchRequest fetch, int maxPartitions, int maxBytes, int maxWaitMillis) {
    int count = fetch.getPartitionsCount();
    if (count == 0 && !fetch.hasFollower()) {
      return invalid("no partition is named");
    }
    int told = fetch.getSession().getDroppedCount() + fetch.getSession().getFlushedCount();
    if (Math.max(count, told) > maxPartitions) {
      return new Outcome.Refused(PartitionCount.tooMany(Math.max(count, told), maxPartitions));
    }
    List<ReadResult.Spec> specs = new ArrayList<>(count);
    Set<PartitionId> seen = count > 1 ? new HashSet<>(count * 2) : Set.of();
    for (FetchPartition partition : fetch.getPartitionsList()) {
      PartitionId id = new PartitionId(partition.getTopicId(), partition.getPartition());
      if (count > 1 && !seen.add(id)) {
        return invalid(id + " is named twice");
      }
      specs.add(
          new ReadResult.Spec(
              id,
              partition.getFetchOffset(),
              partition.hasLeaderEpoch()
                  ? OptionalInt.of(partition.getLeaderEpoch())
                  : OptionalInt.empty(),
              partition.hasLastEpoch()
                  ? OptionalInt.of(partition.getLastEpoch())
                  : OptionalInt.empty(),
              clamped(partition.getMaxBytes(), maxBytes),
              fetch.hasFollower() ? claim(fetch.getFollower(), partition) : null,
              partition.hasDamagedOffset() ? Math.max(0, partition.getDamagedOffset()) : -1));
    }
    int most = clamped(fetch.getMaxBytes(), maxBytes);
    int least = Math.max(1, Math.min(clamped(fetch.getMinBytes(), maxBytes), most));
    long waitMillis = Math.min(Integer.toUnsignedLong(fetch.getMaxWaitMs()), maxWaitMillis);
    return new Outcome.Shaped(
        new FetchShape(List.copyOf(specs), most, least, waitMillis * 1_000_000));
  }

  /** Nobody has flushed what he does not have, nor is there an incarnation of more than 31 bits. */
  private static FollowerClaim claim(Follower follower, FetchPartition partition) {
    long incarnation = follower.getIncarnation();
    boolean possible = incarnation >= 0 && incarnation <= Integer.MAX_VALUE;
    long flushed = partition.getFlushedOffset();
    return new FollowerClaim(
        follower.getBrokerId(),
        possible ? (int) incarnation : 0,
        flushed < 0 ? 0 : Math.min(flushed, partition.getFetchOffset()),
        Math.max(0, partition.getHighWatermark()),
        partition.getNoRoom());
  }

  /** Unsigned on the wire; what does not fit an int is more than any limit. */
  private static int clamped(int unsigned, int limit) {
    return unsigned < 0 ? limit : Math.min(unsigned, limit);
  }

  private static Outcome invalid(String message) {
    return new Outcome.Refused(new Refusal(ErrorCode.INVALID_REQUEST, message));
  }
}
