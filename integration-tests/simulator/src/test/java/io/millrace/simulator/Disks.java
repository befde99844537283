package io.millrace.simulator;

import io.millrace.checker.log.ReplicaLog;

/** Reads brokers' logs off their disks, without the brokers. */
final class Disks {
  private Disks() {}

  /** Of a partition's node. */
  static int partitionOf(String znode) {
    return Integer.parseInt(znode.substring(znode.lastIndexOf('/') + 1));
  }

  /** Of a partition's node. */
  static String topicIdOf(String znode) {
    int end = znode.lastIndexOf('/');
    return znode.substring(znode.lastIndexOf('/', end - 1) + 1, end);
  }

  /** Empty where the machine has none. */
  static ReplicaLog log(Machine machine, String topicId, int partition) {
    return ReplicaLog.of(
        machine.host(), machine.disk().contentsIn(machine.partitionDirectory(topicId, partition)));
  }
}
