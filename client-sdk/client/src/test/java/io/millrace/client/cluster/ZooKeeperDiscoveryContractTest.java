package io.millrace.client.cluster;

import com.google.protobuf.ByteString;
import io.millrace.client.Discovery;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.TopicTestCluster;
import io.millrace.coordination.view.ClusterViews;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** Over the coordination store's twin. */
class ZooKeeperDiscoveryContractTest extends DiscoveryContract {
  private final TopicTestCluster cluster = new TopicTestCluster(43, 2);
  private final MemoryStore store = cluster.world().open();

  @Override
  DiscoveryWorld world() {
    return world;
  }

  private final DiscoveryWorld world =
      new DiscoveryWorld() {
        private final Discovery discovery =
            new ZooKeeperDiscovery(ClusterViews.ofChosenTopics(store));

        @Override
        public Discovery discovery() {
          return discovery;
        }

        @Override
        public void createTopic(String name, int partitions) {
          cluster.create(1, name, partitions);
        }

        @Override
        public void deleteTopic(String name) {
          cluster.delete(1, name);
        }

        @Override
        public void changeLeaderEpoch(String topic, int epoch) {
          String path = ZnodePaths.partition(Objects.requireNonNull(cluster.topic(topic)).id(), 0);
          Node node =
              ((ReadOutcome.Found<Node>)
                      cluster.world().<ReadOutcome<Node>>get(cluster.store(1), s -> s.read(path)))
                  .value();
          String changed =
              node.data()
                  .toStringUtf8()
                  .replaceAll("\"leaderEpoch\":[0-9]+", "\"leaderEpoch\":" + epoch);
          cluster
              .world()
              .get(
                  cluster.store(1),
                  s -> s.set(path, ByteString.copyFromUtf8(changed), node.version()));
        }

        @Override
        public void cutOff() {
          cluster.world().stopServers();
        }

        @Override
        public void restore() {
          cluster.world().restartServers();
        }

        @Override
        public void await(String what, BooleanSupplier condition) {
          cluster.world().await(what, condition);
        }

        @Override
        public void settle() {
          cluster.world().settle();
        }
      };
}
