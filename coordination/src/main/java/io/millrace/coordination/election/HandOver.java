package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.KnownPartitions;
import io.millrace.coordination.view.Readings;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A leader names another in its place: to the preferred one, and before it stops. Safe for any
 * thread.
 *
 * <p>The caller appends nothing any more and has seen that the other holds everything; then nobody
 * loses anything, and nobody waits for an election. The sets stay as they are. If we crash here: it
 * is written or not; the named one leads, or the in-sync replicas elect one of them.
 */
public final class HandOver {
  /**
   * @param from who leads and writes this
   * @param fromIncarnation its present life
   * @param epoch in which it leads; the next one is the other's
   * @param toIncarnation in which the other has fetched everything
   * @param why for people
   */
  public record Change(
      int from, int fromIncarnation, int epoch, int to, int toIncarnation, String why) {}

  private final ClusterStore store;
  private final KnownPartitions known;

  public HandOver(ClusterStore store) {
    this(store, KnownPartitions.NONE);
  }

  /**
   * @param known saves the reading before the write
   */
  public HandOver(ClusterStore store, KnownPartitions known) {
    this.store = store;
    this.known = known;
  }

  /**
   * @return as of {@link SetsWrite}: Moved says that the writer does not lead any more, or that the
   *     other is not in sync; completes on the store's loop
   */
  public CompletionStage<SetsWrite.Outcome> write(String topicId, int partition, Change change) {
    return OnLoop.call(
        store.loop(),
        () ->
            PartitionWrite.run(
                    store, topicId, partition, new Writing(change), known.find(topicId, partition))
                .thenApply(result -> outcome(partition, result)));
  }

  private static SetsWrite.Outcome outcome(int partition, PartitionWrite.Result result) {
    if (result instanceof PartitionWrite.Result.Written written) {
      return new SetsWrite.Outcome.Written(
          Readings.partition(partition, written.node(), written.version()));
    }
    if (result instanceof PartitionWrite.Result.Left left) {
      return new SetsWrite.Outcome.Moved(
          Readings.partition(partition, left.node(), left.version()));
    }
    if (result instanceof PartitionWrite.Result.Unknown unknown) {
      return new SetsWrite.Outcome.Unknown(unknown.why());
    }
    if (result instanceof PartitionWrite.Result.Refused refused) {
      return new SetsWrite.Outcome.Refused("the other has registered anew: " + refused.why());
    }
    return new SetsWrite.Outcome.Refused(
        result instanceof PartitionWrite.Result.Failed failed
            ? failed.why()
            : "the partition is gone from the store");
  }

  private record Writing(Change change) implements PartitionWrite.Change {
    @Override
    public @Nullable PartitionNode next(PartitionNode current, int version) {
      boolean isAsDecided =
          current.hasLeader()
              && current.getLeader() == change.from()
              && current.getLeaderIncarnation() == change.fromIncarnation()
              && current.getLeaderEpoch() == change.epoch()
              && current.getInSyncList().contains(change.to());
      if (!isAsDecided) {
        return null;
      }
      PartitionNode.Builder next =
          current.toBuilder()
              .setLeader(change.to())
              .setLeaderIncarnation(change.toIncarnation())
              .setLeaderEpoch(Math.addExact(current.getLeaderEpoch(), 1));
      next.getLastChangeBuilder().setBroker(change.from()).setAt("").setWhy(change.why());
      return next.build();
    }

    /** Nobody is named who has restarted since: it would only have to be elected again. */
    @Override
    public List<StoreOp> checks() {
      return List.of(
          new StoreOp.Check(ZnodePaths.knownBroker(change.to()), change.toIncarnation()));
    }
  }
}
