package io.millrace.server.group;

/**
 * How far a group has come in a partition.
 *
 * @param offset the next to be read
 * @param leaderEpoch of the last record read; -1 when the committer did not say
 * @param commitMillis when, by the coordinator's clock, since the epoch
 * @param movedMillis when the offset was another one last; the same commit again does not move it
 * @param metadata the committer's own words
 * @param number by the count of whoever has committed it
 */
public record CommittedOffset(
    long offset,
    int leaderEpoch,
    long commitMillis,
    long movedMillis,
    String metadata,
    CommitNumber number) {
  /** The first in its partition, or one that moves. */
  public CommittedOffset(
      long offset, int leaderEpoch, long commitMillis, String metadata, CommitNumber number) {
    this(offset, leaderEpoch, commitMillis, commitMillis, metadata, number);
  }

  /** Where nothing was read yet, and everything shall be. */
  static CommittedOffset beginning(long nowMillis) {
    return new CommittedOffset(0, -1, nowMillis, "", CommitNumber.NONE);
  }

  /** The same after what was committed before. */
  CommittedOffset after(CommittedOffset before) {
    return before.offset == offset
        ? new CommittedOffset(
            offset, leaderEpoch, commitMillis, before.movedMillis, metadata, number)
        : this;
  }
}
