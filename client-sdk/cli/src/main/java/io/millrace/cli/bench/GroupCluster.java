package io.millrace.cli.bench;

import io.millrace.cli.AdminSession;
import io.millrace.client.PartitionInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a run asks of the cluster that its group lives on. The main thread's. */
interface GroupCluster {
  /** The broker that leads each partition; -1: none. */
  Map<Integer, Integer> leaders() throws Exception;

  /** The broker that coordinates the group. */
  int coordinator() throws Exception;

  /** Makes a broker hand over what it leads, until {@link #cancelDrain}. */
  void drain(int broker) throws Exception;

  void cancelDrain(int broker) throws Exception;

  static GroupCluster of(AdminSession session, String topic, String groupId) {
    return new GroupCluster() {
      @Override
      public Map<Integer, Integer> leaders() throws Exception {
        Map<Integer, Integer> leaders = new HashMap<>();
        var described = session.ask(admin -> admin.describeTopics(List.of(topic)));
        for (PartitionInfo each : described.values().iterator().next().partitions()) {
          leaders.put(each.partition(), each.leader().orElse(-1));
        }
        return leaders;
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
