package io.millrace.coordination.view;

import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import org.jspecify.annotations.Nullable;

/**
 * Partitions' nodes as they were read last: whoever wants to change one need not read it again,
 * since the write is conditional on the version that it was read at. On the store's loop.
 */
@FunctionalInterface
public interface KnownPartitions {
  /** Where nothing is known. */
  KnownPartitions NONE = (topicId, partition) -> null;

  /**
   * A node that was read.
   *
   * @param version the znode version it was read at
   */
  record Known(ZnodeReading.Understood<PartitionNode> reading, int version) {}

  /**
   * Null: not read yet, not to be trusted, or to be read again already, as after each new contact.
   * A store that was restored from an old copy may give a version twice; that is found out only by
   * reading again.
   */
  @Nullable Known find(String topicId, int partition);
}
