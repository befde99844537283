package io.millrace.simulator.explore;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a state when nothing goes wrong any more and everybody does what is theirs to do,
 * in turns: the partition must be led, with all replicas in sync and all of the log committed.
 */
final class Healing {
  /** More than any way back takes; a scope has no more epochs left than that anyway. */
  private static final int TURNS = 40;

  private final Behaviour behaviour;

  Healing(Scope scope) {
    behaviour = new Behaviour(scope.withAllEpochs());
  }

  /** Null when the partition comes back; the state stays as it is. */
  @Nullable String missing(Cluster state) {
    Cluster now = state.copy();
    for (int turn = 0; turn < TURNS && now.violation == null; turn++) {
      if (isWhole(now)) {
        return null;
      }
      for (int i = 0; i < Cluster.REPLICAS; i++) {
        turn(now, i);
      }
    }
    return "I13: the partition does not come back by itself, "
        + (now.violation == null ? "and ends as\n" + now : now.violation);
  }

  private static boolean isLed(Cluster now) {
    int leader = now.node.leader();
    return leader != Znode.NOBODY
        && now.servers[leader].up == Server.Up.LIVE
        && now.servers[leader].incarnation == now.node.leaderIncarnation();
  }

  private static boolean isWhole(Cluster now) {
    if (!isLed(now)
        || now.node.eligible() != 0
        || Znode.size(now.node.inSync()) < Cluster.REPLICAS) {
      return false;
    }
    Server leader = now.servers[now.node.leader()];
    if (leader.role != Server.Role.LEADER || leader.highWatermark < leader.end) {
      return false;
    }
    for (Server server : now.servers) {
      if (server.up != Server.Up.LIVE || server.end != leader.end) {
        return false;
      }
    }
    return true;
  }

  private void turn(Cluster now, int i) {
    Server server = now.servers[i];
    Write orphan = server.orphan;
    if (orphan != null) {
      server.orphan = null;
      behaviour.process(now, orphan);
    }
    if (server.up == Server.Up.DOWN) {
      behaviour.start(now, i);
    } else if (server.write != null) {
      hear(now, i);
    } else if (server.up == Server.Up.LEAVING) {
      leave(now, i);
    } else {
      live(now, i);
    }
  }

  /** Its write is processed, and it learns what became of it. */
  private void hear(Cluster now, int i) {
    Server server = now.servers[i];
    Write write = Objects.requireNonNull(server.write);
    if (write.fate() == Write.Fate.SENT) {
      write = write.with(behaviour.process(now, write));
      server.write = write;
    }
    if (!write.isAnswerLost()) {
      behaviour.answer(now, i);
    } else {
      behaviour.readBack(now, i);
    }
  }

  private void leave(Cluster now, int i) {
    Server server = now.servers[i];
    server.view = now.node;
    Znode without = behaviour.leaveInDoubt(now, i);
    if (without == null) {
      behaviour.register(now, i);
    } else {
      behaviour.send(now, i, Write.Kind.LEAVE, without, 0, 0);
    }
  }

  private void live(Cluster now, int i) {
    Server server = now.servers[i];
    if (server.isOffline) {
      server.view = now.node;
      behaviour.repair(now, i);
      return;
    }
    if (!now.node.equals(server.view)) {
      behaviour.adopt(now, i, now.node);
    }
    if (server.flushed < server.end) {
      behaviour.flush(now, i);
    }
    if (!isLed(now)) {
      if (!behaviour.elect(now, i)) {
        behaviour.askAll(now, i);
      }
    } else if (server.role == Server.Role.LEADER) {
      behaviour.wantSets(now, i, othersUp(now, i));
    } else if (server.role == Server.Role.FOLLOWER) {
      behaviour.deliver(now, behaviour.fetchOf(now, i), true);
    }
  }

  private static int othersUp(Cluster now, int i) {
    int up = 0;
    for (int other = 0; other < Cluster.REPLICAS; other++) {
      if (other != i && now.servers[other].up == Server.Up.LIVE) {
        up |= 1 << other;
      }
    }
    return up;
  }
}
