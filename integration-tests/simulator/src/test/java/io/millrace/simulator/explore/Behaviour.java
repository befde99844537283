package io.millrace.simulator.explore;

import io.millrace.coordination.election.DoubtfulLeaveAccess;
import io.millrace.coordination.election.ElectionPlan;
import io.millrace.coordination.election.ElectionScene;
import io.millrace.coordination.election.HandOver;
import io.millrace.coordination.election.HandOverAccess;
import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.election.Loss;
import io.millrace.coordination.election.UncleanElection;
import io.millrace.coordination.election.UncleanElectionAccess;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.cluster.RepairPlanAccess;
import io.millrace.server.partition.DivergenceAccess;
import io.millrace.server.replica.EpochLookup;
import io.millrace.server.replica.FollowerReplica;
import io.millrace.server.replica.FollowerStep;
import io.millrace.server.replica.LeaderReplica;
import io.millrace.server.replica.SetsOutcome;
import io.millrace.server.replica.Want;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What happens to a state, step by step; each method changes the state that it is given. */
final class Behaviour {
  /** Nobody waits for others' turn. */
  private static final long LONG_AGO = 1_000_000;

  private final Scope scope;
  private final Znodes znodes;
  private final Leading leading;

  Behaviour(Scope scope) {
    this.scope = scope;
    this.znodes = new Znodes();
    this.leading = new Leading(scope, znodes);
  }

  // ---- Reading the node
  // --------------------------------------------------------------------------

  /** Broker {@code i} takes note of what the node says, and acts on it. */
  void adopt(Cluster cluster, int i, Znode z) {
    Server server = cluster.servers[i];
    server.view = z;
    if (z.epoch() > server.epoch || server.role == Server.Role.NONE) {
      server.forgetRole();
      server.epoch = z.epoch();
      boolean isNamed =
          z.leader() == i
              && (z.leaderIncarnation() == server.incarnation || SafetyRule.H9.isLeftOut());
      if (isNamed) {
        lead(cluster, i, z);
      } else if (z.leader() != i) {
        server.role = Server.Role.FOLLOWER;
        act(cluster, i, follower(server).begin(log(server)), null);
      }
    } else if (server.role == Server.Role.LEADER) {
      LeaderReplica leader = leading.of(cluster, i);
      leader.onState(znodes.state(z));
      leading.keep(cluster, i, leader);
    }
  }

  private void lead(Cluster cluster, int i, Znode z) {
    Server server = cluster.servers[i];
    server.role = Server.Role.LEADER;
    server.epochStart = server.end;
    int name = i << 4 | server.incarnation;
    if (cluster.leaders[z.epoch()] != 0
        && cluster.leaders[z.epoch()] != name
        && !SafetyRule.H9.isLeftOut()) {
      cluster.fail("two leaders in epoch " + z.epoch());
    }
    cluster.leaders[z.epoch()] = name;
    if (cluster.node.epoch() == z.epoch() && !cluster.hasAllPromised(i)) {
      if (z.mayHaveLost() && cluster.powerLosses == 0 && cluster.lostFlushes == 1) {
        if (cluster.somebodyHasAllPromised()) {
          cluster.fail("a loss is told, although another replica has what was promised");
        }
        cluster.hasToldALoss = true;
      } else if (z.mayHaveLost() && cluster.powerLosses + cluster.lostFlushes > 1) {
        cluster.hasToldALoss = true; // beyond the promise, and not in silence
      } else if (z.mayHaveLost()) {
        cluster.fail("one power loss has cost what was promised, although that is told");
      } else {
        cluster.fail("the new leader, " + (i + 1) + ", lacks what was promised");
      }
    }
    leading.keep(cluster, i, leading.elected(cluster, i));
  }

  // ---- Replication
  // -------------------------------------------------------------------------------

  void append(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    cluster.appends++;
    LeaderReplica leader = leading.of(cluster, i);
    server.append(server.epoch << 4 | cluster.appends);
    leader.onAppended(server.end);
    leading.keep(cluster, i, leader);
  }

  void flush(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    LeaderReplica leader = server.role == Server.Role.LEADER ? leading.of(cluster, i) : null;
    server.flushed = server.end;
    if (leader != null) {
      leader.onFlushed(server.end);
      leading.keep(cluster, i, leader);
    }
  }

  Fetch fetchOf(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    OptionalInt claimed = follower(server).claimedEpoch(log(server));
    return new Fetch(
        i,
        Objects.requireNonNull(server.view).leader(),
        server.incarnation,
        server.epoch,
        server.end,
        claimed.orElse(EpochLookup.End.NONE),
        server.flushed);
  }

  /** Fetches nothing while its election is being written. */
  static boolean isHolding(Server server) {
    return server.write != null
        && server.write.kind() == Write.Kind.ELECTION
        && !SafetyRule.H14.isLeftOut();
  }

  /** The fetch arrives; its answer arrives at once too, or never. */
  void deliver(Cluster cluster, Fetch fetch, boolean isAnswered) {
    Server leader = cluster.servers[fetch.to()];
    boolean isLeading =
        leader.up == Server.Up.LIVE
            && leader.role == Server.Role.LEADER
            && (leader.epoch == fetch.epoch() || SafetyRule.R3.isLeftOut());
    if (!isLeading || leader.lives[fetch.from()] > fetch.incarnation()) {
      return;
    }
    Server follower = cluster.servers[fetch.from()];
    boolean isAwaited =
        isAnswered
            && !isHolding(follower)
            && follower.up == Server.Up.LIVE
            && follower.role == Server.Role.FOLLOWER
            && follower.incarnation == fetch.incarnation()
            && follower.epoch == fetch.epoch()
            && follower.end == fetch.offset()
            && fetchOf(cluster, fetch.from()).lastEpoch() == fetch.lastEpoch();
    if (fetch.lastEpoch() != EpochLookup.End.NONE) {
      DivergenceAccess.Parting parting =
          DivergenceAccess.check(
              fetch.offset(),
              fetch.lastEpoch(),
              leader.epochUpTo(fetch.lastEpoch()),
              leader.endOf(fetch.lastEpoch()));
      if (parting != null) {
        if (isAwaited) {
          FollowerReplica replica = follower(follower);
          FollowerStep step =
              replica.onDiverging(log(follower), parting.epoch(), parting.endOffset(), 0);
          act(cluster, fetch.from(), step, replica);
        }
        return;
      }
    }
    if (fetch.offset() > leader.end) {
      if (isAwaited && SafetyRule.R1.isLeftOut()) {
        follower.cut(leader.end);
      }
      return;
    }
    leading.fetched(cluster, fetch);
    if (isAwaited) {
      answered(cluster, fetch, leader, follower);
    }
  }

  private void answered(Cluster cluster, Fetch fetch, Server leader, Server follower) {
    FollowerReplica replica = follower(follower);
    FollowerStep step =
        replica.onAnswer(log(follower), fetch.offset(), fetch.offset() < leader.end);
    if (step instanceof FollowerStep.Append) {
      follower.append(leader.log[fetch.offset()]);
    }
    replica.onHighWatermark(leader.highWatermark, follower.end);
    act(cluster, fetch.from(), step, replica);
  }

  private void act(Cluster cluster, int i, FollowerStep step, @Nullable FollowerReplica replica) {
    Server server = cluster.servers[i];
    if (step instanceof FollowerStep.Truncate truncate) {
      server.cut((int) truncate.to());
    } else if (step instanceof FollowerStep.StartOver) {
      server.cut(0);
    } else if (step instanceof FollowerStep.Implausible implausible) {
      cluster.fail("a follower is told what cannot be: " + implausible.why());
    }
    if (replica != null) {
      replica.onCut(server.end);
      server.highWatermark = (int) replica.highWatermark();
      server.hasAgreed = replica.snapshot().hasAgreed() && SafetyRule.R2.isLeftOut();
    }
  }

  private static FollowerReplica follower(Server server) {
    return FollowerReplica.of(new FollowerReplica.Snapshot(server.highWatermark, server.hasAgreed));
  }

  private static FollowerReplica.Log log(Server server) {
    return new FollowerReplica.Log(
        0,
        server.end,
        server.lastEpoch(),
        epoch -> new EpochLookup.End(server.epochUpTo(epoch), server.endOf(epoch)));
  }

  // ---- Writes
  // ------------------------------------------------------------------------------------

  /** By the leader, when it takes only these brokers for live. False: it wants nothing. */
  boolean wantSets(Cluster cluster, int i, int live) {
    Server server = cluster.servers[i];
    LeaderReplica leader = leading.of(cluster, i);
    leader.onBrokers(Leading.live(server, live), Leading.now());
    Want want = leader.want(Leading.now());
    if (want instanceof Want.FlushFirst first) {
      if (first.offset() > server.end) {
        cluster.fail("a leader wants more forced than there is");
      }
      flush(cluster, i);
      return true;
    }
    if (!(want instanceof Want.Write write)) {
      return false;
    }
    leader.onSent(write.change());
    leading.keep(cluster, i, leader);
    int lives = 0;
    int checked = 0;
    for (Map.Entry<Integer, Integer> admitted : write.change().admitted().entrySet()) {
      int f = admitted.getKey() - 1;
      checked |= 1 << f;
      lives |= admitted.getValue() << (f * Write.LIFE_BITS);
    }
    Znode next =
        Znodes.of(
            Objects.requireNonNull(server.view), write.change(), server.reach(server.flushed));
    send(cluster, i, Write.Kind.SETS, next, checked, lives);
    return true;
  }

  /** By a replica that takes all others for dead. False: it would not. */
  boolean elect(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Znode view = Objects.requireNonNull(server.view);
    ElectionScene scene =
        new ElectionScene(
            i + 1, server.incarnation, Map.of(), Set.of(), leading.minInSync(cluster), 0, 0);
    if (!(ElectionPlan.decide(znodes.node(view), scene) instanceof ElectionPlan.Take take)) {
      return false;
    }
    if (take.mustFlushFirst()) {
      server.flushed = server.end;
    }
    Znode next = Znodes.of(take.next(), view.version() + 1);
    if (next.epoch() > scope.epochs()) {
      return false;
    }
    if (take.mustFlushFirst()) {
      next = next.vouching(Math.max(0, server.lastEpoch()), server.end);
    }
    send(cluster, i, Write.Kind.ELECTION, next, 0, 0);
    return true;
  }

  /** By whoever comes first, when the sets do not tell who has the most. False: they do. */
  boolean askAll(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    PartitionNode node = znodes.node(Objects.requireNonNull(server.view));
    Map<Integer, Integer> live = new HashMap<>();
    Map<Integer, UncleanElection.Reach> reached = new HashMap<>();
    Set<Integer> without = new HashSet<>();
    for (int f = 0; f < Cluster.REPLICAS; f++) {
      Server asked = cluster.servers[f];
      if (asked.up != Server.Up.LIVE) {
        continue;
      }
      live.put(f + 1, asked.incarnation);
      if (asked.isOffline) {
        without.add(f + 1);
      } else {
        reached.put(f + 1, new UncleanElection.Reach(asked.incarnation, position(asked), 0));
      }
    }
    ElectionScene scene =
        new ElectionScene(
            i + 1, server.incarnation, live, Set.of(), leading.minInSync(cluster), LONG_AGO, 0);
    if (!(ElectionPlan.decide(node, scene) instanceof ElectionPlan.AskAll)) {
      return false;
    }
    PartitionNode named =
        UncleanElectionAccess.byRollCallOfAll(node, i + 1, reached, without, live);
    if (named == null || named.getLeaderEpoch() > scope.epochs()) {
      return false;
    }
    Znode next = Znodes.of(named, Objects.requireNonNull(server.view).version() + 1);
    send(cluster, i, Write.Kind.HANDOVER, next, 0, 0);
    return true;
  }

  /**
   * By a leader, to a member, whatever that has: the leader goes on meanwhile (H15).
   *
   * @param isStopping it leaves the in-sync set with it, where enough are left
   */
  boolean handOver(Cluster cluster, int i, int to, boolean isStopping) {
    Server server = cluster.servers[i];
    Znode view = Objects.requireNonNull(server.view);
    Integer life = Leading.successor(leading.of(cluster, i), server, to);
    if (life == null || view.epoch() >= scope.epochs()) {
      return false;
    }
    HandOver.Change change =
        new HandOver.Change(
            i + 1,
            server.incarnation,
            view.epoch(),
            to + 1,
            life,
            isStopping ? OptionalInt.of(leading.minInSync(cluster)) : OptionalInt.empty(),
            "");
    PartitionNode named = HandOverAccess.next(znodes.node(view), change);
    if (named == null) {
      return false;
    }
    send(cluster, i, Write.Kind.HANDOVER, Znodes.of(named, view.version() + 1), 0, 0);
    return true;
  }

  // ---- Damage
  // ------------------------------------------------------------------------------------

  /** Its log fails, and is found damaged when it is opened again in the same life. */
  void damage(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Write write = server.write;
    if (write != null && write.fate() == Write.Fate.SENT) {
      server.orphan = write.withAnswer(false);
    }
    server.write = null;
    server.view = null;
    server.isOffline = true;
    server.usedIn = server.role == Server.Role.NONE ? 0 : server.epoch;
    server.forgetRole();
    server.cut(0); // nothing of it is ever used again
  }

  /** The next thing to be done about it, if it can be done now. */
  boolean repair(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Znode view = Objects.requireNonNull(server.view);
    Map<Integer, Integer> live = new HashMap<>();
    for (int f = 0; f < Cluster.REPLICAS; f++) {
      if (cluster.servers[f].up == Server.Up.LIVE) {
        live.put(f + 1, cluster.servers[f].incarnation);
      }
    }
    switch (RepairPlanAccess.decide(
        i + 1, server.incarnation, live, znodes.node(view), server.usedIn)) {
      case WAIT -> {
        return false;
      }
      case ASK_THE_LEADER -> {
        return leadAnew(cluster, view.leader());
      }
      case LEAVE -> {
        Znode next = leaveInDoubt(cluster, i);
        if (next != null) {
          send(cluster, i, Write.Kind.LEAVE, next, 0, 0);
        }
        return next != null;
      }
      case COPY_ANEW -> {
        server.isOffline = false;
        server.usedIn = 0;
        adopt(cluster, i, view);
        return true;
      }
    }
    return false;
  }

  /**
   * The leader goes on in the next epoch. That it takes the other out of the in-sync set before is
   * left to its wishes: what is safe must not hang on that.
   */
  private boolean leadAnew(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    boolean mayWrite =
        server.role == Server.Role.LEADER
            && server.write == null
            && cluster.node.equals(server.view)
            && cluster.node.epoch() < scope.epochs();
    if (mayWrite) {
      Znode now = cluster.node;
      Znode next =
          new Znode(
              now.version() + 1,
              now.leader(),
              now.leaderIncarnation(),
              now.epoch() + 1,
              now.inSync(),
              now.eligible(),
              now.soleFlushed(),
              now.vouched(),
              now.rollCall(),
              false);
      send(cluster, i, Write.Kind.HANDOVER, next, 0, 0);
    }
    return mayWrite;
  }

  /** A follower takes itself out of the in-sync set, as it must not. */
  void leaveByItself(Cluster cluster, int i) {
    Znode view = Objects.requireNonNull(cluster.servers[i].view);
    int inSync = view.inSync() & ~(1 << i);
    boolean isBelow = Znode.size(inSync) < leading.minInSync(cluster);
    Znode next =
        new Znode(
            view.version() + 1,
            view.leader(),
            view.leaderIncarnation(),
            view.epoch(),
            inSync,
            isBelow ? view.eligible() | 1 << i : view.eligible(),
            false,
            0,
            view.rollCall(),
            view.mayHaveLost());
    send(cluster, i, Write.Kind.LEAVE, next, 0, 0);
  }

  /**
   * What a doubtful broker writes before it registers, or one with a damaged log; null when there
   * is nothing to leave.
   */
  @Nullable Znode leaveInDoubt(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Znode view = Objects.requireNonNull(server.view);
    PartitionNode next =
        DoubtfulLeaveAccess.plan(znodes.node(view), i + 1, position(server), loss(server));
    return next == null ? null : Znodes.of(next, view.version() + 1);
  }

  private static LogPosition position(Server server) {
    return new LogPosition(Math.max(0, server.lastEpoch()), server.end);
  }

  private static Loss loss(Server server) {
    if (server.isOffline) {
      return Loss.LOG;
    }
    return server.hasLostFlushed ? Loss.FLUSHED : Loss.UNFLUSHED;
  }

  /**
   * Sent, and processed in the same step where nothing can come between that the version check
   * would not catch.
   */
  void send(Cluster cluster, int i, Write.Kind kind, Znode next, int checked, int lives) {
    Write write = new Write(kind, Write.Fate.SENT, false, checked, lives, next);
    boolean isApart =
        checked != 0
            || SafetyRule.R11.isLeftOut()
            || (SafetyRule.H8.isLeftOut() && kind == Write.Kind.SETS);
    cluster.servers[i].write = isApart ? write : write.with(process(cluster, write));
  }

  Write.Fate process(Cluster cluster, Write write) {
    boolean isExpected = cluster.node.version() + 1 == write.node().version();
    if (!isExpected && !SafetyRule.R11.isLeftOut()) {
      return Write.Fate.CONFLICT;
    }
    for (int f = 0; f < Cluster.REPLICAS; f++) {
      boolean isChecked = Znode.has(write.checked(), f) && !SafetyRule.R6.isLeftOut();
      if (isChecked && cluster.known[f] != write.lifeOf(f)) {
        return Write.Fate.REFUSED;
      }
    }
    Znode next = write.node();
    cluster.node =
        isExpected
            ? next
            : new Znode(
                cluster.node.version() + 1,
                next.leader(),
                next.leaderIncarnation(),
                next.epoch(),
                next.inSync(),
                next.eligible(),
                next.soleFlushed(),
                next.vouched(),
                next.rollCall(),
                next.mayHaveLost());
    return Write.Fate.APPLIED;
  }

  /** The writer hears what became of its write. */
  void answer(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Write write = Objects.requireNonNull(server.write);
    if (server.up == Server.Up.LEAVING || server.isOffline) {
      server.write = null;
      server.view = cluster.node;
      return;
    }
    if (write.kind() == Write.Kind.SETS && server.role == Server.Role.LEADER) {
      outcome(cluster, i, write);
      return;
    }
    server.write = null;
    adopt(cluster, i, write.fate() == Write.Fate.APPLIED ? write.node() : cluster.node);
  }

  private void outcome(Cluster cluster, int i, Write write) {
    Server server = cluster.servers[i];
    LeaderReplica leader = leading.of(cluster, i);
    Znode now = write.fate() == Write.Fate.APPLIED ? write.node() : cluster.node;
    SetsOutcome outcome =
        switch (write.fate()) {
          case APPLIED -> new SetsOutcome.Written(znodes.state(now));
          case CONFLICT -> new SetsOutcome.Moved(znodes.state(now));
          case REFUSED, SENT -> new SetsOutcome.Refused("");
        };
    leader.onOutcome(outcome, Leading.now());
    server.write = null;
    leading.keep(cluster, i, leader);
    if (!(outcome instanceof SetsOutcome.Refused)) {
      adopt(cluster, i, now);
    }
  }

  /**
   * After a lost connection. An unmoved version is no outcome: the same write goes out again, which
   * changes nothing here.
   *
   * @return false when there is no outcome yet
   */
  boolean readBack(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Write write = Objects.requireNonNull(server.write);
    boolean isSets = write.kind() == Write.Kind.SETS && server.role == Server.Role.LEADER;
    if (write.fate() == Write.Fate.SENT) {
      if (!SafetyRule.H8.isLeftOut() || !isSets) {
        return false;
      }
      server.orphan = write.withAnswer(false);
      outcome(cluster, i, write); // taken for a write that failed
      return true;
    }
    boolean isTakenForAnothers =
        SafetyRule.R10.isLeftOut() && isSets && write.fate() == Write.Fate.APPLIED;
    if (isTakenForAnothers) {
      outcome(cluster, i, write.with(Write.Fate.REFUSED));
    } else {
      answer(cluster, i);
    }
    return true;
  }

  // ---- Lives
  // -------------------------------------------------------------------------------------

  void crash(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    Write write = server.write;
    if (write != null && write.fate() == Write.Fate.SENT) {
      server.orphan = write.withAnswer(false);
    }
    if (server.up == Server.Up.LEAVING && SafetyRule.H10.isLeftOut()) {
      server.isDoubtful = false;
    }
    server.write = null;
    server.view = null;
    server.up = Server.Up.DOWN;
    server.highWatermark = 0; // only a hint survives
    server.forgetRole();
  }

  void losePower(Cluster cluster, int i, int left) {
    crash(cluster, i);
    cluster.servers[i].isDoubtful = true;
    cluster.servers[i].cut(left);
  }

  /**
   * A power loss that has taken what was forced. Recovery sees that by what it cuts; where it does
   * not, what the sole member has vouched for must show it: what neither shows nobody can know.
   */
  void loseForced(Cluster cluster, int i, int left) {
    losePower(cluster, i, left);
    Server server = cluster.servers[i];
    Znode node = cluster.node;
    boolean isShownByTheNode =
        server.orphan == null
            && node.soleFlushed()
            && node.hasVouched()
            && node.inSync() == 1 << i
            && left < node.vouchedEnd();
    server.hasLostFlushed = !isShownByTheNode;
  }

  void start(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    if (server.isDoubtful && !SafetyRule.H1.isLeftOut()) {
      server.incarnation = ++cluster.known[i]; // fences what was meant for its old life
      server.up = Server.Up.LEAVING;
    } else {
      register(cluster, i);
    }
  }

  void register(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    server.incarnation = ++cluster.known[i];
    server.isDoubtful = false;
    server.hasLostFlushed = false;
    server.usedIn = 0;
    server.up = Server.Up.LIVE;
    server.view = null;
  }

  void lower(Cluster cluster) {
    cluster.isLowered = true;
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      if (cluster.servers[i].role == Server.Role.LEADER) {
        leading.keep(cluster, i, leading.of(cluster, i));
      }
    }
  }

  int minInSync(Cluster cluster) {
    return leading.minInSync(cluster);
  }
}
