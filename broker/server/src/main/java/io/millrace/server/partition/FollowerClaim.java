package io.millrace.server.partition;

/**
 * What a fetching replica says of itself. Whether that broker may say so in this incarnation has
 * been decided before, by the handler.
 *
 * @param flushedOffset everything below is on its disk
 * @param highWatermark that it knows: a higher one is to be told
 * @param hasNoRoom it was given what follows, and its disk was full
 */
public record FollowerClaim(
    int brokerId, int incarnation, long flushedOffset, long highWatermark, boolean hasNoRoom) {
  /** Of one that has room. */
  public FollowerClaim(int brokerId, int incarnation, long flushedOffset, long highWatermark) {
    this(brokerId, incarnation, flushedOffset, highWatermark, false);
  }

  FollowerClaim flushedTo(long offset) {
    return new FollowerClaim(brokerId, incarnation, offset, highWatermark, hasNoRoom);
  }
}
