package io.millrace.server.partition;

/** What a partition tells the broker it belongs to, on the partition's loop. */
public interface PartitionListener {
  /** Elected, its epoch durable, and serving from now on. */
  void onLeading(PartitionId id, int epoch);

  /** Offline until the broker starts again: its log failed. */
  void onFailed(PartitionId id, Throwable cause);
}
