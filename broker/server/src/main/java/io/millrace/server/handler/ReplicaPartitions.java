package io.millrace.server.handler;

import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ReplicaPartition;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is asked of the partitions that a request between brokers names. */
final class ReplicaPartitions {
  private ReplicaPartitions() {}

  /** Empty when each is named once and there are not too many. */
  static Optional<Refusal> check(List<ReplicaPartition> partitions, RequestSettings settings) {
    int count = partitions.size();
    if (count == 0) {
      return Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, "no partition is named"));
    }
    if (count > settings.maxPartitions()) {
      return Optional.of(PartitionCount.tooMany(count, settings.maxPartitions()));
    }
    Set<PartitionId> named = new HashSet<>(count * 2);
    for (ReplicaPartition partition : partitions) {
      if (!named.add(id(partition))) {
        return Optional.of(
            new Refusal(ErrorCode.INVALID_REQUEST, id(partition) + " is named twice"));
      }
    }
    return Optional.empty();
  }

  static PartitionId id(ReplicaPartition partition) {
    return new PartitionId(partition.getTopicId(), partition.getPartition());
  }
}
