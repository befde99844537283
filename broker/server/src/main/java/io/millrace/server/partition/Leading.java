package io.millrace.server.partition;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.replica.LeaderReplica;
import io.millrace.server.replica.LeaderSnapshot;
import io.millrace.server.replica.Level;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsOutcome;
import io.millrace.server.replica.Want;
import io.millrace.storage.log.PartitionLog;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a partition does as its leader, in one epoch: tells {@link LeaderReplica} what happens, and
 * carries out what that wants. Owner: the partition's loop.
 */
final class Leading {
  /** A member that has lacked something for so long leaves the in-sync set. */
  private static final long LAG_NANOS = SECONDS.toNanos(10);

  private static final long ASK_AGAIN_NANOS = MILLISECONDS.toNanos(120);

  private final Partition partition;
  private final PartitionLog log;
  private final EventLoop loop;
  private final PartitionListener listener;
  private final LeaderReplica replica;
  private final List<Leaver> leavers = new ArrayList<>();

  private PartitionState state;
  private Map<Integer, Integer> live;
  private boolean wantsFlush;
  private boolean over;

  /** A follower that waits to be out of the in-sync set. */
  private record Leaver(int broker, Consumer<Optional<Refusal>> then) {}

  /**
   * @param startOffset of the epoch
   */
  Leading(
      Partition partition,
      EventLoop loop,
      PartitionListener listener,
      PartitionState state,
      Map<Integer, Integer> live,
      long startOffset,
      long highWatermark) {
    this.partition = partition;
    this.log = partition.log();
    this.loop = loop;
    this.listener = listener;
    this.state = state;
    this.live = Map.copyOf(live);
    this.replica =
        new LeaderReplica(
            state.leader(),
            state,
            settings(partition.topic()),
            new LeaderReplica.Log(startOffset, log.endOffset(), log.flushedOffset(), highWatermark),
            live,
            now());
  }

  private static LeaderReplica.Settings settings(TopicSettings topic) {
    return new LeaderReplica.Settings(topic.minInSync(), level(topic.durability()), LAG_NANOS);
  }

  private static Level level(Durability durability) {
    return switch (durability) {
      case SYNCED -> Level.SYNCED;
      case STANDARD -> Level.STANDARD;
      default -> Level.LEADER;
    };
  }

  private long now() {
    return loop.clock().nanoTime();
  }

  long highWatermark() {
    return replica.highWatermark();
  }

  /** Below it, what was appended in this epoch is acknowledged at that level. */
  long committedEnd(Durability level) {
    return replica.committedEnd(level(level));
  }

  int inSyncCount() {
    return replica.inSyncCount();
  }

  boolean hasEnoughInSync() {
    return replica.hasEnoughInSync();
  }

  boolean isOnlyReplica() {
    return state.replicas().size() == 1;
  }

  /** The incarnation of a replica that holds so much and could lead in this one's place. */
  Optional<Integer> successor(int broker, long endOffset) {
    return replica.successor(broker, endOffset);
  }

  /** For explanations and metrics. */
  LeaderSnapshot snapshot() {
    return replica.snapshot();
  }

  /**
   * Whether somebody waits for this replica's own disk: everybody at level {@code synced}, and
   * where it may be the only one that holds what is committed.
   */
  boolean waitsForOwnDisk(Durability level) {
    return level == Durability.SYNCED
        || (level == Durability.STANDARD && replica.inSyncCount() == 1);
  }

  void configure(TopicSettings topic) {
    replica.configure(settings(topic), now());
    act();
  }

  /** On the produce path: wants nothing new of the sets. */
  void onAppended() {
    replica.onAppended(log.endOffset());
  }

  void onFlushed(long flushedOffset) {
    replica.onFlushed(flushedOffset);
    if (wantsFlush) {
      act();
    }
  }

  /** A fetch that names this epoch and does not diverge. */
  void onFetch(FollowerClaim claim, long offset) {
    replica.onRoom(claim.brokerId(), claim.incarnation(), !claim.hasNoRoom());
    replica.onFetch(claim.brokerId(), claim.incarnation(), offset, claim.flushedOffset(), now());
    if (claim.hasNoRoom() || !replica.counts(claim.brokerId())) {
      act(); // it is to leave, or may be ready to join
    }
  }

  void onState(PartitionState seen, Map<Integer, Integer> nowLive) {
    if (!live.equals(nowLive)) {
      live = Map.copyOf(nowLive);
      replica.onBrokers(live, now());
    }
    replica.onState(seen);
    see(seen);
    act();
  }

  void onOutcome(SetsOutcome outcome) {
    replica.onOutcome(outcome, now());
    if (outcome instanceof SetsOutcome.Written written) {
      see(written.now());
    } else if (outcome instanceof SetsOutcome.Moved moved) {
      see(moved.now());
    } else {
      loop.schedule(ASK_AGAIN_NANOS, this::act);
    }
    act();
  }

  private void see(PartitionState seen) {
    if (seen.version() <= state.version()) {
      return;
    }
    state = seen;
    tellLeavers();
  }

  private void tellLeavers() {
    List<Leaver> out =
        leavers.stream().filter(leaver -> !state.inSync().contains(leaver.broker())).toList();
    leavers.removeAll(out);
    out.forEach(leaver -> leaver.then().accept(Optional.empty()));
  }

  /** See {@link Partition#onLeaveAsked}. */
  void onLeaveAsked(int broker, int incarnation, Consumer<Optional<Refusal>> then) {
    Integer life = live.get(broker);
    if (life != null && life > incarnation) {
      then.accept(
          Optional.of(
              new Refusal(
                  ErrorCode.FENCED_INCARNATION,
                  "broker " + broker + " has registered anew since, as " + life)));
      return;
    }
    replica.onLeaveAsked(broker, incarnation);
    leavers.add(new Leaver(broker, then));
    tellLeavers();
    act();
  }

  /** Now and then: whoever lags must leave, and nobody's fetch tells of that. */
  void act() {
    if (over) {
      return;
    }
    Want want = replica.want(now());
    wantsFlush = want instanceof Want.FlushFirst;
    if (wantsFlush) {
      log.requestFlush();
    } else if (want instanceof Want.Write write) {
      replica.onSent(write.change());
      listener.onSetsWanted(partition.id(), write.change());
    }
    partition.flushForReaders(); // it may be alone now, and its disk what all wait for
    partition.onProgress();
  }

  /** The sets, as confirmed, have fallen below the minimum: nothing is committed for now. */
  boolean hasLostMinimum() {
    return state.inSync().size() < partition.topic().minInSync();
  }

  /** Leads no more. */
  void end(String whoLeads) {
    over = true;
    List<Leaver> left = List.copyOf(leavers);
    leavers.clear();
    Refusal refusal = new Refusal(ErrorCode.NOT_LEADER, "not the leader any more: " + whoLeads);
    left.forEach(leaver -> leaver.then().accept(Optional.of(refusal)));
  }
}
