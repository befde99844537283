package io.millrace.cli.bench;

import io.millrace.cli.AdminSession;
import io.millrace.client.PartitionInfo;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a run asks of the cluster that its group lives on. The main thread's. */
interface GroupCluster {
  /** The broker that leads each partition; -1: none. */
  Map<Integer, Integer> leaders() throws Exception;

  /** The partitions that a broker has a replica of. */
  Set<Integer> storedBy(int broker) throws Exception;

  /** The broker that coordinates the group. */
  int coordinator() throws Exception;

  /** Makes a broker hand over what it leads, until {@link #cancelDrain}. */
  void drain(int broker) throws Exception;

  void cancelDrain(int broker) throws Exception;

  static GroupCluster of(AdminSession session, String topic, String groupId) {
    return new GroupCluster() {
      @Override
      public Map<Integer, Integer> leaders() throws Exception {
        return partitions().stream()
            .collect(Collectors.toMap(PartitionInfo::partition, each -> each.leader().orElse(-1)));
      }

      @Override
      public Set<Integer> storedBy(int broker) throws Exception {
        return partitions().stream()
            .filter(each -> each.replicas().contains(broker))
            .map(PartitionInfo::partition)
            .collect(Collectors.toSet());
      }

      private List<PartitionInfo> partitions() throws Exception {
        var described = session.ask(admin -> admin.describeTopics(List.of(topic)));
        return described.values().iterator().next().partitions();
      }

      @Override
      public int coordinator() throws Exception {
        return session.ask(admin -> admin.explainGroup(groupId)).brokerId();
      }

      @Override
      public void drain(int broker) throws Exception {
        var unused = session.change(admin -> admin.drainBroker(broker));
      }

      @Override
      public void cancelDrain(int broker) throws Exception {
        session.change(admin -> admin.cancelDrain(broker));
      }
    };
  }
}
