package io.millrace.coordination.election;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.v1.LossNote;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.Readings;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Names a leader where none can be elected, at the risk of losing committed records: the replica
 * that has the most of those that could be asked. Only by an operator's command or a topic's
 * setting; or, when all of them could be asked, because the last member of the sets has lost what
 * it had vouched for. Safe for any thread.
 *
 * <p>Whatever broker decides writes it, conditional on the node's version: a member of the in-sync
 * set that comes back meanwhile and is elected makes it fail. If we crash here: it is written or
 * not.
 */
public final class UncleanElection {
  /**
   * How far a replica reaches that could be asked.
   *
   * @param incarnation of the broker that answered
   * @param epochSeen the highest leader epoch it has heard of
   */
  public record Reach(int incarnation, LogPosition position, int epochSeen) {}

  /** Who wants it. */
  public enum Cause {
    /** Also where the store has gone back in time. */
    COMMAND("by command"),
    SETTING("by the topic's setting"),
    /** Only where the sets do not tell who has the most, and every replica has been asked. */
    ROLL_CALL("");

    private final String text;

    Cause(String text) {
      this.text = text;
    }
  }

  /** What came of it. */
  public sealed interface Outcome {
    /** As named by this. */
    record Elected(PartitionImage now) implements Outcome {}

    /** Nothing was lost: somebody leads, or can without loss. */
    record NotNeeded(String why, PartitionImage now) implements Outcome {}

    /** Nothing was written. */
    record Impossible(String why) implements Outcome {}

    /** It may have been written, or may still be. */
    record Unknown(String why) implements Outcome {}
  }

  private static final Comparator<LogPosition> BY_REACH =
      Comparator.comparingInt(LogPosition::lastEpoch).thenComparingLong(LogPosition::logEnd);

  private final ClusterStore store;
  private final int self;

  /**
   * @param self who decides, and is named as the one who has changed it
   */
  public UncleanElection(ClusterStore store, int self) {
    this.store = store;
    this.self = self;
  }

  /**
   * @param reached of the replicas that answered, by broker id
   * @param without those that answered that their copy cannot be used
   * @param live incarnations of the live brokers, asked for at the decision
   * @return completes on the store's loop
   */
  public CompletionStage<Outcome> elect(
      String topicId,
      int partition,
      Map<Integer, Reach> reached,
      Set<Integer> without,
      Supplier<Map<Integer, Integer>> live,
      Cause cause) {
    return OnLoop.call(
        store.loop(),
        () -> {
          Deciding deciding =
              new Deciding(self, Map.copyOf(reached), Set.copyOf(without), live, cause);
          return PartitionWrite.run(store, topicId, partition, deciding)
              .thenApply(result -> outcome(partition, deciding, result));
        });
  }

  private static Outcome outcome(int partition, Deciding deciding, PartitionWrite.Result result) {
    if (result instanceof PartitionWrite.Result.Written written) {
      return new Outcome.Elected(Readings.partition(partition, written.node(), written.version()));
    }
    if (result instanceof PartitionWrite.Result.Left left) {
      return deciding.isImpossible
          ? new Outcome.Impossible(deciding.why)
          : new Outcome.NotNeeded(
              deciding.why, Readings.partition(partition, left.node(), left.version()));
    }
    if (result instanceof PartitionWrite.Result.Unknown unknown) {
      return new Outcome.Unknown(unknown.why());
    }
    return new Outcome.Impossible(
        result instanceof PartitionWrite.Result.Failed failed
            ? failed.why()
            : "the partition is gone from the store");
  }

  /**
   * Who has the most: the highest epoch of the last record, then the longest log, by preference.
   */
  static @Nullable Integer highest(List<Integer> replicas, Map<Integer, Reach> reached) {
    Integer highest = null;
    LogPosition most = LogPosition.NOTHING;
    for (int replica : replicas) {
      Reach reach = reached.get(replica);
      if (reach != null && (highest == null || BY_REACH.compare(reach.position(), most) > 0)) {
        highest = replica;
        most = reach.position();
      }
    }
    return highest;
  }

  /**
   * What would be written; null for nothing. Pure.
   *
   * @param live incarnations of the live brokers
   */
  static @Nullable PartitionNode plan(
      PartitionNode current,
      int self,
      Map<Integer, Reach> reached,
      Set<Integer> without,
      Map<Integer, Integer> live,
      Cause cause) {
    return new Deciding(self, reached, without, () -> live, cause).next(current, 0);
  }

  private static final class Deciding implements PartitionWrite.Change {
    private final int self;
    private final Map<Integer, Reach> reached;
    private final Set<Integer> without;
    private final Supplier<Map<Integer, Integer>> live;
    private final Cause cause;
    private String why = "";
    private boolean isImpossible;

    Deciding(
        int self,
        Map<Integer, Reach> reached,
        Set<Integer> without,
        Supplier<Map<Integer, Integer>> live,
        Cause cause) {
      this.self = self;
      this.reached = reached;
      this.without = without;
      this.live = live;
      this.cause = cause;
    }

    @Override
    public @Nullable PartitionNode next(PartitionNode current, int version) {
      Map<Integer, Integer> up = live.get();
      isImpossible = false;
      // Then the node is from the past, and says nothing about who has everything: B77.
      boolean hasGoneBack =
          reached.values().stream().anyMatch(it -> it.epochSeen() > current.getLeaderEpoch());
      if (cause == Cause.ROLL_CALL && !hasGoneBack && !new RollCall(current).asksAll()) {
        why = "the sets tell who leads";
        return null;
      }
      return !hasGoneBack && isLedOrCanBe(current, up) ? null : choose(current, up, hasGoneBack);
    }

    private boolean isLedOrCanBe(PartitionNode current, Map<Integer, Integer> up) {
      if (current.hasLeader()
          && Integer.valueOf(current.getLeaderIncarnation()).equals(up.get(current.getLeader()))) {
        why = "broker " + current.getLeader() + " leads";
        return true;
      }
      for (int replica : current.getReplicasList()) {
        if (up.containsKey(replica) && canLeadCleanly(current, replica)) {
          why = "broker " + replica + " is live and can lead without loss";
          return true;
        }
      }
      return false;
    }

    private @Nullable PartitionNode choose(
        PartitionNode current, Map<Integer, Integer> up, boolean hasGoneBack) {
      if (hasGoneBack && cause != Cause.COMMAND) {
        isImpossible = true;
        why =
            "the store's state is older than what the replicas have seen, as when restored from a"
                + " backup: only an operator's command may go on from there";
        return null;
      }
      List<Integer> silent =
          current.getReplicasList().stream()
              .filter(replica -> !reached.containsKey(replica) && !without.contains(replica))
              .toList();
      if (cause == Cause.ROLL_CALL && !silent.isEmpty()) {
        isImpossible = true;
        why = "brokers " + silent + " have not said what they have";
        return null;
      }
      Integer chosen = highest(current.getReplicasList(), reached);
      Reach reach = chosen == null ? null : reached.get(chosen);
      if (chosen == null
          || reach == null
          || !Integer.valueOf(reach.incarnation()).equals(up.get(chosen))) {
        isImpossible = true;
        why = "none of the replicas " + current.getReplicasList() + " is live and answers";
        return null;
      }
      return led(current, chosen, reach, hasGoneBack);
    }

    private PartitionNode led(PartitionNode current, int chosen, Reach reach, boolean hasGoneBack) {
      int highestEpoch = current.getLeaderEpoch();
      for (Reach each : reached.values()) {
        highestEpoch = Math.max(highestEpoch, each.epochSeen());
      }
      int epoch = Math.addExact(highestEpoch, 1);
      String text =
          reason(current, hasGoneBack)
              + ", and broker "
              + chosen
              + " has the most of "
              + reached.keySet().stream().sorted().toList()
              + ", up to "
              + reach.position().logEnd();
      PartitionNode.Builder next =
          current.toBuilder()
              .setLeader(chosen)
              .setLeaderIncarnation(reach.incarnation())
              .setLeaderEpoch(epoch)
              .clearInSync()
              .addInSync(chosen)
              .clearEligible()
              .clearRollCall()
              .setPossibleLoss(LossNote.newBuilder().setLeaderEpoch(epoch).setWhy(text));
      Vouching.end(next); // whoever leads alone forces its log, and says so itself
      next.getLastChangeBuilder().setBroker(self).setAt("").setWhy(text);
      return next.build();
    }

    private String reason(PartitionNode current, boolean hasGoneBack) {
      if (cause == Cause.ROLL_CALL) {
        return "all replicas were asked, since broker "
            + current.getInSync(0)
            + ", the last in sync, has less than it had flushed";
      }
      return "unclean election "
          + cause.text
          + (hasGoneBack
              ? ": the store had gone back in time, to epoch " + current.getLeaderEpoch()
              : ": no member of the in-sync set " + current.getInSyncList() + " is live");
    }

    private static boolean canLeadCleanly(PartitionNode current, int replica) {
      RollCall rollCall = new RollCall(current);
      if (rollCall.asksAll()) {
        return false;
      }
      if (rollCall.decides()) {
        var highest = rollCall.highest();
        return highest != null && highest.getBroker() == replica;
      }
      return current.getInSyncList().contains(replica)
          || current.getEligibleList().contains(replica);
    }
  }
}
