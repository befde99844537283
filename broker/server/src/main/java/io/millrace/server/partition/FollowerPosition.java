package io.millrace.server.partition;

/**
 * Where a follower goes on to fetch.
 *
 * @param offset its log's end
 * @param lastEpoch of the record before, {@link #NO_EPOCH} when it has none
 * @param flushedOffset everything below is on its disk
 * @param highWatermark that it knows
 */
public record FollowerPosition(long offset, int lastEpoch, long flushedOffset, long highWatermark) {
  public static final int NO_EPOCH = -1;

  /** The same place, with more of it on the disk. */
  public FollowerPosition flushedTo(long offset) {
    return new FollowerPosition(
        this.offset, lastEpoch, Math.max(flushedOffset, offset), highWatermark);
  }
}
