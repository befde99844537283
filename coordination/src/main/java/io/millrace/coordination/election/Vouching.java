package io.millrace.coordination.election;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.VouchedEnd;
import io.millrace.rpc.SafetyRule;
import java.util.List;
import java.util.Optional;

/**
 * What the only member of an in-sync set says of its disk, and whether that is still true of it. A
 * later life of it that may have lost what it had not flushed leads by that alone, so it must hold
 * at least what was vouched for.
 */
final class Vouching {
  private Vouching() {}

  /**
   * @param flushed empty where nobody told; then it holds for whatever is found later
   */
  static void vouch(PartitionNode.Builder node, Optional<LogPosition> flushed) {
    node.setSoleFlushed(true).clearVouched();
    flushed.ifPresent(
        end ->
            node.setVouched(
                VouchedEnd.newBuilder().setLastEpoch(end.lastEpoch()).setLogEnd(end.logEnd())));
  }

  static void end(PartitionNode.Builder node) {
    node.setSoleFlushed(false).clearVouched();
  }

  /** Whether a replica is the only member, and lacks what it has vouched for. */
  static boolean isBroken(PartitionNode node, int self, LogPosition position) {
    VouchedEnd vouched = node.getVouched();
    return !SafetyRule.H17.isLeftOut()
        && node.getSoleFlushed()
        && node.hasVouched()
        && node.getInSyncList().equals(List.of(self))
        && !position.reaches(vouched.getLastEpoch(), vouched.getLogEnd());
  }
}
