package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.rpc.SafetyRule;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What must not be done: a stopping follower takes itself out of the in-sync set, which its leader
 * does not know until later, and commits by a set that does not stand any more. Works only where
 * rule H13 is left out, to show what that costs. Safe for any thread.
 */
public final class SelfRemoval {
  private final ClusterStore store;

  public SelfRemoval(ClusterStore store) {
    this.store = store;
  }

  /**
   * @return completes on the store's loop, when it is written or cannot be
   * @throws IllegalStateException the rule holds
   */
  public CompletionStage<Boolean> leave(String topicId, int partition, int self) {
    if (!SafetyRule.H13.isLeftOut()) {
      throw new IllegalStateException("only the leader takes replicas out of the in-sync set");
    }
    return OnLoop.call(
        store.loop(),
        () ->
            PartitionWrite.run(
                    store, topicId, partition, (current, version) -> without(current, self))
                .thenApply(PartitionWrite.Result.Written.class::isInstance));
  }

  private static @Nullable PartitionNode without(PartitionNode current, int self) {
    List<Integer> inSync = new ArrayList<>(current.getInSyncList());
    if (!inSync.remove((Integer) self) || inSync.isEmpty()) {
      return null;
    }
    PartitionNode.Builder next = current.toBuilder().clearInSync().addAllInSync(inSync);
    Vouching.end(next);
    next.getLastChangeBuilder().setBroker(self).setAt("").setWhy("broker " + self + " is stopping");
    return next.build();
  }
}
