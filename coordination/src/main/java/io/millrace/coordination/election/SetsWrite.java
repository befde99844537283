package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.Readings;
import io.millrace.rpc.SafetyRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What a leader writes of its partition's in-sync and eligible sets. Safe for any thread.
 *
 * <p>One transaction: the node, on the version that the leader decided from, together with a check
 * on the known node of each replica that joins, so that one which has registered anew since it
 * fetched is not admitted. Sent again on the same version until the version has moved.
 *
 * <p>If we crash here: it is written or not. The replica that leads next reads which.
 */
public final class SetsWrite {
  /**
   * What the sets are to be.
   *
   * @param expectedVersion of the node; any other is somebody else's news
   * @param leader who writes: nobody writes where another leads
   * @param leaderIncarnation its present life
   * @param leaderEpoch in which it leads; unchanged by the write
   * @param flushed how far the leader's log is on its disk, for where it is the only member
   * @param admitted who joins, with the incarnation it has fetched in
   * @param why for people
   */
  public record Change(
      int expectedVersion,
      int leader,
      int leaderIncarnation,
      int leaderEpoch,
      List<Integer> inSync,
      List<Integer> eligible,
      boolean soleFlushed,
      Optional<LogPosition> flushed,
      Map<Integer, Integer> admitted,
      String why) {
    public Change {
      inSync = List.copyOf(inSync);
      eligible = List.copyOf(eligible);
      admitted = Map.copyOf(admitted);
    }

    private boolean isMember(int broker) {
      return inSync.contains(broker) || eligible.contains(broker);
    }
  }

  /** What became of it. */
  public sealed interface Outcome {
    /** The node is as wanted, by this write. */
    record Written(PartitionImage now) implements Outcome {}

    /** Certainly not written, and never will be: the node has moved on, to this. */
    record Moved(PartitionImage now) implements Outcome {}

    /** Certainly not written, and never will be. */
    record Refused(String why) implements Outcome {}

    /** It may have been written, or may still be: the session is over. */
    record Unknown(String why) implements Outcome {}
  }

  private final ClusterStore store;

  public SetsWrite(ClusterStore store) {
    this.store = store;
  }

  /**
   * @return completes on the store's loop
   */
  public CompletionStage<Outcome> write(String topicId, int partition, Change change) {
    return OnLoop.call(
        store.loop(),
        () ->
            PartitionWrite.run(store, topicId, partition, new Writing(change))
                .thenApply(result -> outcome(partition, change, result)));
  }

  private static Outcome outcome(int partition, Change change, PartitionWrite.Result result) {
    if (result instanceof PartitionWrite.Result.Written written) {
      return new Outcome.Written(Readings.partition(partition, written.node(), written.version()));
    }
    if (result instanceof PartitionWrite.Result.Left left) {
      return left.node().getLeaderEpoch() < change.leaderEpoch()
          ? new Outcome.Refused(
              "the leader epoch in the store is "
                  + left.node().getLeaderEpoch()
                  + ", behind this leader's "
                  + change.leaderEpoch()
                  + ": the store has gone back in time")
          : new Outcome.Moved(Readings.partition(partition, left.node(), left.version()));
    }
    if (result instanceof PartitionWrite.Result.Unknown unknown) {
      return new Outcome.Unknown(unknown.why());
    }
    if (result instanceof PartitionWrite.Result.Gone) {
      return new Outcome.Refused("the partition is gone from the store");
    }
    return result instanceof PartitionWrite.Result.Refused refused
        ? new Outcome.Refused("a replica that was to join has registered anew: " + refused.why())
        : new Outcome.Refused(((PartitionWrite.Result.Failed) result).why());
  }

  /** A pure decision: the sets and nothing else, where the leader still leads. */
  private record Writing(Change change) implements PartitionWrite.Change {
    @Override
    public @Nullable PartitionNode next(PartitionNode current, int version) {
      boolean isAsDecided =
          version == change.expectedVersion()
              && current.hasLeader()
              && current.getLeader() == change.leader()
              && current.getLeaderIncarnation() == change.leaderIncarnation()
              && current.getLeaderEpoch() == change.leaderEpoch();
      if (!isAsDecided) {
        return null;
      }
      PartitionNode.Builder next =
          current.toBuilder()
              .clearInSync()
              .addAllInSync(change.inSync())
              .clearEligible()
              .addAllEligible(change.eligible())
              .clearRollCall();
      if (change.soleFlushed()) {
        Vouching.vouch(next, change.flushed());
      } else {
        Vouching.end(next);
      }
      // Who is a member again has more than it had when it left: its entry would lie.
      current.getRollCallList().stream()
          .filter(entry -> !change.isMember(entry.getBroker()))
          .forEach(next::addRollCall);
      next.getLastChangeBuilder().setBroker(change.leader()).setAt("").setWhy(change.why());
      return next.build();
    }

    @Override
    public List<StoreOp> checks() {
      if (SafetyRule.R6.isLeftOut()) {
        return List.of();
      }
      return change.admitted().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .<StoreOp>map(
              joins -> new StoreOp.Check(ZnodePaths.knownBroker(joins.getKey()), joins.getValue()))
          .toList();
    }
  }
}
