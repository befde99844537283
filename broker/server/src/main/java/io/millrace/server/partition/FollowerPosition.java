package io.millrace.server.partition;

/**
 * Where a follower goes on to fetch.
 *
 * @param offset its log's end
 * @param lastEpoch of the record before, {@link #NO_EPOCH} when it has none
 * @param flushedOffset everything below is on its disk
 * @param highWatermark that it knows
 * @param damagedOffset where the leader gave it what is not whole; -1 for nowhere
 * @param hasNoRoom what the leader gave it here did not fit on its disk
 */
public record FollowerPosition(
    long offset,
    int lastEpoch,
    long flushedOffset,
    long highWatermark,
    long damagedOffset,
    boolean hasNoRoom) {
  public static final int NO_EPOCH = -1;
  public static final long NOWHERE = -1;

  /** Of one that was given nothing damaged, and has room. */
  public FollowerPosition(long offset, int lastEpoch, long flushedOffset, long highWatermark) {
    this(offset, lastEpoch, flushedOffset, highWatermark, NOWHERE, false);
  }

  /** The same place, with more of it on the disk. */
  public FollowerPosition flushedTo(long offset) {
    return new FollowerPosition(
        this.offset,
        lastEpoch,
        Math.max(flushedOffset, offset),
        highWatermark,
        damagedOffset,
        hasNoRoom);
  }
}
