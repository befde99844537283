package io.millrace.simulator.explore;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One state: the node, the brokers, what is on its way, and what has been promised so far. {@link
 * Codec} makes bytes of it.
 */
final class Cluster {
  static final int REPLICAS = 3;
  static final int MOST_EPOCHS = 12;

  Znode node;
  final Server[] servers = new Server[REPLICAS];
  final int[] known = new int[REPLICAS];

  /** Fetches that the network holds back, in order. */
  List<Fetch> held = List.of();

  // What only an onlooker knows.
  final int[] committed = new int[Server.LONGEST_LOG];

  /** Offsets below this have been shown to consumers or acknowledged. */
  int promised;

  /** Who has led in each epoch: broker * 16 + incarnation, 0 for nobody yet. */
  final int[] leaders = new int[MOST_EPOCHS];

  int crashes;
  int powerLosses;
  int lostFlushes;
  int damages;
  int unknowns;
  int delays;
  int appends;
  boolean isLowered;

  /** What no state may be; not part of the state. */
  @Nullable String violation;

  /** Records have been lost, and the node says so: nothing is promised any more. */
  boolean hasToldALoss;

  Cluster(Znode node) {
    this.node = node;
  }

  static Cluster first(Scope scope) {
    Cluster cluster =
        new Cluster(new Znode(1, 0, 1, 1, scope.inSync(), scope.eligible(), false, 0, 0, false));
    for (int i = 0; i < REPLICAS; i++) {
      Server server = new Server();
      server.forgetRole();
      server.epoch = 1;
      server.view = cluster.node;
      server.role = i == 0 ? Server.Role.LEADER : Server.Role.FOLLOWER;
      cluster.servers[i] = server;
      cluster.known[i] = 1;
    }
    cluster.leaders[1] = 1;
    return cluster;
  }

  void fail(String what) {
    if (violation == null) {
      violation = what;
    }
  }

  /** The broker's log has all that was promised. */
  boolean hasAllPromised(int broker) {
    Server server = servers[broker];
    return server.end >= promised && Arrays.equals(server.log, 0, promised, committed, 0, promised);
  }

  /** Of those whose logs can be read. */
  boolean somebodyHasAllPromised() {
    for (int i = 0; i < REPLICAS; i++) {
      if (!servers[i].isOffline && hasAllPromised(i)) {
        return true;
      }
    }
    return false;
  }

  Cluster copy() {
    Cluster copy = new Cluster(node);
    for (int i = 0; i < REPLICAS; i++) {
      copy.servers[i] = servers[i].copy();
      copy.known[i] = known[i];
    }
    copy.held = held;
    System.arraycopy(committed, 0, copy.committed, 0, committed.length);
    copy.promised = promised;
    System.arraycopy(leaders, 0, copy.leaders, 0, leaders.length);
    copy.crashes = crashes;
    copy.powerLosses = powerLosses;
    copy.lostFlushes = lostFlushes;
    copy.damages = damages;
    copy.unknowns = unknowns;
    copy.delays = delays;
    copy.appends = appends;
    copy.isLowered = isLowered;
    return copy;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("  node ").append(node).append('\n');
    for (int i = 0; i < REPLICAS; i++) {
      text.append("  ").append(i + 1).append('.').append(servers[i].incarnation).append(' ');
      text.append(servers[i]).append('\n');
    }
    return text.append("  promised up to ").append(promised).toString();
  }
}
