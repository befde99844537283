package io.millrace.server.replica;

/**
 * How far all is committed, at each level: the one place where records become committed. None of
 * the ends ever goes back. Part of a {@link LeaderReplica}.
 */
final class CommittedEnds {
  private long highWatermark;
  private long standardEnd;
  private long syncedEnd;

  CommittedEnds(long highWatermark, long standardEnd, long syncedEnd) {
    this.highWatermark = highWatermark;
    this.standardEnd = standardEnd;
    this.syncedEnd = syncedEnd;
  }

  long highWatermark() {
    return highWatermark;
  }

  long standardEnd() {
    return standardEnd;
  }

  long syncedEnd() {
    return syncedEnd;
  }

  /**
   * @param counted members of the sets that may stand, but for the leader: each must hold a record
   * @param maySole one of these sets may be the leader alone: then its disk counts
   * @param level of the topic, by which consumers see records
   * @param joinersFloor the high watermark waits here for those about to join
   */
  void advance(
      FollowerProgress[] counted,
      boolean maySole,
      Level level,
      long logEnd,
      long flushedEnd,
      long joinersFloor) {
    long end = logEnd;
    long flushed = flushedEnd;
    for (FollowerProgress member : counted) {
      if (!member.hasFetched()) {
        return;
      }
      end = Math.min(end, member.offset());
      flushed = Math.min(flushed, member.flushedOffset());
    }
    long standard = maySole ? Math.min(end, flushedEnd) : end;
    flushed = Math.min(flushed, end);
    long visible =
        switch (level) {
          case LEADER -> end;
          case STANDARD -> standard;
          case SYNCED -> flushed;
        };
    highWatermark = Math.max(highWatermark, Math.min(visible, joinersFloor));
    standardEnd = Math.max(standardEnd, Math.min(standard, highWatermark));
    syncedEnd = Math.max(syncedEnd, Math.min(flushed, highWatermark));
  }
}
