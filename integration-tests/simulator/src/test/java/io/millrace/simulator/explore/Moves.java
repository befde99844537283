package io.millrace.simulator.explore;

import io.millrace.rpc.SafetyRule;
import io.millrace.simulator.explore.Step.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Everything that can happen next in a state. */
final class Moves {
  /** Told of each; the state is the receiver's to keep. */
  interface Sink {
    void next(int step, Cluster cluster);
  }

  private final Scope scope;
  private final Behaviour behaviour;
  private final Laws laws;

  /** Null where every difference counts. */
  private final @Nullable Forgetting forgetting;

  Moves(Scope scope, boolean isForgetting) {
    this.scope = scope;
    this.behaviour = new Behaviour(scope);
    this.laws = new Laws(scope);
    this.forgetting = isForgetting ? new Forgetting(scope, behaviour) : null;
  }

  /** What can make no difference is taken out. */
  void forget(Cluster cluster) {
    if (forgetting != null) {
      forgetting.settle(cluster);
    }
  }

  private void emit(Sink sink, Kind kind, int broker, int detail, Cluster next) {
    laws.settle(next);
    forget(next);
    sink.next(new Step(kind, broker, detail).number(), next);
  }

  void from(Cluster now, Sink sink) {
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      ofStore(now, i, sink);
      switch (now.servers[i].up) {
        case DOWN -> {
          Cluster next = now.copy();
          behaviour.start(next, i);
          emit(sink, Kind.START, i, 0, next);
        }
        case LEAVING -> {
          ofFate(now, i, sink);
          ofDoubt(now, i, sink);
        }
        case LIVE -> {
          ofFate(now, i, sink);
          if (now.servers[i].isOffline) {
            ofDamaged(now, i, sink);
            continue;
          }
          ofReading(now, i, sink);
          ofFollower(now, i, sink);
          ofLeader(now, i, sink);
        }
      }
    }
    ofNetwork(now, sink);
    if (scope.isLowering() && !now.isLowered) {
      Cluster next = now.copy();
      behaviour.lower(next);
      emit(sink, Kind.LOWER, 0, 0, next);
    }
  }

  /** Writes on their way, and their answers. */
  private void ofStore(Cluster now, int i, Sink sink) {
    Server server = now.servers[i];
    if (server.orphan != null) {
      Cluster next = now.copy();
      next.servers[i].orphan = null;
      behaviour.process(next, server.orphan);
      emit(sink, Kind.LAND_LATE, i, 0, next);
    }
    Write write = server.write;
    if (write == null) {
      return;
    }
    if (write.fate() == Write.Fate.SENT) {
      Cluster next = now.copy();
      next.servers[i].write = write.with(behaviour.process(next, write));
      emit(sink, Kind.PROCESS, i, 0, next);
    }
    if (!write.isAnswerLost()) {
      if (write.fate() != Write.Fate.SENT) {
        Cluster next = now.copy();
        behaviour.answer(next, i);
        emit(sink, Kind.ANSWER, i, 0, next);
      }
      if (now.unknowns < scope.unknowns() && (forgetting == null || forgetting.isOff())) {
        Cluster next = now.copy();
        next.unknowns++;
        next.servers[i].write = write.withAnswer(true);
        emit(sink, Kind.LOSE_ANSWER, i, 0, next);
      }
    } else {
      Cluster next = now.copy();
      if (behaviour.readBack(next, i)) {
        emit(sink, Kind.READ_BACK, i, 0, next);
      }
    }
  }

  private void ofFate(Cluster now, int i, Sink sink) {
    if (now.crashes < scope.crashes()) {
      Cluster next = now.copy();
      next.crashes++;
      behaviour.crash(next, i);
      emit(sink, Kind.CRASH, i, 0, next);
    }
    if (now.powerLosses < scope.powerLosses()) {
      for (int left = now.servers[i].flushed; left <= now.servers[i].end; left++) {
        Cluster next = now.copy();
        next.powerLosses++;
        behaviour.losePower(next, i, left);
        emit(sink, Kind.LOSE_POWER, i, left, next);
      }
    }
    if (now.lostFlushes < scope.lostFlushes()) {
      for (int left = 0; left < now.servers[i].flushed; left++) {
        Cluster next = now.copy();
        next.lostFlushes++;
        behaviour.loseForced(next, i, left);
        emit(sink, Kind.LOSE_FORCED, i, left, next);
      }
    }
    Server server = now.servers[i];
    if (now.damages < scope.damages() && server.up == Server.Up.LIVE && !server.isOffline) {
      Cluster next = now.copy();
      next.damages++;
      behaviour.damage(next, i);
      emit(sink, Kind.DAMAGE, i, 0, next);
    }
  }

  /** It takes part in nothing but its own repair. */
  private void ofDamaged(Cluster now, int i, Sink sink) {
    Server server = now.servers[i];
    if (server.write != null) {
      return;
    }
    if (!now.node.equals(server.view)) {
      Cluster next = now.copy();
      next.servers[i].view = now.node;
      emit(sink, Kind.READ, i, 0, next);
    } else if (scope.allowsWriteOn(now.node.version())) {
      Cluster next = now.copy();
      if (behaviour.repair(next, i)) {
        emit(sink, Kind.REPAIR, i, 0, next);
      }
    }
  }

  private void ofDoubt(Cluster now, int i, Sink sink) {
    Server server = now.servers[i];
    if (server.write != null) {
      return;
    }
    if (!now.node.equals(server.view)) {
      Cluster next = now.copy();
      next.servers[i].view = now.node;
      emit(sink, Kind.READ, i, 0, next);
    }
    if (server.view == null) {
      return;
    }
    Znode without = behaviour.leaveInDoubt(now, i);
    if (without == null) {
      Cluster next = now.copy();
      behaviour.register(next, i);
      emit(sink, Kind.REGISTER, i, 0, next);
    } else if (without.version() == now.node.version() + 1) {
      Cluster next = now.copy();
      behaviour.send(next, i, Write.Kind.LEAVE, without, 0, 0);
      emit(sink, Kind.LEAVE_IN_DOUBT, i, 0, next);
    }
  }

  private void ofReading(Cluster now, int i, Sink sink) {
    Server server = now.servers[i];
    if (server.write == null && !now.node.equals(server.view)) {
      Cluster next = now.copy();
      behaviour.adopt(next, i, now.node);
      emit(sink, Kind.READ, i, 0, next);
    }
    if (scope.isFlushing() && server.flushed < server.end) {
      Cluster next = now.copy();
      behaviour.flush(next, i);
      emit(sink, Kind.FORCE, i, 0, next);
    }
  }

  /** It has read the node as it is, and no write of its own is under way. */
  private boolean mayWrite(Cluster now, Server server) {
    boolean isRecent = now.node.equals(server.view) || SafetyRule.R11.isLeftOut();
    return server.write == null
        && server.view != null
        && isRecent
        && scope.allowsWriteOn(now.node.version());
  }

  private void ofFollower(Cluster now, int i, Sink sink) {
    Server server = now.servers[i];
    if (server.role != Server.Role.LEADER && mayWrite(now, server)) {
      Cluster next = now.copy();
      if (behaviour.elect(next, i)) {
        emit(sink, Kind.ELECT, i, 0, next);
      }
      Cluster asked = now.copy();
      if (behaviour.askAll(asked, i)) {
        emit(sink, Kind.ASK_ALL, i, 0, asked);
      }
    }
    if (server.role != Server.Role.FOLLOWER) {
      return;
    }
    Znode view = Objects.requireNonNull(server.view);
    if (view.leader() != Znode.NOBODY && view.leader() != i && !Behaviour.isHolding(server)) {
      Fetch fetch = behaviour.fetchOf(now, i);
      Cluster next = now.copy();
      behaviour.deliver(next, fetch, true);
      emit(sink, Kind.FETCH, i, 0, next);
      boolean isOfUse =
          SafetyRule.R3.isLeftOut() || Forgetting.mayServe(now, fetch.to(), fetch.epoch());
      if (isOfUse && now.delays < scope.delays() && now.held.isEmpty()) {
        Cluster later = now.copy();
        later.delays++;
        later.held = List.of(fetch);
        emit(sink, Kind.HOLD_BACK, i, 0, later);
      }
    }
    if (scope.isStopping()
        && SafetyRule.H13.isLeftOut()
        && mayWrite(now, server)
        && Znode.has(view.inSync(), i)
        && Znode.size(view.inSync()) > 1) {
      Cluster next = now.copy();
      behaviour.leaveByItself(next, i);
      emit(sink, Kind.LEAVE_BY_ITSELF, i, 0, next);
    }
  }

  private void ofLeader(Cluster now, int i, Sink sink) {
    Server server = now.servers[i];
    if (server.role != Server.Role.LEADER) {
      return;
    }
    if (now.appends < scope.appends() && server.end < Server.LONGEST_LOG) {
      Cluster next = now.copy();
      behaviour.append(next, i);
      emit(sink, Kind.APPEND, i, 0, next);
    }
    if (!mayWrite(now, server)) {
      return;
    }
    List<Write> seen = new ArrayList<>();
    for (int live = (1 << Cluster.REPLICAS) - 1; live >= 0; live--) {
      if (Znode.has(live, i)) {
        continue; // itself is live anyway
      }
      Cluster next = now.copy();
      if (behaviour.wantSets(next, i, live)) {
        Write write = next.servers[i].write;
        if (write == null || !seen.contains(write)) {
          if (write != null) {
            seen.add(write);
          }
          emit(sink, Kind.WANT, i, live, next);
        }
      }
    }
    for (int to = 0; scope.isHandingOver() && to < Cluster.REPLICAS; to++) {
      Cluster next = now.copy();
      if (to != i && behaviour.handOver(next, i, to, false)) {
        emit(sink, Kind.HAND_OVER, i, to, next);
        Cluster stopping = now.copy();
        behaviour.handOver(stopping, i, to, true);
        if (!Objects.equals(stopping.servers[i].write, next.servers[i].write)) {
          emit(sink, Kind.HAND_OVER_AND_LEAVE, i, to, stopping);
        }
      }
    }
  }

  private void ofNetwork(Cluster now, Sink sink) {
    for (int k = 0; k < now.held.size(); k++) {
      Fetch fetch = now.held.get(k);
      List<Fetch> others = new ArrayList<>(now.held);
      others.remove(k);
      for (boolean isAnswered : new boolean[] {true, false}) {
        Cluster next = now.copy();
        next.held = List.copyOf(others);
        behaviour.deliver(next, fetch, isAnswered);
        emit(sink, isAnswered ? Kind.ARRIVE : Kind.ARRIVE_UNANSWERED, fetch.from(), 0, next);
      }
    }
  }
}
