package io.millrace.server.partition;

/**
 * What a fetching replica says of itself. Whether that broker may say so in this incarnation has
 * been decided before, by the handler.
 *
 * @param flushedOffset everything below is on its disk
 * @param highWatermark that it knows: a higher one is to be told
 */
public record FollowerClaim(int brokerId, int incarnation, long flushedOffset, long highWatermark) {

  FollowerClaim flushedTo(long offset) {
    return new FollowerClaim(brokerId, incarnation, offset, highWatermark);
  }
}
