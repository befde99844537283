package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import org.jspecify.annotations.Nullable;

/** Opens the removal that a doubtful replica writes for itself to the search of states. */
public final class DoubtfulLeaveAccess {
  private DoubtfulLeaveAccess() {}

  /**
   * @return null when there is nothing to leave
   */
  public static @Nullable PartitionNode plan(
      PartitionNode partition, int self, LogPosition position, Loss loss) {
    return DoubtfulLeave.plan(partition, self, position, loss);
  }

  /** Whether it is the only member, and has less than it has vouched for. */
  public static boolean lacksWhatItVouchedFor(
      PartitionNode partition, int self, LogPosition position) {
    return Vouching.isBroken(partition, self, position);
  }
}
