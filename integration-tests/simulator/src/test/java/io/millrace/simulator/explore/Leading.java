package io.millrace.simulator.explore;

import io.millrace.server.replica.FollowerSnapshot;
import io.millrace.server.replica.LeaderReplica;
import io.millrace.server.replica.LeaderSnapshot;
import io.millrace.server.replica.Level;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Brings the product's leader to life from a state, and keeps what became of it. No time passes in
 * a state: members never lag by themselves, but may be taken for dead at any moment; and nobody is
 * patient with those about to join, so that the high watermark moves as soon as it may.
 */
final class Leading {
  private static final long NOW_NANOS = 1_000_000_000;
  private static final long LAG_NANOS = 1_000_000_000_000L;

  private final Scope scope;
  private final Znodes znodes;

  Leading(Scope scope, Znodes znodes) {
    this.scope = scope;
    this.znodes = znodes;
  }

  int minInSync(Cluster cluster) {
    return cluster.isLowered ? 1 : scope.minInSync();
  }

  private LeaderReplica.Settings settings(Cluster cluster) {
    return new LeaderReplica.Settings(minInSync(cluster), scope.level(), LAG_NANOS);
  }

  /** Elected, with what it has read. */
  LeaderReplica elected(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    return new LeaderReplica(
        i + 1,
        znodes.state(view(server)),
        settings(cluster),
        new LeaderReplica.Log(server.end, server.end, server.flushed, server.highWatermark),
        Map.of(),
        NOW_NANOS);
  }

  LeaderReplica of(Cluster cluster, int i) {
    Server server = cluster.servers[i];
    PartitionState confirmed = znodes.state(view(server));
    List<FollowerSnapshot> followers = new ArrayList<>(Cluster.REPLICAS);
    for (int f = 0; f < Cluster.REPLICAS; f++) {
      if (f != i) {
        followers.add(
            new FollowerSnapshot(
                f + 1,
                server.lives[f],
                server.positions[f],
                server.forced[f],
                0,
                Long.MAX_VALUE,
                NOW_NANOS,
                -1));
      }
    }
    Write write = server.write;
    boolean isAwaited = write != null && write.kind() == Write.Kind.SETS;
    return LeaderReplica.of(
        new LeaderSnapshot(
            i + 1,
            confirmed.leaderEpoch(),
            server.epochStart,
            confirmed,
            settings(cluster),
            isAwaited ? change(Objects.requireNonNull(write)) : null,
            isAwaited,
            server.isDeposed,
            server.end,
            server.flushed,
            server.highWatermark,
            server.standardEnd,
            server.syncedEnd,
            followers,
            Map.of(),
            NOW_NANOS,
            null));
  }

  private SetsChange change(Write write) {
    Map<Integer, Integer> admitted = new HashMap<>();
    for (int f = 0; f < Cluster.REPLICAS; f++) {
      if (Znode.has(write.checked(), f)) {
        admitted.put(f + 1, write.lifeOf(f));
      }
    }
    PartitionState next = znodes.state(write.node());
    return new SetsChange(
        next.version() - 1,
        next.leaderEpoch(),
        next.inSync(),
        next.eligible(),
        next.soleFlushed(),
        admitted,
        "");
  }

  /** The leader as it is now becomes part of the state. */
  void keep(Cluster cluster, int i, LeaderReplica leader) {
    leader.onBrokers(Map.of(), NOW_NANOS);
    LeaderSnapshot now = leader.snapshot();
    Server server = cluster.servers[i];
    server.epochStart = (int) now.epochStart();
    server.isDeposed = now.isDeposed();
    server.highWatermark = (int) now.highWatermark();
    server.standardEnd = (int) now.standardEnd();
    server.syncedEnd = (int) now.syncedEnd();
    for (FollowerSnapshot follower : now.followers()) {
      int f = follower.broker() - 1;
      server.positions[f] = (int) follower.offset();
      server.forced[f] = (int) follower.flushedOffset();
      server.lives[f] = follower.incarnation();
    }
    promise(cluster, server);
  }

  /** On a leader-level topic consumers see what may be lost, by choice. */
  private void promise(Cluster cluster, Server server) {
    int end = scope.level() == Level.LEADER ? server.standardEnd : server.highWatermark;
    for (int at = 0; at < end; at++) {
      if (at >= cluster.promised) {
        cluster.committed[at] = server.log[at];
        cluster.promised = at + 1;
      } else if (cluster.committed[at] != server.log[at]) {
        cluster.fail("a leader shows another record at offset " + at + " than was shown before");
      }
    }
  }

  /** A fetch that has been let in and does not diverge. */
  void fetched(Cluster cluster, Fetch fetch) {
    LeaderReplica leader = of(cluster, fetch.to());
    leader.onFetch(fetch.from() + 1, fetch.incarnation(), fetch.offset(), fetch.flushed(), 0);
    keep(cluster, fetch.to(), leader);
  }

  private static Znode view(Server server) {
    return Objects.requireNonNull(server.view);
  }

  /** Brokers that a leader takes for live, in the lives that have fetched. */
  static Map<Integer, Integer> live(Server leader, int set) {
    Map<Integer, Integer> live = new HashMap<>();
    for (int f = 0; f < Cluster.REPLICAS; f++) {
      if (Znode.has(set, f)) {
        live.put(f + 1, leader.lives[f]);
      }
    }
    return live;
  }

  /**
   * However little it has: a hand-over begins anywhere, and what is appended then is not waited
   * for.
   */
  static @Nullable Integer successor(LeaderReplica leader, Server server, int to) {
    leader.onBrokers(live(server, 1 << to), NOW_NANOS);
    return leader.successor(to + 1, 0).orElse(null);
  }

  static long now() {
    return NOW_NANOS;
  }
}
