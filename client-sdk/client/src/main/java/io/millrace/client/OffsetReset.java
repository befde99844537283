package io.millrace.client;

/** What a consumer does where a partition has no record at its position. */
public enum OffsetReset {
  /** Goes on at the first record there is. */
  EARLIEST,
  /** Goes on at the end: with the next record to be written. */
  LATEST,
  /** Fails with {@link io.millrace.client.errors.OffsetOutOfRangeException}. */
  FAIL
}
