package io.millrace.server.replica;

import io.millrace.rpc.SafetyRule;
import java.util.OptionalInt;

/**
 * A partition's follower in one leader epoch: brings its log into line with the leader's, section
 * 4.4 of the semantics. Made anew for every epoch, so that the comparison begins anew too, even if
 * the same broker leads again. Owner: the loop of the partition.
 *
 * <p>Two logs that have the same epoch at the same offset are the same up to there. Nothing else is
 * compared: not ends, not high watermarks.
 */
public final class FollowerReplica {
  /**
   * The follower's own log, as it is now.
   *
   * @param lastEpoch of the last record, {@link EpochLookup.End#NONE} when there is none
   */
  public record Log(long start, long end, int lastEpoch, EpochLookup epochs) {}

  /** As a value, for searching the states. */
  public record Snapshot(long highWatermark, boolean hasAgreed) {}

  private long highWatermark;

  /** One answer has been acted upon; of interest only where the rule R2 is left out. */
  private boolean hasAgreed;

  /**
   * @param highWatermark as known from earlier epochs
   */
  public FollowerReplica(long highWatermark) {
    this.highWatermark = highWatermark;
  }

  public static FollowerReplica of(Snapshot snapshot) {
    FollowerReplica follower = new FollowerReplica(snapshot.highWatermark);
    follower.hasAgreed = snapshot.hasAgreed;
    return follower;
  }

  public Snapshot snapshot() {
    return new Snapshot(highWatermark, hasAgreed);
  }

  /** All below is committed and here. Goes back only with the log's end. */
  public long highWatermark() {
    return highWatermark;
  }

  /** Before the first fetch of the epoch. A high watermark says nothing about what to keep. */
  public FollowerStep begin(Log log) {
    return SafetyRule.R1.isLeftOut() && highWatermark < log.end()
        ? new FollowerStep.Truncate(Math.max(highWatermark, log.start()))
        : new FollowerStep.Nothing();
  }

  /** What a fetch claims about the record before its offset; empty when there is none. */
  public OptionalInt claimedEpoch(Log log) {
    boolean hasOne = log.lastEpoch() != EpochLookup.End.NONE && log.end() > log.start();
    boolean asks = !SafetyRule.R1.isLeftOut() && !(SafetyRule.R2.isLeftOut() && hasAgreed);
    return hasOne && asks ? OptionalInt.of(log.lastEpoch()) : OptionalInt.empty();
  }

  /**
   * The leader's log parts from this one: what was read at or behind {@code end} in {@code epoch}
   * is not there.
   */
  public FollowerStep onDiverging(Log log, int epoch, long end, long leaderStart) {
    if (SafetyRule.R2.isLeftOut()) {
      hasAgreed = true;
      return end < log.end()
          ? new FollowerStep.Truncate(Math.max(end, log.start()))
          : new FollowerStep.Nothing();
    }
    EpochLookup.End own = log.epochs().endOf(epoch);
    long ownEnd = own.isKnown() ? own.endOffset() : log.start();
    long to = Math.min(end, ownEnd);
    if (to >= log.end()) {
      return new FollowerStep.Implausible(
          "the leader says that its epoch "
              + epoch
              + " ended at "
              + end
              + ", which is no end of a log that ends at "
              + log.end()
              + " with "
              + ownEnd
              + " as the end of epoch "
              + own.epoch());
    }
    // Below the start nothing can be compared, and nothing may be cut: all of it goes.
    return to < log.start() || to < leaderStart
        ? new FollowerStep.StartOver(leaderStart)
        : new FollowerStep.Truncate(to);
  }

  /**
   * The leader has no such offset.
   *
   * @param leaderStart the first one it has
   */
  public FollowerStep onOutOfRange(Log log, long leaderStart) {
    if (log.end() < leaderStart || log.end() == log.start()) {
      return log.end() == leaderStart && log.start() == leaderStart
          ? new FollowerStep.Implausible(
              "the leader begins at " + leaderStart + " and refuses that very offset")
          : new FollowerStep.StartOver(leaderStart);
    }
    return new FollowerStep.Implausible(
        "the leader begins at "
            + leaderStart
            + " and does not have offset "
            + log.end()
            + ", nor says where the logs part");
  }

  /**
   * The leader's answer to a fetch, which did not diverge.
   *
   * @param askedAt the offset it was asked for
   */
  public FollowerStep onAnswer(Log log, long askedAt, boolean hasData) {
    hasAgreed = true;
    return hasData && askedAt == log.end() ? new FollowerStep.Append() : new FollowerStep.Nothing();
  }

  /** After what came with it has been appended, or when nothing did. */
  public void onHighWatermark(long leaders, long logEnd) {
    highWatermark = Math.max(highWatermark, Math.min(leaders, logEnd));
  }

  /** After the log has been cut or emptied. */
  public void onCut(long logEnd) {
    highWatermark = Math.min(highWatermark, logEnd);
  }
}
