package io.millrace.server.handler;

import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Whether the head of a produce request makes sense by itself, and together with its payload. */
final class ProduceShape {
  private ProduceShape() {}

  /** Empty when it does; the first thing wrong otherwise. Changes nothing. */
  static Optional<Refusal> check(ProduceRequest produce, long payloadSize, int maxPartitions) {
    if (produce.getDurability() == Durability.UNRECOGNIZED) {
      return invalid("durability " + produce.getDurabilityValue() + " is not known");
    }
    int count = produce.getPartitionsCount();
    if (count == 0) {
      return invalid("no partition is named");
    }
    if (count > maxPartitions) {
      return Optional.of(PartitionCount.tooMany(count, maxPartitions));
    }
    long sum = 0;
    Set<PartitionKey> seen = count > 1 ? new HashSet<>(count * 2) : Set.of();
    for (ProducePartition partition : produce.getPartitionsList()) {
      if (partition.getSize() <= 0) {
        return invalid(partition.getTopicId() + "-" + partition.getPartition() + " has no batches");
      }
      sum += partition.getSize();
      if (count > 1
          && !seen.add(new PartitionKey(partition.getTopicId(), partition.getPartition()))) {
        return invalid(partition.getTopicId() + "-" + partition.getPartition() + " is named twice");
      }
    }
    return sum == payloadSize
        ? Optional.empty()
        : invalid("the shares take " + sum + " bytes together, and the payload has " + payloadSize);
  }

  private record PartitionKey(String topicId, int partition) {}

  private static Optional<Refusal> invalid(String message) {
    return Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, message));
  }
}
