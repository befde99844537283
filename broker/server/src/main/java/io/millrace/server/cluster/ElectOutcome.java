package io.millrace.server.cluster;

import io.millrace.coordination.view.PartitionImage;

/** What an election that was asked for came to. */
public sealed interface ElectOutcome {
  /**
   * As the partition is now.
   *
   * @param what was done, or why there was nothing to do
   */
  record Settled(PartitionImage now, String what) implements ElectOutcome {}

  record Failed(String why) implements ElectOutcome {}
}
