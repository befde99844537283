package io.millrace.server.handler;

import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Whether a request for offsets makes sense as a whole; B25, B26. */
final class ListOffsetsShape {
  private ListOffsetsShape() {}

  static Optional<Refusal> check(ListOffsetsRequest list, int maxPartitions) {
    int count = list.getPartitionsCount();
    if (count == 0) {
      return Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, "no partition is named"));
    }
    if (count > maxPartitions) {
      return Optional.of(PartitionCount.tooMany(count, maxPartitions));
    }
    Set<PartitionId> seen = new HashSet<>(count * 2);
    for (ListOffsetsPartition partition : list.getPartitionsList()) {
      PartitionId id = new PartitionId(partition.getTopicId(), partition.getPartition());
      if (!seen.add(id)) {
        return Optional.of(new Refusal(ErrorCode.INVALID_REQUEST, id + " is named twice"));
      }
    }
    return Optional.empty();
  }
}
