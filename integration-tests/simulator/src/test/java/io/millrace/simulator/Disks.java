package io.millrace.simulator;

import io.millrace.checker.log.LogDiffer;
import io.millrace.checker.log.LogProblem;
import io.millrace.checker.log.ReplicaLog;
import io.millrace.coordination.v1.PartitionNode;
import java.util.List;

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

  /** Of a partition's replicas, by themselves and compared with each other up to the shortest. */
  static List<LogProblem> problems(World world, String znode, PartitionNode content) {
    List<ReplicaLog> logs =
        content.getReplicasList().stream()
            .map(
                replica ->
                    log(world.machines().get(replica - 1), topicIdOf(znode), partitionOf(znode)))
            .toList();
    return problems(logs);
  }

  /** Of all replicas of a partition. */
  static List<LogProblem> problems(List<ReplicaLog> logs) {
    long watermark = logs.stream().mapToLong(ReplicaLog::endOffset).min().orElse(0);
    // The list of epochs is written with the next force, and these brokers still run.
    return LogDiffer.compare(logs, watermark).stream()
        .filter(problem -> problem.kind() != LogProblem.Kind.EPOCH_LIST)
        .toList();
  }
}
