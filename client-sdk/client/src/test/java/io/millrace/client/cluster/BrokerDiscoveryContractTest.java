package io.millrace.client.cluster;

import io.millrace.client.Discovery;
import io.millrace.client.fake.SimulatedWorld;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Over brokers that answer metadata requests. */
class BrokerDiscoveryContractTest extends DiscoveryContract {
  private final SimulatedWorld brokers = new SimulatedWorld(47, 2);

  @Override
  DiscoveryWorld world() {
    return world;
  }

  private final DiscoveryWorld world =
      new DiscoveryWorld() {
        private final Discovery discovery = Discoveries.ofBrokers(brokers, brokers.given(1, 2));

        @Override
        public Discovery discovery() {
          return discovery;
        }

        @Override
        public void createTopic(String name, int partitions) {
          brokers.cluster().createTopic(name, partitions);
        }

        @Override
        public void deleteTopic(String name) {
          brokers.cluster().deleteTopic(name);
        }

        @Override
        public void changeLeaderEpoch(String topic, int epoch) {
          brokers.cluster().setLeaderEpoch(topic, 0, epoch);
        }

        @Override
        public void cutOff() {
          for (String host : new String[] {"b1", "b2"}) {
            brokers.network().cutBothWays("client", host);
            brokers.network().reset("client", host);
          }
        }

        @Override
        public void restore() {
          brokers.network().heal();
        }

        @Override
        public void await(String what, BooleanSupplier condition) {
          brokers.await(what, condition);
        }

        @Override
        public void settle() {
          brokers.runFor(Duration.ofMillis(50));
        }
      };
}
