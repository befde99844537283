package io.millrace.coordination.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.millrace.coordination.membership.BrokerProcess;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicTestCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 4.19; coordination.md: never learn from an event; reliability B71 to B74, B77, B78, B80. */
class ClusterFollowerTest {
  private final TopicTestCluster cluster = new TopicTestCluster(41, 2);

  /** Of a client that is no broker. */
  private final MemoryStore clientStore = cluster.world().open();

  private final ClusterView client = ClusterViews.ofChosenTopics(clientStore);
  private final List<ClusterImage> images = new ArrayList<>();

  @AfterEach
  void nothingWasThrown() {
    assertThat(cluster.world().scheduler().thrown()).isEmpty();
  }

  private String create(String name, int partitions) {
    return ((CreateOutcome.Created) cluster.create(1, name, partitions)).topicId();
  }

  private ClusterImage follow(String... names) {
    return cluster.world().get(client.follow(List.of(names)));
  }

  private PartitionImage partition(ClusterImage image, String topic, int number) {
    TopicImage found = image.topics().get(topic);
    PartitionImage partition = found == null ? null : found.partitions().get(number);
    assertThat(partition).as("%s-%s", topic, number).isNotNull();
    return partition == null
        ? new PartitionImage(
            -1, List.of(), OptionalInt.empty(), 0, 0, List.of(), List.of(), false, "", 0)
        : partition;
  }

  private Node node(String path) {
    ReadOutcome<Node> read =
        cluster.world().get(cluster.store(1), s -> s.sync("/").thenCompose(done -> s.read(path)));
    assertThat(read).as(path).isInstanceOf(ReadOutcome.Found.class);
    return ((ReadOutcome.Found<Node>) read).value();
  }

  private void write(String path, String content) {
    int version = node(path).version();
    WriteOutcome outcome =
        cluster
            .world()
            .get(cluster.store(1), s -> s.set(path, ByteString.copyFromUtf8(content), version));
    assertThat(outcome).isInstanceOf(WriteOutcome.Applied.class);
  }

  private void replace(String path, String old, String now) {
    String content = node(path).data().toStringUtf8();
    assertThat(content).contains(old);
    write(path, content.replace(old, now));
  }

  // ---- What is seen ----------------------------------------------------------------------------

  @Test
  void isEmptyBeforeTheFirstReadHasEnded() {
    assertThat(client.image()).isEqualTo(ClusterImage.EMPTY);
    assertThat(client.isConnected()).isFalse();
  }

  @Test
  void seesTheClusterAndItsBrokers() {
    ClusterImage image = cluster.world().get(client.refresh());

    assertThat(image.clusterId()).isNotEmpty();
    assertThat(image.formatVersion()).isEqualTo(1);
    assertThat(image.brokers().keySet()).containsExactly(1, 2);
    BrokerImage broker = image.brokers().get(1);
    assertThat(broker == null ? "" : broker.endpoints().toString()).contains("host-1:7272");
    assertThat(client.image()).isEqualTo(image);
    assertThat(client.isConnected()).isTrue();
  }

  @Test
  void aClientSeesOnlyWhatItFollows() {
    create("a", 1);
    create("b", 1);

    assertThat(follow("a").topics().keySet()).containsExactly("a");
    assertThat(follow("b").topics().keySet()).containsExactly("a", "b");
    assertThat(cluster.image(1).topics().keySet()).containsExactly("a", "b");
  }

  @Test
  void saysWithCertaintyThatATopicIsMissing() {
    cluster.world().ensemble().setLagging(clientStore, true);
    follow("a");
    create("a", 1);
    cluster.world().settle();
    assertThat(client.image().topics()).as("its server is behind").isEmpty();

    assertThat(follow("a").topics()).containsKey("a");
    assertThat(follow("none", "../x", "").topics().keySet()).containsExactly("a");
  }

  @Test
  @DisplayName(
      "4.19: who doubts a topic hears all that the store knows, at the cost of what changed")
  void looksAgainAtAFollowedTopicWithoutReadingAllOfIt() {
    String id = create("a", 500);
    follow("a");
    cluster.world().settle();
    cluster.world().ensemble().setLagging(clientStore, true);
    replace(ZnodePaths.partition(id, 321), "\"leaderEpoch\":1", "\"leaderEpoch\":4");
    cluster.world().settle();
    assertThat(partition(client.image(), "a", 321).leaderEpoch()).as("it is behind").isEqualTo(1);
    long before = clientStore.reads();

    assertThat(partition(follow("a"), "a", 321).leaderEpoch()).isEqualTo(4);
    assertThat(clientStore.reads() - before).isLessThan(10);
  }

  @Test
  @DisplayName("a followed topic's own node is read again alone when it alone has changed")
  void aChangedSettingDoesNotCostAReadingOfEachPartition() {
    create("a", 500);
    follow("a");
    cluster.world().settle();
    long before = clientStore.reads();

    replace(ZnodePaths.topic("a"), "\"replicationFactor\":1", "\"replicationFactor\":2");

    cluster.world().await("seen", () -> replicationFactor("a") == 2);
    cluster.world().settle();
    assertThat(clientStore.reads() - before).isLessThan(10);
  }

  private int replicationFactor(String topic) {
    TopicImage found = client.image().topics().get(topic);
    return found == null ? -1 : found.replicationFactor();
  }

  @Test
  void followsATopicThatDoesNotExistYet() {
    follow("a");
    create("a", 2);
    cluster.world().await("seen", () -> client.image().topics().containsKey("a"));

    assertThat(partition(client.image(), "a", 1).leader()).isPresent();
  }

  @Test
  void followsPartitionsAsTheyChange() {
    String id = create("a", 2);
    follow("a");

    replace(ZnodePaths.partition(id, 1), "\"leaderEpoch\":1", "\"leaderEpoch\":5");

    cluster.world().await("seen", () -> partition(client.image(), "a", 1).leaderEpoch() == 5);
    assertThat(partition(client.image(), "a", 1).version()).isEqualTo(1);
    assertThat(partition(client.image(), "a", 0).leaderEpoch()).isEqualTo(1);
    cluster.world().await("seen", () -> partition(cluster.view(2).image(), "a", 1).version() == 1);
  }

  @Test
  void seesDeletedTopicsGoAndNewOnesOfTheSameNameCome() {
    create("a", 1);
    follow("a");
    TopicImage first = client.image().topics().get("a");
    cluster.delete(1, "a");
    cluster.world().await("marked", () -> isDeleting(client));
    String id = first == null ? "" : first.id();
    cluster.world().get(cluster.store(1), s -> s.delete(ZnodePaths.partition(id, 0), 0));
    cluster.world().get(cluster.store(1), s -> s.delete(ZnodePaths.topic("a"), 1));
    cluster.world().await("gone", () -> client.image().topics().isEmpty());

    String second = create("a", 3);
    cluster.world().await("seen", () -> client.image().topics().containsKey("a"));
    replace(ZnodePaths.partition(second, 2), "\"leaderEpoch\":1", "\"leaderEpoch\":2");

    cluster.world().await("followed", () -> partition(client.image(), "a", 2).leaderEpoch() == 2);
  }

  private static boolean isDeleting(ClusterView view) {
    TopicImage topic = view.image().topics().get("a");
    return topic != null && topic.deleting();
  }

  @Test
  @DisplayName("reliability 8.1: a bounce is seen although the list of ids is the same")
  void seesAnotherIncarnationOfTheSameId() {
    cluster.world().get(client.refresh());
    cluster.broker(2).kill();
    BrokerProcess again = BrokerProcess.start(cluster.world(), BrokerProcess.self(2));
    again.await("registered 2");

    cluster
        .world()
        .await(
            "seen",
            () -> {
              BrokerImage broker = client.image().brokers().get(2);
              return broker != null && broker.incarnation() == 2;
            });
  }

  @Test
  void seesBrokersGo() {
    cluster.world().get(client.refresh());
    cluster.broker(2).kill();
    cluster.world().await("gone", () -> client.image().brokers().size() == 1);
    assertThat(client.image().brokers()).containsOnlyKeys(1);
  }

  // ---- Listeners -------------------------------------------------------------------------------

  @Test
  void aListenerHearsThePresentAndEveryNewerImage() throws Exception {
    follow("a");
    AutoCloseable listening = client.onChange(images::add);
    cluster.world().settle();
    assertThat(images).containsExactly(client.image());

    create("a", 1);
    cluster.world().await("heard", () -> images.size() > 1);
    cluster.world().settle();
    assertThat(images.get(images.size() - 1)).isEqualTo(client.image());
    assertThat(images).doesNotHaveDuplicates();

    listening.close();
    int heard = images.size();
    cluster.delete(1, "a");
    cluster.world().settle();
    assertThat(images).hasSize(heard);
  }

  @Test
  @DisplayName("B98 in kind: a listener that throws harms nobody else")
  void aThrowingListenerHarmsNothing() {
    AutoCloseable bad =
        client.onChange(
            image -> {
              throw new IllegalStateException("meant");
            });
    AutoCloseable good = client.onChange(images::add);
    create("a", 1);
    follow("a");
    cluster.world().settle();

    assertThat(images.get(images.size() - 1).topics()).containsKey("a");
    assertThat(List.of(bad, good)).hasSize(2);
    cluster.world().scheduler().forgiveThrown();
  }

  @Test
  void unchangedTopicsStayTheSameObject() {
    create("a", 1);
    String id = create("b", 1);
    ClusterImage before = cluster.image(1);
    replace(ZnodePaths.partition(id, 0), "\"leaderEpoch\":1", "\"leaderEpoch\":2");
    ClusterImage after = cluster.image(1);

    assertThat(after.topics().get("a")).isSameAs(before.topics().get("a"));
    assertThat(after.topics().get("b")).isNotSameAs(before.topics().get("b"));
  }

  // ---- Storms and outages ----------------------------------------------------------------------

  @Test
  @DisplayName("B80: a storm of events about one node is a few readings")
  void b80_coalescesStorms() {
    String id = create("a", 1);
    follow("a");
    AutoCloseable listening = client.onChange(images::add);
    cluster.world().settle();
    images.clear();
    String path = ZnodePaths.partition(id, 0);
    String content = node(path).data().toStringUtf8();
    int writes = 5_000;
    cluster
        .world()
        .get(
            cluster.store(1),
            s -> {
              CompletableFuture<WriteOutcome> last = new CompletableFuture<>();
              for (int i = 0; i < writes; i++) {
                String next = content.replace("\"leaderEpoch\":1", "\"leaderEpoch\":" + (i + 2));
                var written = s.set(path, ByteString.copyFromUtf8(next), i);
                if (i == writes - 1) {
                  written.thenAccept(last::complete);
                }
              }
              return last;
            });

    cluster
        .world()
        .await("seen", () -> partition(client.image(), "a", 0).leaderEpoch() == writes + 1);
    assertThat(images).hasSizeLessThan(writes / 20);
    assertThat(images).extracting(image -> partition(image, "a", 0).leaderEpoch()).isSorted();
    assertThat(listening).isNotNull();
  }

  @Test
  @DisplayName("reliability 8.12: what changed during an outage is seen after it, without events")
  void seesWhatChangedDuringAnOutage() {
    create("a", 1);
    follow("a", "b");
    cluster.world().ensemble().setIsolated(clientStore, true);
    cluster.world().await("noticed", () -> !client.isConnected());
    cluster.delete(1, "a");
    create("b", 1);
    assertThat(client.image().topics().keySet()).containsExactly("a");

    cluster.world().ensemble().setIsolated(clientStore, false);
    cluster.world().await("seen", () -> client.image().topics().containsKey("b"));
    assertThat(isDeleting(client)).isTrue();
    assertThat(client.isConnected()).isTrue();
  }

  @Test
  @DisplayName("4.18: a new session reads everything again, behind a sync")
  void goesOnInANewSession() {
    String id = create("a", 1);
    follow("a");
    cluster.world().ensemble().setLagging(clientStore, true);
    cluster.world().expire(clientStore);
    replace(ZnodePaths.partition(id, 0), "\"leaderEpoch\":1", "\"leaderEpoch\":7");

    cluster.world().await("seen", () -> partition(client.image(), "a", 0).leaderEpoch() == 7);
    cluster.world().ensemble().setLagging(clientStore, false);
    replace(ZnodePaths.partition(id, 0), "\"leaderEpoch\":7", "\"leaderEpoch\":8");
    cluster
        .world()
        .await("watches stand", () -> partition(client.image(), "a", 0).leaderEpoch() == 8);
  }

  @Test
  void whoAskedDuringAnOutageIsAnsweredAfterIt() {
    create("a", 1);
    cluster.world().stopServers();
    cluster.world().settle();
    CompletableFuture<ClusterImage> asked = client.follow(List.of("a")).toCompletableFuture();
    cluster.world().scheduler().runFor(1_000_000_000L);
    assertThat(asked).isNotDone();

    cluster.world().restartServers();
    assertThat(cluster.world().get(asked).topics()).containsKey("a");
  }

  @Test
  void isClosedForGood() {
    CompletableFuture<ClusterImage> waiting = client.refresh().toCompletableFuture();
    client.close();
    client.close();
    cluster.world().settle();

    assertThatThrownBy(waiting::join).hasCauseInstanceOf(IllegalStateException.class);
    CompletableFuture<ClusterImage> late = client.follow(List.of("a")).toCompletableFuture();
    cluster.world().settle();
    assertThat(late).isCompletedExceptionally();
    assertThat(client.isConnected()).isFalse();
  }

  // ---- What cannot be used ---------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"", "rubbish", "{\"version\":2}", "{\"version\":1}"})
  @DisplayName("B71, B73: an entry that cannot be used is skipped, its last good content stays")
  void b71_keepsTheLastGood(String content) {
    String id = create("a", 2);
    create("b", 1);
    follow("a", "b");
    ClusterImage before = client.image();

    write(ZnodePaths.partition(id, 0), content);
    write(ZnodePaths.topic("b"), content);
    cluster.world().settle();

    ClusterImage now = cluster.world().get(client.refresh());
    assertThat(now.topics()).isEqualTo(before.topics());
    // Others are served as ever.
    replace(ZnodePaths.partition(id, 1), "\"leaderEpoch\":1", "\"leaderEpoch\":2");
    cluster.world().await("seen", () -> partition(client.image(), "a", 1).leaderEpoch() == 2);
  }

  @Test
  @DisplayName("B71: a partition that was never readable is unknown, its topic is there")
  void b71_leavesAGapWhereNothingWasEverRead() {
    String id = create("a", 2);
    write(ZnodePaths.partition(id, 0), "rubbish");

    TopicImage topic = follow("a").topics().get("a");
    assertThat(topic == null ? List.of() : topic.partitions()).hasSize(2).containsNull();
  }

  @Test
  @DisplayName("B72, B77: a leader epoch that goes back is refused")
  void b72_neverGoesBackInEpochs() {
    String id = create("a", 1);
    String path = ZnodePaths.partition(id, 0);
    follow("a");
    replace(path, "\"leaderEpoch\":1", "\"leaderEpoch\":9");
    cluster.world().await("seen", () -> partition(client.image(), "a", 0).leaderEpoch() == 9);

    replace(path, "\"leaderEpoch\":9", "\"leaderEpoch\":8");
    cluster.world().settle();
    assertThat(partition(cluster.world().get(client.refresh()), "a", 0).leaderEpoch()).isEqualTo(9);

    replace(path, "\"leaderEpoch\":8", "\"leaderEpoch\":10");
    cluster.world().await("goes on", () -> partition(client.image(), "a", 0).leaderEpoch() == 10);
  }

  @Test
  @DisplayName("B77: a partition node that vanished keeps its last good content")
  void b77_keepsAVanishedPartition() {
    String id = create("a", 1);
    follow("a");
    cluster.world().get(cluster.store(1), s -> s.delete(ZnodePaths.partition(id, 0), 0));

    assertThat(partition(cluster.world().get(client.refresh()), "a", 0).leader()).isPresent();
  }

  @Test
  @DisplayName("B74: a broker entry that cannot be used is skipped by name and by content")
  void b74_skipsBrokersThatAreNone() {
    ByteString rubbish = ByteString.copyFromUtf8("{\"version\":1,\"id\":9}");
    ByteString ofOne = node(ZnodePaths.liveBroker(1)).data();
    for (String name : List.of("9", "007", "-1", "one", "99999999999")) {
      cluster
          .world()
          .get(
              cluster.store(1),
              s -> s.create(ZnodePaths.LIVE_BROKERS + "/" + name, rubbish, NodeKind.EPHEMERAL));
    }
    cluster
        .world()
        .get(cluster.store(1), s -> s.create(ZnodePaths.liveBroker(5), ofOne, NodeKind.EPHEMERAL));

    assertThat(cluster.world().get(client.refresh()).brokers()).containsOnlyKeys(1, 2);
  }

  @Test
  @DisplayName("B74: a live node replaced by one that cannot be read is no broker any more")
  void b74_forgetsABrokerWhoseNextLifeCannotBeRead() {
    cluster.world().get(client.refresh());
    cluster.world().get(cluster.broker(2).registration().stop());
    cluster
        .world()
        .get(
            cluster.store(1),
            s ->
                s.create(
                    ZnodePaths.liveBroker(2), ByteString.copyFromUtf8("x"), NodeKind.EPHEMERAL));

    assertThat(cluster.world().get(client.refresh()).brokers()).containsOnlyKeys(1);
  }

  @Test
  @DisplayName("B78: what cannot be a topic's name is ignored")
  void b78_ignoresNamesThatAreNone() {
    ByteString content = ByteString.copyFromUtf8("{}");
    create("a", 1);
    ByteString good = node(ZnodePaths.topic("a")).data();
    for (String name : List.of("..a b", "%2e", "CON", "x.")) {
      cluster
          .world()
          .get(
              cluster.store(1),
              s -> s.create(ZnodePaths.TOPICS + "/" + name, good, NodeKind.PERSISTENT));
    }
    cluster
        .world()
        .get(cluster.store(1), s -> s.create("/topics/a/below", content, NodeKind.PERSISTENT));

    assertThat(cluster.image(1).topics()).containsOnlyKeys("a");
  }

  @Test
  @DisplayName("B71: the picture survives any bytes in any node")
  void b71_survivesAnything() {
    String id = create("a", 1);
    follow("a");
    ClusterImage before = client.image();
    for (String path :
        List.of(ZnodePaths.CLUSTER, ZnodePaths.topic("a"), ZnodePaths.partition(id, 0))) {
      for (String content : List.of("", "[[[[", "{\"version\":1,\"version\":1}", "\u0000")) {
        write(path, content);
        cluster.world().settle();
      }
    }
    assertThat(cluster.world().get(client.refresh())).isEqualTo(before);
    assertThat(Map.copyOf(cluster.image(1).topics())).isEqualTo(before.topics());
  }
}
