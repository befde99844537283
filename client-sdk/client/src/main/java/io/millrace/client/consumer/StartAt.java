package io.millrace.client.consumer;

/** Where a partition is to be read from. */
sealed interface StartAt {
  /** No epoch is known of the record before an offset. */
  int NO_EPOCH = -1;

  /** Whether the application chose the place. */
  boolean sought();

  /**
   * At an offset.
   *
   * @param lastEpoch of the record before it, or {@link #NO_EPOCH}
   * @param topicId of the topic in which the offset means something; empty: any
   */
  record Offset(long offset, int lastEpoch, String topicId, boolean sought) implements StartAt {}

  /** At the first record there is. */
  record First() implements StartAt {
    @Override
    public boolean sought() {
      return true;
    }
  }

  /** Behind the last committed record. */
  record End() implements StartAt {
    @Override
    public boolean sought() {
      return true;
    }
  }

  /**
   * Where {@code auto.offset.reset} says.
   *
   * @param bornLater the partition did not exist when it was assigned: all its records are new
   */
  record ByPolicy(boolean bornLater) implements StartAt {
    @Override
    public boolean sought() {
      return false;
    }
  }
}
