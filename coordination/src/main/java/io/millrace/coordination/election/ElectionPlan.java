package io.millrace.coordination.election;

import io.millrace.coordination.v1.LossNote;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What this broker does about a partition's leadership. A pure function of the partition's node and
 * the scene; the same on every broker.
 *
 * <p>Candidates are the replicas that are up and in the in-sync set, in order of preference, then
 * those in the eligible set. Each waits a little for the ones before it, so that a candidate that
 * cannot act holds nobody up. A replica that leads must be named with its id and its incarnation: a
 * restarted leader takes a new epoch like anybody else.
 */
public sealed interface ElectionPlan {
  /** Between those who ask all others what they have. */
  long ASKING_MILLIS = 1_000;

  /** Somebody leads or will: nothing to do. */
  record Stay() implements ElectionPlan {}

  /**
   * Take it, by one write that is conditional on the version of the node this was decided from.
   *
   * @param next what to write, but for when
   * @param mustFlushFirst the write leaves this replica as the only one in sync: what it holds has
   *     to be on disk before, and how far it reaches goes into what is written
   */
  record Take(PartitionNode next, boolean mustFlushFirst, ElectionCause cause)
      implements ElectionPlan {}

  /** Others come first; ask again then. */
  record Wait(long millis) implements ElectionPlan {}

  /**
   * All replicas are up, and the sets do not tell which of them has the most: ask each of them, and
   * have that one lead.
   */
  record AskAll(String why) implements ElectionPlan {}

  /** Nobody can lead now; the text says for whom it waits. */
  record Unavailable(String why) implements ElectionPlan {}

  static ElectionPlan decide(PartitionNode partition, ElectionScene scene) {
    if (!partition.getReplicasList().contains(scene.self())) {
      return new Stay();
    }
    if (partition.getLeaderEpoch() < scene.epochSeen()) {
      return new Unavailable(
          "its leader epoch in the store is "
              + partition.getLeaderEpoch()
              + ", and this broker has seen "
              + scene.epochSeen()
              + ": the store has gone back in time, as when restored from a backup");
    }
    if (partition.hasLeader()
        && scene.isUpAs(partition.getLeader(), partition.getLeaderIncarnation())) {
      return new Stay();
    }
    RollCall rollCall = new RollCall(partition);
    if (rollCall.asksAll()) {
      return askAll(partition, scene);
    }
    if (rollCall.decides()) {
      return byRollCall(partition, scene, rollCall);
    }
    List<Integer> candidates = candidates(partition, scene);
    int rank = candidates.indexOf(scene.self());
    if (rank < 0) {
      return candidates.isEmpty()
          ? new Unavailable(
              "no member of the in-sync set " + partition.getInSyncList() + " is live")
          : new Stay();
    }
    long turn = rank * scene.staggerMillis();
    return scene.leaderlessMillis() < turn
        ? new Wait(turn - scene.leaderlessMillis())
        : take(partition, scene);
  }

  private static List<Integer> candidates(PartitionNode partition, ElectionScene scene) {
    List<Integer> candidates = new ArrayList<>();
    for (List<Integer> set : List.of(partition.getInSyncList(), partition.getEligibleList())) {
      partition.getReplicasList().stream()
          .filter(replica -> set.contains(replica) && scene.isUp(replica))
          .forEach(candidates::add);
    }
    return candidates;
  }

  /** Whoever comes first asks; the others only if nothing comes of that. */
  private static ElectionPlan askAll(PartitionNode partition, ElectionScene scene) {
    String why =
        "broker "
            + partition.getInSync(0)
            + ", the last in sync, has less than it had flushed, and others may have more";
    List<Integer> down =
        partition.getReplicasList().stream().filter(replica -> !scene.isUp(replica)).toList();
    if (!down.isEmpty()) {
      return new Unavailable(
          why + "; waiting for brokers " + down + ". Start them, or elect uncleanly without them");
    }
    long turn = partition.getReplicasList().indexOf(scene.self()) * ASKING_MILLIS;
    return scene.leaderlessMillis() < turn
        ? new Wait(turn - scene.leaderlessMillis())
        : new AskAll(why);
  }

  private static ElectionPlan take(PartitionNode partition, ElectionScene scene) {
    int self = scene.self();
    List<Integer> inSync = new ArrayList<>(partition.getInSyncList());
    List<Integer> eligible = new ArrayList<>(partition.getEligibleList());
    ElectionCause cause;
    String why;
    if (inSync.contains(self)) {
      cause = cause(partition, scene);
      why = reason(cause, partition);
      boolean hasLost = partition.hasLeader() && partition.getLeader() != self;
      if (hasLost && inSync.remove((Integer) partition.getLeader())) {
        // So that acknowledgements need not wait for the end of its session.
        if (inSync.size() < scene.minInSync()) {
          eligible.add(partition.getLeader());
        }
      }
    } else {
      cause = ElectionCause.ELIGIBLE;
      why = "no member of the in-sync set " + inSync + " is live, taken from the eligible set";
      eligible.addAll(inSync);
      eligible.remove((Integer) self);
      inSync = List.of(self);
    }
    boolean isSame = inSync.equals(partition.getInSyncList());
    boolean becomesSole = !isSame && inSync.size() == 1;
    PartitionNode.Builder next =
        leading(partition, scene, why)
            .clearInSync()
            .addAllInSync(inSync)
            .clearEligible()
            .addAllEligible(eligible);
    if (becomesSole) {
      Vouching.vouch(next, Optional.empty());
    } else if (!isSame) {
      Vouching.end(next);
    }
    return new Take(next.build(), becomesSole, cause);
  }

  private static ElectionPlan byRollCall(
      PartitionNode partition, ElectionScene scene, RollCall rollCall) {
    RollCallEntry highest = rollCall.highest();
    if (highest == null) {
      return new Unavailable(
          "every copy was lost with its data directory; only an unclean election can bring the"
              + " partition back, empty");
    }
    if (highest.getBroker() != scene.self()) {
      return scene.isUp(highest.getBroker())
          ? new Stay()
          : new Unavailable(
              "broker " + highest.getBroker() + " has the most of it and is not live");
    }
    String why =
        "highest of the roll call after a power loss, up to "
            + highest.getLogEnd()
            + "; what no disk had may be missing";
    PartitionNode.Builder next =
        leading(partition, scene, why)
            .clearInSync()
            .addInSync(scene.self())
            .clearEligible()
            .setPossibleLoss(
                LossNote.newBuilder().setLeaderEpoch(partition.getLeaderEpoch() + 1).setWhy(why));
    Vouching.vouch(next, Optional.empty());
    return new Take(next.build(), true, ElectionCause.ROLL_CALL);
  }

  private static PartitionNode.Builder leading(
      PartitionNode partition, ElectionScene scene, String why) {
    PartitionNode.Builder next =
        partition.toBuilder()
            .setLeader(scene.self())
            .setLeaderIncarnation(scene.incarnation())
            .setLeaderEpoch(Math.addExact(partition.getLeaderEpoch(), 1))
            .clearRollCall();
    next.getLastChangeBuilder().setBroker(scene.self()).setAt("").setWhy(why);
    return next;
  }

  private static ElectionCause cause(PartitionNode partition, ElectionScene scene) {
    if (!partition.hasLeader()) {
      return ElectionCause.LEADERLESS;
    }
    int leader = partition.getLeader();
    if (leader == scene.self()) {
      return ElectionCause.OWN_RESTART;
    }
    if (!scene.live().containsKey(leader)) {
      return ElectionCause.SESSION_ENDED;
    }
    return scene.suspected().contains(leader) ? ElectionCause.SILENT : ElectionCause.RESTARTED;
  }

  private static String reason(ElectionCause cause, PartitionNode partition) {
    return switch (cause) {
      case LEADERLESS -> "nobody led";
      case OWN_RESTART -> "this leader has restarted";
      case SESSION_ENDED -> "leader " + partition.getLeader() + " is not live";
      case SILENT -> "leader " + partition.getLeader() + " is silent";
      case RESTARTED -> "leader " + partition.getLeader() + " has restarted";
      case ELIGIBLE, ROLL_CALL -> throw new IllegalArgumentException("told elsewhere: " + cause);
    };
  }
}
