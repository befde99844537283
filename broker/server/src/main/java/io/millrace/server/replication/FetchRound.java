package io.millrace.server.replication;

import io.millrace.server.config.ReplicationSettings;
import io.millrace.server.partition.FollowerPosition;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Follower;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One fetch of a follower and its answer: how the request is made, and how the answer is held
 * against it and cut into the shares of the partitions. Pure.
 */
record FetchRound(List<Followed> partitions, int waitMillis) {
  /** Both sides of a pair hear of each other at least so often. */
  static final int WAIT_MILLIS = 25;

  /** So that one partition far behind leaves room for the others. */
  private static final int PARTITION_SHARE = 8;

  FetchRound {
    partitions = List.copyOf(partitions);
  }

  /** Of all that can be fetched, or of nothing: then it only says that this broker is there. */
  static FetchRound patient(List<Followed> partitions) {
    return new FetchRound(partitions, WAIT_MILLIS);
  }

  /** Of what has news while a patient one is out. */
  static FetchRound quick(List<Followed> partitions) {
    return new FetchRound(partitions, 0);
  }

  /**
   * What one partition got.
   *
   * @param batches a slice of the answer, without a byte copied
   */
  record Share(Followed followed, FetchResult result, ByteBuffer batches) {}

  boolean isPatient() {
    return waitMillis > 0;
  }

  FetchRequest request(Follower follower, ReplicationSettings settings) {
    int partitionBytes = Math.max(1, settings.fetchMaxBytes() / PARTITION_SHARE);
    FetchRequest.Builder request =
        FetchRequest.newBuilder()
            .setFollower(follower)
            .setMaxWaitMs(waitMillis)
            .setMinBytes(1)
            .setMaxBytes(settings.fetchMaxBytes());
    for (Followed followed : partitions) {
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
              .setMaxBytes(partitionBytes);
      if (position.lastEpoch() != FollowerPosition.NO_EPOCH) {
        partition.setLastEpoch(position.lastEpoch());
      }
      request.addPartitions(partition);
    }
    return request.build();
  }

  /** Empty when the answer is not one to this request: nothing of it can be trusted then. */
  Optional<List<Share>> split(FetchResponse response, ByteBuffer payload) {
    if (response.getResultsCount() != partitions.size()) {
      return Optional.empty();
    }
    List<Share> shares = new ArrayList<>(partitions.size());
    int position = payload.position();
    for (int i = 0; i < partitions.size(); i++) {
      FetchResult result = response.getResults(i);
      Followed followed = partitions.get(i);
      int size = result.getSize();
      if (result.getPartition() != followed.id.partition()
          || !result.getTopicId().equals(followed.id.topicId())
          || size < 0
          || size > payload.limit() - position) {
        return Optional.empty();
      }
      shares.add(new Share(followed, result, payload.slice(position, size)));
      position += size;
    }
    return position == payload.limit() ? Optional.of(shares) : Optional.empty();
  }
}
