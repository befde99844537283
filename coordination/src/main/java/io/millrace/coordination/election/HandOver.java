package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.KnownPartitions;
import io.millrace.coordination.view.Readings;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A leader names another in its place: to the preferred one, and before it stops. Safe for any
 * thread.
 *
 * <p>The caller appends nothing any more and has seen that the other holds everything; then nobody
 * loses anything, and nobody waits for an election. The eligible set stays as it is; so does the
 * in-sync set, but that who is about to stop may leave it by the same write. If we crash here: it
 * is written or not; the named one leads, or the in-sync replicas elect one of them.
 */
public final class HandOver {
  /**
   * @param from who leads and writes this
   * @param fromIncarnation its present life
   * @param epoch in which it leads; the next one is the other's
   * @param toIncarnation in which the other has fetched everything
   * @param membersLeft the writer leaves the in-sync set, where so many stay in it, two at least;
   *     empty: it stays a member
   * @param why for people
   */
  public record Change(
      int from,
      int fromIncarnation,
      int epoch,
      int to,
      int toIncarnation,
      OptionalInt membersLeft,
      String why) {
    /** Of one that stays a member. */
    public Change(int from, int fromIncarnation, int epoch, int to, int toIncarnation, String why) {
      this(from, fromIncarnation, epoch, to, toIncarnation, OptionalInt.empty(), why);
    }
  }

  /** Fewer than these are no set to leave somebody out of: what only one holds is a rule apart. */
  private static final int FEWEST_LEFT = 2;

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

  /**
   * @return null when the writer does not lead any more, or the other is not in sync
   */
  static @Nullable PartitionNode next(PartitionNode current, Change change) {
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
            .setLeaderEpoch(Math.addExact(current.getLeaderEpoch(), 1))
            .clearInSync()
            .addAllInSync(inSyncAfter(current.getInSyncList(), change));
    next.getLastChangeBuilder().setBroker(change.from()).setAt("").setWhy(change.why());
    return next.build();
  }

  /** All that was committed with the writer as a member, the others hold too. */
  private static List<Integer> inSyncAfter(List<Integer> now, Change change) {
    List<Integer> others = now.stream().filter(broker -> broker != change.from()).toList();
    boolean isEnough =
        change.membersLeft().isPresent()
            && others.size() >= Math.max(FEWEST_LEFT, change.membersLeft().getAsInt());
    return isEnough ? others : now;
  }

  private record Writing(Change change) implements PartitionWrite.Change {
    @Override
    public @Nullable PartitionNode next(PartitionNode current, int version) {
      return HandOver.next(current, change);
    }

    /** Nobody is named who has restarted since: it would only have to be elected again. */
    @Override
    public List<StoreOp> checks() {
      return List.of(
          new StoreOp.Check(ZnodePaths.knownBroker(change.to()), change.toIncarnation()));
    }
  }
}
