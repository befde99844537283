package io.millrace.server.handler;

import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.CompactionWish;

/** Where compaction of what this broker stores is asked for. Any thread. */
@FunctionalInterface
public interface CompactionDesk {
  /** See {@link io.millrace.storage.log.LogStore#compactNow}. */
  void compactNow(PartitionName name, CompactionWish wish);
}
