package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.AdminSettings;
import io.millrace.client.Broker;
import io.millrace.client.ClusterMap;
import io.millrace.client.TopicDescription;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.SystemTasks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZooKeeperDiscoveryTest {
  private static final PartitionImage LED =
      new PartitionImage(
          0, List.of(1, 2), OptionalInt.of(1), 3, 7, List.of(1), List.of(), true, "elected", 9);

  private static ClusterImage picture(boolean deleting) {
    BrokerImage broker =
        new BrokerImage(
            1,
            3,
            Map.of("client", new Endpoint("h", 7272), "internal", new Endpoint("h", 7273)),
            "r",
            "0.1");
    BrokerImage hidden = new BrokerImage(2, 1, Map.of("internal", new Endpoint("h", 1)), "", "");
    TopicImage topic =
        new TopicImage(
            "notes", "notes~1", deleting, 2, 2, Map.of("a", "b"), Arrays.asList(LED, null));
    return new ClusterImage("c", 1, Map.of(1, broker, 2, hidden), Map.of("notes", topic));
  }

  /** A view that says what it is told. */
  private static final class ToldView implements ClusterView {
    ClusterImage image = picture(false);
    final List<String> followed = new ArrayList<>();
    boolean closed;

    @Override
    public Map<String, String> refusedNodes() {
      return Map.of();
    }

    @Override
    public ClusterImage image() {
      return image;
    }

    @Override
    public CompletionStage<ClusterImage> follow(Iterable<String> topics) {
      topics.forEach(followed::add);
      return CompletableFuture.completedFuture(image);
    }

    @Override
    public CompletionStage<ClusterImage> refresh() {
      return CompletableFuture.completedFuture(image);
    }

    @Override
    public AutoCloseable onChange(Consumer<ClusterImage> listener) {
      listener.accept(image);
      return () -> {};
    }

    @Override
    public boolean isConnected() {
      return true;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void tellsLeadersAndWhereClientsReachThem() throws Exception {
    ToldView view = new ToldView();
    ZooKeeperDiscovery discovery = new ZooKeeperDiscovery(view);
    ClusterMap map = discovery.lookup(List.of("notes")).toCompletableFuture().get();
    assertThat(view.followed).containsExactly("notes");
    assertThat(map).isEqualTo(discovery.current());
    assertThat(map.clusterId()).isEqualTo("c");
    assertThat(map.brokers()).isEqualTo(Map.of(1, new Broker(1, 3, "h", 7272, "r", "0.1")));
    TopicDescription topic = Objects.requireNonNull(map.topics().get("notes"));
    assertThat(topic.topicId()).isEqualTo("notes~1");
    assertThat(topic.partitions().get(0).leader()).hasValue(1);
    assertThat(topic.partitions().get(0).leaderEpoch()).isEqualTo(7);
    assertThat(topic.partitions().get(1).leader()).as("state unknown").isEmpty();
    discovery.close();
    assertThat(view.closed).isTrue();
  }

  @Test
  void aTopicThatIsBeingDeletedDoesNotExist() {
    ToldView view = new ToldView();
    view.image = picture(true);
    assertThat(new ZooKeeperDiscovery(view).current().topics()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"zk1:99999", ":2181", "zk1:2181,,zk2", "zk1:2181/..", "[::1"})
  void refusesAnAddressThatIsNone(String address) {
    AdminSettings settings = AdminSettings.builder(address).build();
    assertThatThrownBy(() -> ZooKeeperDiscovery.open(settings, new SystemTasks()))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("cluster");
  }
}
