package io.millrace.wire;

/**
 * What a broker takes from a client.
 *
 * @param maxBatchBytes of a batch as it comes, tag and length included
 * @param maxRecordBytes of a record's key, value, header names and header values together
 * @param maxRecordsPerBatch a batch of empty records is small for its number of them
 * @param maxTimestampAheadMillis how far a producer's clock may be ahead of the broker's
 * @param needsKeys a record without a key is refused, also among compressed ones
 */
public record BatchLimits(
    int maxBatchBytes,
    int maxRecordBytes,
    int maxRecordsPerBatch,
    long maxTimestampAheadMillis,
    boolean needsKeys) {
  /** Enough for a batch of {@link #DEFAULT_BATCH_BYTES} full of records of ordinary size. */
  public static final int DEFAULT_RECORDS_PER_BATCH = 250_000;

  private static final int DEFAULT_BATCH_BYTES = 1 << 20;

  public static final BatchLimits DEFAULT =
      new BatchLimits(
          DEFAULT_BATCH_BYTES, DEFAULT_BATCH_BYTES, DEFAULT_RECORDS_PER_BATCH, 3_600_000L);

  /** Records may come without a key. */
  public BatchLimits(
      int maxBatchBytes, int maxRecordBytes, int maxRecordsPerBatch, long maxTimestampAheadMillis) {
    this(maxBatchBytes, maxRecordBytes, maxRecordsPerBatch, maxTimestampAheadMillis, false);
  }

  public BatchLimits {
    if (maxBatchBytes < BatchLayout.MIN_SIZE_BYTES || maxBatchBytes > BatchLayout.MAX_SIZE_BYTES) {
      throw new IllegalArgumentException(
          "maxBatchBytes "
              + maxBatchBytes
              + " is outside "
              + BatchLayout.MIN_SIZE_BYTES
              + " to "
              + BatchLayout.MAX_SIZE_BYTES);
    }
    if (maxRecordBytes < 0 || maxRecordsPerBatch < 1 || maxTimestampAheadMillis < 0) {
      throw new IllegalArgumentException("a limit is negative or zero");
    }
  }
}
