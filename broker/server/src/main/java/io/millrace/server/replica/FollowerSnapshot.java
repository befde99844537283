package io.millrace.server.replica;

/**
 * What a leader knows of a follower.
 *
 * @param incarnation of the life that fetched last in this epoch, -1 when none has
 * @param offset it holds all below, -1 when it has not fetched in this epoch
 * @param flushedOffset it has forced all below
 * @param fetchedNanos when it fetched last
 * @param logEndWhenFetched of the leader, at that time
 * @param caughtUpNanos when it last had everything
 * @param askedToLeaveIn the life in which it has asked to leave the in-sync set, -1 when it has not
 * @param lacksRoom what it was given last did not fit on its disk
 */
public record FollowerSnapshot(
    int broker,
    int incarnation,
    long offset,
    long flushedOffset,
    long fetchedNanos,
    long logEndWhenFetched,
    long caughtUpNanos,
    int askedToLeaveIn,
    boolean lacksRoom) {
  /** Of one that has room. */
  public FollowerSnapshot(
      int broker,
      int incarnation,
      long offset,
      long flushedOffset,
      long fetchedNanos,
      long logEndWhenFetched,
      long caughtUpNanos,
      int askedToLeaveIn) {
    this(
        broker,
        incarnation,
        offset,
        flushedOffset,
        fetchedNanos,
        logEndWhenFetched,
        caughtUpNanos,
        askedToLeaveIn,
        false);
  }
}
