package io.millrace.client;

/**
 * How far a group has come in a partition.
 *
 * @param offset of the next record to be read
 * @param leaderEpoch of the last record read, or {@link #NO_EPOCH}
 * @param metadata the application's own words, at most 4 KiB
 */
public record CommittedOffset(long offset, int leaderEpoch, String metadata) {
  /** Not known. */
  public static final int NO_EPOCH = -1;

  /** Checks what was given. */
  public CommittedOffset {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " is negative");
    }
  }

  /** Without anything else. */
  public CommittedOffset(long offset) {
    this(offset, NO_EPOCH, "");
  }
}
