package io.millrace.server.partition;

/** What {@link Traffic} had counted at one moment. */
public record TrafficReading(
    long producedBytes,
    long producedRecords,
    long producedBatches,
    long fetchedBytes,
    long fetchedRecords) {
  public static final TrafficReading NOTHING = new TrafficReading(0, 0, 0, 0, 0);

  public TrafficReading plus(TrafficReading other) {
    return new TrafficReading(
        producedBytes + other.producedBytes,
        producedRecords + other.producedRecords,
        producedBatches + other.producedBatches,
        fetchedBytes + other.fetchedBytes,
        fetchedRecords + other.fetchedRecords);
  }
}
