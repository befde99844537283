package io.millrace.server.partition;

/**
 * What went in and out of one topic on one loop, for the metrics. Counted by that loop only, in
 * plain numbers: on the way of a produce or a fetch it costs a few additions.
 */
public final class Traffic {
  private long producedBytes;
  private long producedRecords;
  private long producedBatches;
  private long fetchedBytes;
  private long fetchedRecords;

  void produced(long bytes, long records, int batches) {
    producedBytes += bytes;
    producedRecords += records;
    producedBatches += batches;
  }

  /** On the loop of the reader's connection, which need not be that of the partition. */
  public void fetched(long bytes, long records) {
    fetchedBytes += bytes;
    fetchedRecords += records;
  }

  void add(Traffic other) {
    producedBytes += other.producedBytes;
    producedRecords += other.producedRecords;
    producedBatches += other.producedBatches;
    fetchedBytes += other.fetchedBytes;
    fetchedRecords += other.fetchedRecords;
  }

  /** As it is now. */
  TrafficReading read() {
    return new TrafficReading(
        producedBytes, producedRecords, producedBatches, fetchedBytes, fetchedRecords);
  }
}
