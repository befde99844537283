package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Broker;
import io.millrace.client.ClusterMap;
import io.millrace.client.Discovery;
import io.millrace.client.TopicDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What every discovery must do, whomever it asks. */
abstract class DiscoveryContract {
  abstract DiscoveryWorld world();

  private Discovery discovery() {
    return world().discovery();
  }

  private ClusterMap lookUp(String... names) {
    CompletableFuture<ClusterMap> found = discovery().lookup(List.of(names)).toCompletableFuture();
    world().await("the lookup", found::isDone);
    return found.join();
  }

  private static TopicDescription topic(ClusterMap map, String name) {
    return Objects.requireNonNull(map.topics().get(name), name);
  }

  @Test
  void knowsNothingBeforeItWasAnswered() {
    assertThat(discovery().current()).isEqualTo(ClusterMap.EMPTY);
    assertThat(discovery().isConnected()).isFalse();
  }

  @Test
  void tellsWhatATopicIsAndWhoLeadsIt() {
    world().createTopic("notes", 3);
    ClusterMap map = lookUp("notes");
    assertThat(map.clusterId()).isNotEmpty();
    assertThat(map.brokers().keySet()).containsExactlyInAnyOrder(1, 2);
    assertThat(map.brokers().values()).extracting(Broker::port).allMatch(port -> port > 0);
    TopicDescription topic = topic(map, "notes");
    assertThat(topic.topicId()).startsWith("notes~");
    assertThat(topic.partitions()).hasSize(3);
    assertThat(topic.partitions()).allSatisfy(p -> assertThat(p.leader()).isPresent());
    assertThat(discovery().isConnected()).isTrue();
    assertThat(discovery().trouble()).isEmpty();
    assertThat(discovery().current().topics()).containsKey("notes");
  }

  @Test
  void aTopicThatIsMissingInTheAnswerDoesNotExist() {
    world().createTopic("notes", 1);
    assertThat(lookUp("notes", "other", "no/name").topics().keySet()).containsExactly("notes");
    assertThat(lookUp().clusterId()).isNotEmpty();
  }

  @Test
  void aLookupReadsAnew() {
    assertThat(lookUp("notes").topics()).isEmpty();
    world().createTopic("notes", 1);
    assertThat(lookUp("notes").topics()).containsKey("notes");
    world().deleteTopic("notes");
    assertThat(lookUp("notes").topics()).isEmpty();
  }

  @Test
  void listenersBeginWithThePresentAndHearWhatChanges() throws Exception {
    world().createTopic("notes", 1);
    lookUp("notes");
    List<ClusterMap> heard = new ArrayList<>();
    AutoCloseable subscription = discovery().onChange(heard::add);
    world().await("the present", () -> !heard.isEmpty());
    assertThat(topic(heard.get(0), "notes").partitions()).hasSize(1);

    world().changeLeaderEpoch("notes", 9);
    world()
        .await(
            "the new epoch",
            () -> topic(last(heard), "notes").partitions().get(0).leaderEpoch() == 9);

    subscription.close();
    world().settle();
    int count = heard.size();
    world().changeLeaderEpoch("notes", 10);
    lookUp("notes");
    assertThat(heard).hasSize(count);
  }

  private static ClusterMap last(List<ClusterMap> heard) {
    return heard.get(heard.size() - 1);
  }

  @Test
  void aListenerHearsOfTheBrokersWithoutAskingForATopic() {
    List<ClusterMap> heard = new ArrayList<>();
    AutoCloseable unused = discovery().onChange(heard::add);
    world().await("brokers", () -> !heard.isEmpty() && last(heard).brokers().size() == 2);
  }

  @Test
  void whatIsLookedUpWithoutContactIsAnsweredWhenItIsBack() {
    world().createTopic("notes", 1);
    lookUp("notes");
    world().cutOff();
    CompletableFuture<ClusterMap> found =
        discovery().lookup(List.of("notes")).toCompletableFuture();
    world().await("that it notices", () -> !discovery().isConnected());
    assertThat(discovery().trouble()).isNotEmpty();
    assertThat(found).isNotDone();
    world().restore();
    world().await("the lookup", found::isDone);
    assertThat(found.join().topics()).containsKey("notes");
    world().await("contact", discovery()::isConnected);
  }
}
