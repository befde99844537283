package io.millrace.simulator.explore;

import io.millrace.rpc.SafetyRule;
import io.millrace.server.replica.Level;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a state what can make no difference to anything that happens from there on, so that
 * states which differ in that alone are one. Nothing is forgotten while a rule is left out: without
 * it more may matter.
 *
 * <p>That it is so is tested, not only reasoned: a search that forgets meets as many states as one
 * that does not, with what is forgotten taken out of each.
 */
final class Forgetting {
  /** Of views that are of no use but for whom to fetch from. No node has it. */
  private static final int NO_VERSION = 0;

  /** A node's version where any number of writes is searched. */
  private static final int PRESENT_VERSION = 64;

  private final Scope scope;
  private final Behaviour behaviour;
  private final boolean isOff;

  Forgetting(Scope scope, Behaviour behaviour) {
    this.scope = scope;
    this.behaviour = behaviour;
    isOff = Arrays.stream(SafetyRule.values()).anyMatch(SafetyRule::isLeftOut);
  }

  /** A rule is left out. */
  boolean isOff() {
    return isOff;
  }

  void settle(Cluster cluster) {
    if (isOff) {
      return;
    }
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      settle(cluster, i);
    }
    for (int epoch = 0; epoch < cluster.node.epoch(); epoch++) {
      if (!isToCome(cluster, epoch)) {
        cluster.leaders[epoch] = 0;
      }
    }
    cluster.unknowns = 0; // an answer that was lost is one that comes late
    if (scope.level() != Level.SYNCED) {
      cluster.held = cluster.held.stream().map(Fetch::withoutFlushed).sorted().toList();
    }
    if (scope.versions() == Scope.ANY_NUMBER) {
      renumber(cluster);
    }
  }

  private void settle(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    server.write = ofWrite(server, server.write);
    switch (server.role) {
      case NONE -> withoutRole(cluster, i);
      case FOLLOWER -> {
        if (isStale(cluster, server)) {
          server.view = whomToAsk(cluster, server);
        }
      }
      case LEADER -> leader(cluster, server);
    }
  }

  /** How an answer comes makes no difference, nor what was refused of a write that is over. */
  private static @Nullable Write ofWrite(Server server, @Nullable Write write) {
    if (write == null) {
      return null;
    }
    boolean isOver = write.fate() == Write.Fate.CONFLICT || write.fate() == Write.Fate.REFUSED;
    boolean counts = write.kind() == Write.Kind.SETS && server.role == Server.Role.LEADER;
    return isOver && !counts
        ? new Write(write.kind(), Write.Fate.CONFLICT, false, 0, 0, nothing(Znode.NOBODY))
        : write.withAnswer(false);
  }

  private static Znode nothing(int leader) {
    return new Znode(NO_VERSION, leader, 0, 0, 0, 0, false, 0, 0, false);
  }

  private static boolean isStale(Cluster cluster, Server server) {
    return server.view != null && !cluster.node.equals(server.view);
  }

  /** Dead, leaving its sets, or not yet in an epoch: it takes what the node says next. */
  private void withoutRole(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    server.epoch = 0;
    if (server.up == Server.Up.DOWN) {
      server.incarnation = cluster.known[i];
    } else if (isStale(cluster, server)
        && (server.up == Server.Up.LIVE
            || server.write != null
            || behaviour.leaveInDoubt(cluster, i) != null)) {
      server.view = null;
    }
  }

  /** What an older node said is good for one thing: from whom to fetch in its epoch. */
  private static Znode whomToAsk(Cluster cluster, Server server) {
    Znode view = Objects.requireNonNull(server.view);
    boolean isOfUse =
        view.leader() != Znode.NOBODY && mayServe(cluster, view.leader(), server.epoch);
    return nothing(isOfUse ? view.leader() : Znode.NOBODY);
  }

  /** Whether a broker leads in an epoch, or may come to. */
  static boolean mayServe(Cluster cluster, int i, int epoch) {
    Server server = cluster.servers[i];
    boolean isLeading =
        server.up == Server.Up.LIVE && server.role == Server.Role.LEADER && server.epoch == epoch;
    return isLeading
        || (cluster.node.epoch() == epoch && cluster.node.leader() == i)
        || (server.write != null && server.write.node().epoch() == epoch);
  }

  /** Whether anybody may still begin to act in an epoch. */
  private static boolean isToCome(Cluster cluster, int epoch) {
    if (cluster.node.epoch() == epoch) {
      return true;
    }
    for (Server server : cluster.servers) {
      if (server.write != null && server.write.node().epoch() == epoch) {
        return true;
      }
    }
    return false;
  }

  private void leader(Cluster cluster, Server server) {
    if (scope.level() != Level.SYNCED) {
      server.syncedEnd = 0;
      Arrays.fill(server.forced, 0);
    }
    if (scope.level() != Level.LEADER) {
      server.standardEnd = 0;
    }
    Znode view = server.view;
    if (view == null || server.write != null || cluster.node.epoch() <= server.epoch) {
      return;
    }
    // Replaced, and yet to hear of it: it can write nothing any more.
    server.epochStart = 0;
    server.view =
        new Znode(
            NO_VERSION,
            view.leader(),
            view.leaderIncarnation(),
            view.epoch(),
            view.inSync(),
            view.eligible(),
            false,
            0,
            0,
            false);
    if (!scope.isLowering() && !hasFollowers(cluster, server)) {
      Arrays.fill(server.positions, Server.NEVER);
      Arrays.fill(server.forced, 0);
      Arrays.fill(server.lives, Server.NEVER);
    }
  }

  /** Whether a fetch of its epoch may still come. */
  private static boolean hasFollowers(Cluster cluster, Server leader) {
    for (Server server : cluster.servers) {
      if (server.up == Server.Up.LIVE
          && server.role == Server.Role.FOLLOWER
          && server.epoch == leader.epoch) {
        return true;
      }
    }
    return isToCome(cluster, leader.epoch)
        || cluster.held.stream().anyMatch(fetch -> fetch.epoch() == leader.epoch);
  }

  // ---- Versions: only which is later, and which is the next
  // --------------------------------------------------------------------------------------------

  private static void renumber(Cluster cluster) {
    TreeSet<Integer> versions = new TreeSet<>();
    versions.add(cluster.node.version());
    for (Server server : cluster.servers) {
      if (server.view != null) {
        versions.add(server.view.version());
      }
      collect(versions, server.write);
      collect(versions, server.orphan);
    }
    versions.remove(NO_VERSION);
    int first = PRESENT_VERSION - versions.headSet(cluster.node.version()).size();
    int[] now = new int[versions.last() + 1];
    int next = first;
    for (int version : versions) {
      now[version] = next++;
    }
    cluster.node = cluster.node.withVersion(now[cluster.node.version()]);
    for (Server server : cluster.servers) {
      if (server.view != null) {
        server.view = server.view.withVersion(now[server.view.version()]);
      }
      server.write = renumbered(server.write, now);
      server.orphan = renumbered(server.orphan, now);
    }
  }

  /** Also the one it expects, which must stay the one before. */
  private static void collect(Set<Integer> versions, @Nullable Write write) {
    if (write != null && write.node().version() != NO_VERSION) {
      versions.add(write.node().version());
      versions.add(write.node().version() - 1);
    }
  }

  private static @Nullable Write renumbered(@Nullable Write write, int[] now) {
    return write == null
        ? null
        : new Write(
            write.kind(),
            write.fate(),
            write.isAnswerLost(),
            write.checked(),
            write.lives(),
            write.node().withVersion(now[write.node().version()]));
  }
}
