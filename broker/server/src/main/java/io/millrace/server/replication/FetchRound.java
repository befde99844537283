package io.millrace.server.replication;

import io.millrace.server.config.ReplicationSettings;
import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.FetchSession;
import io.millrace.wire.v1.FlushedPartition;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.ReplicaPartition;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one fetch of a follower tells its leader, and how an answer is cut into the shares of the
 * partitions. Pure.
 *
 * @param begins the leader keeps nothing from before
 * @param named what it is to wait for, beside what it waits for already
 * @param dropped what it is to wait for no more
 * @param flushed more of these is on this replica's disk
 */
record FetchRound(
    boolean begins, List<Followed> named, List<Dropped> dropped, List<Followed> flushed) {
  /** Both sides of a pair hear of each other at least so often. */
  static final int WAIT_MILLIS = 25;

  /** So that one partition far behind leaves room for the others. */
  private static final int PARTITION_SHARE = 8;

  record Dropped(PartitionId id, int leaderEpoch) {}

  FetchRound {
    named = List.copyOf(named);
    dropped = List.copyOf(dropped);
    flushed = List.copyOf(flushed);
  }

  /**
   * What one partition got.
   *
   * @param batches a slice of the answer, without a byte copied
   */
  record Share(PartitionId id, FetchResult result, ByteBuffer batches) {
    /** No end of the wait for this partition: only a high watermark, or where the log begins. */
    boolean isOnlyNews() {
      return result.getSize() == 0 && !result.hasError() && !result.hasDivergence();
    }
  }

  FetchRequest request(Follower follower, ReplicationSettings settings) {
    int partitionBytes = Math.max(1, settings.fetchMaxBytes() / PARTITION_SHARE);
    FetchSession.Builder session = FetchSession.newBuilder().setBegin(begins);
    for (Dropped each : dropped) {
      session.addDropped(
          ReplicaPartition.newBuilder()
              .setTopicId(each.id().topicId())
              .setPartition(each.id().partition())
              .setLeaderEpoch(each.leaderEpoch()));
    }
    for (Followed each : flushed) {
      session.addFlushed(
          FlushedPartition.newBuilder()
              .setTopicId(each.id.topicId())
              .setPartition(each.id.partition())
              .setLeaderEpoch(each.leaderEpoch)
              .setFlushedOffset(each.toldFlushed));
    }
    FetchRequest.Builder request =
        FetchRequest.newBuilder()
            .setFollower(follower)
            .setSession(session)
            .setMaxWaitMs(WAIT_MILLIS)
            .setMinBytes(1)
            .setMaxBytes(settings.fetchMaxBytes());
    for (Followed each : named) {
      request.addPartitions(name(each, partitionBytes));
    }
    return request.build();
  }

  private static FetchPartition.Builder name(Followed followed, int maxBytes) {
    FollowerPosition position = followed.position;
    if (position == null) {
      throw new IllegalStateException(followed.id + " has no position to fetch from");
    }
    FetchPartition.Builder partition =
        FetchPartition.newBuilder()
            .setTopicId(followed.id.topicId())
            .setPartition(followed.id.partition())
            .setFetchOffset(position.offset())
            .setLeaderEpoch(followed.leaderEpoch)
            .setFlushedOffset(position.flushedOffset())
            .setHighWatermark(position.highWatermark())
            .setNoRoom(position.hasNoRoom())
            .setMaxBytes(maxBytes);
    if (position.lastEpoch() != FollowerPosition.NO_EPOCH) {
      partition.setLastEpoch(position.lastEpoch());
    }
    if (position.damagedOffset() != FollowerPosition.NOWHERE) {
      partition.setDamagedOffset(position.damagedOffset());
    }
    return partition;
  }

  /** Empty when its parts do not make up the payload: nothing of it can be trusted then. */
  static Optional<List<Share>> split(FetchResponse response, ByteBuffer payload) {
    List<Share> shares = new ArrayList<>(response.getResultsCount());
    int position = payload.position();
    for (FetchResult result : response.getResultsList()) {
      int size = result.getSize();
      if (size < 0 || size > payload.limit() - position) {
        return Optional.empty();
      }
      PartitionId id = new PartitionId(result.getTopicId(), result.getPartition());
      shares.add(new Share(id, result, payload.slice(position, size)));
      position += size;
    }
    return position == payload.limit() ? Optional.of(shares) : Optional.empty();
  }
}
