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
import java.util.function.Function;

/** What is asked of the partitions that a request names. */
final class NamedPartitions {
  private NamedPartitions() {}

  /** Empty when there are some, not too many, and each is named once (B25, B26). */
  static <P> Optional<Refusal> check(
      List<P> partitions, Function<P, PartitionId> id, RequestSettings settings) {
    int count = partitions.size();
    if (count == 0) {
      return Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, "no partition is named"));
    }
    if (count > settings.maxPartitions()) {
      return Optional.of(PartitionCount.tooMany(count, settings.maxPartitions()));
    }
    Set<PartitionId> named = new HashSet<>(count * 2);
    for (P partition : partitions) {
      if (!named.add(id.apply(partition))) {
        return Optional.of(
            new Refusal(ErrorCode.INVALID_REQUEST, id.apply(partition) + " is named twice"));
      }
    }
    return Optional.empty();
  }

  /** Of those that a request between brokers names. */
  static PartitionId id(ReplicaPartition partition) {
    return new PartitionId(partition.getTopicId(), partition.getPartition());
  }
}
