package io.millrace.server.replica;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link LeaderReplica} as a value: for those who explain and measure, and for searching its
 * states.
 *
 * @param change sent, and its outcome not known: both its sets and the confirmed ones may stand
 * @param isAwaited whether the outcome of the last change sent is still to come
 * @param standardEnd and {@code syncedEnd}: below them, what was appended is acknowledged at that
 *     level
 * @param live brokers that are up, with their incarnations
 * @param notBeforeNanos when a change that could not be written may be tried again; null: now
 */
public record LeaderSnapshot(
    int self,
    int epoch,
    long epochStart,
    PartitionState confirmed,
    LeaderReplica.Settings settings,
    @Nullable SetsChange change,
    boolean isAwaited,
    boolean isDeposed,
    long logEnd,
    long flushedEnd,
    long highWatermark,
    long standardEnd,
    long syncedEnd,
    List<FollowerSnapshot> followers,
    Map<Integer, Integer> live,
    long nowNanos,
    @Nullable Long notBeforeNanos) {
  public LeaderSnapshot {
    followers = List.copyOf(followers);
    live = Map.copyOf(live);
  }
}
