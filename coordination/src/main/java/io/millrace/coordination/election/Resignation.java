package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.v1.PartitionNode;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * An elected leader that cannot begin its epoch gives it up, unused: nobody leads then, and the
 * members of the sets elect one of them, as if it had gone. Safe for any thread.
 *
 * <p>The sets stay as they are, the writer's own membership included: it still has all it had. If
 * we crash here: it is written or not; the others elect in both cases.
 */
public final class Resignation {
  private final ClusterStore store;

  public Resignation(ClusterStore store) {
    this.store = store;
  }

  /**
   * @param epoch that this life of that broker leads in, and in which it has appended nothing
   * @param why for people
   * @return completes on the store's loop: false when it is not certain, or somebody else leads
   */
  public CompletionStage<Boolean> write(
      String topicId, int partition, int leader, int incarnation, int epoch, String why) {
    return OnLoop.call(
        store.loop(),
        () ->
            PartitionWrite.run(
                    store,
                    topicId,
                    partition,
                    (current, version) -> next(current, leader, incarnation, epoch, why))
                .thenApply(PartitionWrite.Result.Written.class::isInstance));
  }

  private static @Nullable PartitionNode next(
      PartitionNode current, int leader, int incarnation, int epoch, String why) {
    boolean isAsDecided =
        current.hasLeader()
            && current.getLeader() == leader
            && current.getLeaderIncarnation() == incarnation
            && current.getLeaderEpoch() == epoch;
    if (!isAsDecided) {
      return null;
    }
    PartitionNode.Builder next = current.toBuilder().clearLeader().setLeaderIncarnation(0);
    next.getLastChangeBuilder().setBroker(leader).setAt("").setWhy(why);
    return next.build();
  }
}
