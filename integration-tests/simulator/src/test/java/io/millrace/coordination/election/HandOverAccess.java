package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import org.jspecify.annotations.Nullable;

/** Lends the exhaustive search what a leader decides that hands over. */
public final class HandOverAccess {
  private HandOverAccess() {}

  /**
   * @return null when the writer does not lead any more, or the other is not in sync
   */
  public static @Nullable PartitionNode next(PartitionNode current, HandOver.Change change) {
    return HandOver.next(current, change);
  }
}
