package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.v1.PartitionNode;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Gives one partition more replicas: brokers are put behind those in its list, and nothing else of
 * the node changes. Owner: the store's loop.
 *
 * <p>The new ones are in no set: they count for nothing, cannot be elected, and vouch for nothing
 * until the leader has taken them in sync by the ordinary rules. The leader hears of them as of any
 * change of the node, in the epoch it is in; a write of its own that was under way fails on the
 * version and is decided anew, as with any other.
 *
 * <p>If we crash here: it is written or not. Who is in the list opens an empty log and follows.
 */
public final class ReplicasWrite {
  private final ClusterStore store;
  private final int brokerId;

  /**
   * @param brokerId who will be named as the one that added them
   */
  public ReplicasWrite(ClusterStore store, int brokerId) {
    this.store = store;
    this.brokerId = brokerId;
  }

  /** What became of it; all but the last two are certain. */
  public enum Outcome {
    /** It has as many, by this write or already. */
    DONE,
    /** The topic is not as it was any more. */
    TOPIC_CHANGED,
    GONE,
    FAILED,
    UNKNOWN
  }

  /**
   * On the store's loop.
   *
   * @param added to be put behind, those first that are wanted most
   * @param count how many replicas there shall be; what has as many is left alone
   * @param topicAsItWas checked with the write, so that none is added to what is being deleted
   */
  public CompletionStage<Outcome> write(
      String topicId, int partition, List<Integer> added, int count, StoreOp.Check topicAsItWas) {
    return PartitionWrite.run(
            store, topicId, partition, new Addition(added, count, brokerId, topicAsItWas))
        .thenApply(ReplicasWrite::outcome);
  }

  private static Outcome outcome(PartitionWrite.Result result) {
    if (result instanceof PartitionWrite.Result.Written
        || result instanceof PartitionWrite.Result.Left) {
      return Outcome.DONE;
    }
    if (result instanceof PartitionWrite.Result.Refused) {
      return Outcome.TOPIC_CHANGED;
    }
    if (result instanceof PartitionWrite.Result.Gone) {
      return Outcome.GONE;
    }
    return result instanceof PartitionWrite.Result.Unknown ? Outcome.UNKNOWN : Outcome.FAILED;
  }

  private record Addition(List<Integer> added, int count, int by, StoreOp.Check topicAsItWas)
      implements PartitionWrite.Change {
    @Override
    public @Nullable PartitionNode next(PartitionNode current, int version) {
      List<Integer> here = current.getReplicasList();
      List<Integer> more =
          added.stream()
              .filter(broker -> !here.contains(broker))
              .limit(Math.max(0, count - here.size()))
              .toList();
      if (more.isEmpty()) {
        return null;
      }
      PartitionNode.Builder next = current.toBuilder().addAllReplicas(more);
      next.getLastChangeBuilder()
          .setBroker(by)
          .setAt("")
          .setWhy("replicas are added on brokers " + more);
      return next.build();
    }

    @Override
    public List<StoreOp> checks() {
      return List.of(topicAsItWas);
    }
  }
}
