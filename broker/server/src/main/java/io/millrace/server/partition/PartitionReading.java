package io.millrace.server.partition;

import java.util.Locale;

/**
 * One partition as it was when its loop looked at it.
 *
 * @param visibleOffset the high watermark
 * @param flushedOffset below it everything is on disk
 * @param lag of its followers; none for a partition that is not led here
 * @param trouble why nothing can be copied from the leader at present, for people; empty when all
 *     is well, and for a partition that is not followed here
 */
public record PartitionReading(
    PartitionId id,
    State state,
    long sizeBytes,
    int segmentCount,
    long startOffset,
    long endOffset,
    long visibleOffset,
    long flushedOffset,
    ReplicationLag lag,
    String trouble) {

  /** Of a replica without trouble. */
  public PartitionReading(
      PartitionId id,
      State state,
      long sizeBytes,
      int segmentCount,
      long startOffset,
      long endOffset,
      long visibleOffset,
      long flushedOffset,
      ReplicationLag lag) {
    this(
        id,
        state,
        sizeBytes,
        segmentCount,
        startOffset,
        endOffset,
        visibleOffset,
        flushedOffset,
        lag,
        "");
  }

  /** See {@link Role}; what could not even be opened is offline too. */
  public enum State {
    LED,
    PREPARING,
    FOLLOWING,
    IDLE,
    OFFLINE;

    static State of(Role role) {
      if (role instanceof Role.Leader) {
        return LED;
      }
      if (role instanceof Role.Preparing) {
        return PREPARING;
      }
      if (role instanceof Role.Follower) {
        return FOLLOWING;
      }
      return role instanceof Role.Offline ? OFFLINE : IDLE;
    }

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
