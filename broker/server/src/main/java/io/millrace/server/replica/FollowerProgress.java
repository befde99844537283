package io.millrace.server.replica;

/**
 * What a leader knows of one follower in its epoch. Owned by the {@link LeaderReplica} that it is
 * part of. Times are of a monotonic clock with any zero.
 */
final class FollowerProgress {
  static final long NEVER_FETCHED = -1;

  private static final int NO_LIFE = -1;

  final int broker;

  /** Of the life that fetched last; older ones are not listened to any more. */
  private int incarnation = NO_LIFE;

  private long offset = NEVER_FETCHED;
  private long flushedOffset;

  private long fetchedNanos;
  private long logEndWhenFetched;

  /**
   * When it was last seen to have everything; a new leader gives everybody the lag time from its
   * start. Also looked at between fetches: an idle follower sends none for an idle partition.
   */
  private long caughtUpNanos;

  private int askedToLeaveIn = NO_LIFE;

  /** What it was given last did not fit on its disk. */
  private boolean lacksRoom;

  FollowerProgress(int broker, long nowNanos) {
    this.broker = broker;
    this.fetchedNanos = nowNanos;
    this.caughtUpNanos = nowNanos;
    this.logEndWhenFetched = Long.MAX_VALUE;
  }

  FollowerProgress(FollowerSnapshot from) {
    this.broker = from.broker();
    this.incarnation = from.incarnation();
    this.offset = from.offset();
    this.flushedOffset = from.flushedOffset();
    this.fetchedNanos = from.fetchedNanos();
    this.logEndWhenFetched = from.logEndWhenFetched();
    this.caughtUpNanos = from.caughtUpNanos();
    this.askedToLeaveIn = from.askedToLeaveIn();
    this.lacksRoom = from.lacksRoom();
  }

  /** False when the fetch is of an earlier life. */
  boolean onFetch(int life, long at, long flushedTo, long logEnd, long nowNanos) {
    if (life < incarnation) {
      return false;
    }
    // Caught up now, or when it fetched last: it holds all that was there then.
    boolean sameLife = life == incarnation;
    incarnation = life;
    if (at >= logEnd) {
      caughtUpNanos = nowNanos;
    } else if (sameLife && at >= logEndWhenFetched) {
      caughtUpNanos = fetchedNanos;
    }
    offset = at;
    flushedOffset = Math.min(flushedTo, at);
    fetchedNanos = nowNanos;
    logEndWhenFetched = logEnd;
    return true;
  }

  /** Now and then: whoever has everything lacks nothing until more is appended. */
  void onTime(long logEnd, long nowNanos) {
    if (offset >= logEnd) {
      caughtUpNanos = Math.max(caughtUpNanos, nowNanos);
    }
  }

  void onRoom(int life, boolean hasRoom) {
    if (life >= incarnation) {
      lacksRoom = !hasRoom;
    }
  }

  boolean lacksRoom() {
    return lacksRoom;
  }

  void onLeaveAsked(int life) {
    askedToLeaveIn = Math.max(askedToLeaveIn, life);
  }

  boolean hasFetched() {
    return offset != NEVER_FETCHED;
  }

  int incarnation() {
    return incarnation;
  }

  long offset() {
    return offset;
  }

  long flushedOffset() {
    return flushedOffset;
  }

  boolean hasAskedToLeave() {
    return askedToLeaveIn >= incarnation && askedToLeaveIn != NO_LIFE;
  }

  /** How long it has lacked something. A follower at the log's end lacks nothing. */
  long behindNanos(long logEnd, long nowNanos) {
    return offset >= logEnd ? 0 : nowNanos - caughtUpNanos;
  }

  long silentNanos(long nowNanos) {
    return nowNanos - fetchedNanos;
  }

  FollowerSnapshot snapshot() {
    return new FollowerSnapshot(
        broker,
        incarnation,
        offset,
        flushedOffset,
        fetchedNanos,
        logEndWhenFetched,
        caughtUpNanos,
        askedToLeaveIn,
        lacksRoom);
  }
}
