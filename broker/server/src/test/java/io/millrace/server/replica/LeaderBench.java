package io.millrace.server.replica;

import io.millrace.server.replica.LeaderReplica.Log;
import io.millrace.server.replica.LeaderReplica.Settings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A leader, broker 1 of three, and what a test does to it. */
final class LeaderBench {
  static final long LAG_NANOS = TimeUnit.SECONDS.toNanos(10);

  long nowNanos = 1_000;
  PartitionState node;
  final Map<Integer, Integer> live = new HashMap<>(Map.of(1, 1, 2, 1, 3, 1));
  LeaderReplica leader;

  private Settings settings;

  LeaderBench(int minInSync, Level level, List<Integer> inSync, List<Integer> eligible, Log log) {
    settings = new Settings(minInSync, level, LAG_NANOS);
    node = new PartitionState(7, List.of(1, 2, 3), 1, 1, 4, inSync, eligible, false);
    leader = new LeaderReplica(1, node, settings, log, live, nowNanos);
  }

  /** Empty log, all three in sync. */
  static LeaderBench of(int minInSync, Level level) {
    return new LeaderBench(minInSync, level, List.of(1, 2, 3), List.of(), new Log(0, 0, 0, 0));
  }

  static LeaderBench of(int minInSync, Level level, List<Integer> inSync) {
    return new LeaderBench(minInSync, level, inSync, List.of(), new Log(0, 0, 0, 0));
  }

  LeaderBench appended(long end) {
    leader.onAppended(end);
    return this;
  }

  LeaderBench flushed(long end) {
    leader.onFlushed(end);
    return this;
  }

  LeaderBench fetched(int broker, long offset) {
    return fetched(broker, offset, 0);
  }

  LeaderBench fetched(int broker, long offset, long flushedOffset) {
    leader.onFetch(broker, live.getOrDefault(broker, 1), offset, flushedOffset, nowNanos);
    return this;
  }

  LeaderBench withoutRoom(int broker) {
    leader.onRoom(broker, live.getOrDefault(broker, 1), false);
    return this;
  }

  LeaderBench gone(int broker) {
    live.remove(broker);
    leader.onBrokers(live, nowNanos);
    return this;
  }

  LeaderBench up(int broker, int incarnation) {
    live.put(broker, incarnation);
    leader.onBrokers(live, nowNanos);
    return this;
  }

  LeaderBench minInSync(int minInSync) {
    settings = new Settings(minInSync, settings.level(), LAG_NANOS);
    leader.configure(settings, nowNanos);
    return this;
  }

  LeaderBench after(long nanos) {
    nowNanos += nanos;
    return this;
  }

  @Nullable Want want() {
    return leader.want(nowNanos);
  }

  /** The change that is wanted, which must be one. */
  SetsChange change() {
    Want want = want();
    if (want instanceof Want.Write write) {
      return write.change();
    }
    throw new AssertionError("no change is wanted but " + want);
  }

  SetsChange sent() {
    SetsChange change = change();
    leader.onSent(change);
    return change;
  }

  /** As written by the store. */
  PartitionState apply(SetsChange change) {
    node =
        new PartitionState(
            change.expectedVersion() + 1,
            node.replicas(),
            node.leader(),
            node.leaderIncarnation(),
            node.leaderEpoch(),
            change.inSync(),
            change.eligible(),
            change.soleFlushed());
    return node;
  }

  LeaderBench written(SetsChange change) {
    leader.onOutcome(new SetsOutcome.Written(apply(change)), nowNanos);
    return this;
  }

  LeaderBench outcome(SetsOutcome outcome) {
    leader.onOutcome(outcome, nowNanos);
    return this;
  }

  long highWatermark() {
    return leader.highWatermark();
  }

  long committed(Level level) {
    return leader.committedEnd(level);
  }
}
