package io.millrace.coordination.curator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.membership.BrokerRegistration;
import io.millrace.coordination.membership.BrokerSelf;
import io.millrace.coordination.membership.ClusterIdentity;
import io.millrace.coordination.membership.DoubtfulStart;
import io.millrace.coordination.membership.LastRun;
import io.millrace.coordination.membership.RegistrationListener;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.SessionEvent;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.AlterOutcome;
import io.millrace.coordination.topics.AlterationRequest;
import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicAlteration;
import io.millrace.coordination.topics.TopicCreation;
import io.millrace.coordination.topics.TopicRequest;
import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.ClusterViews;
import io.millrace.coordination.view.TopicImage;
import io.millrace.coordination.view.ZooKeeperAddress;
import io.millrace.coordination.view.ZooKeeperTimeouts;
import io.millrace.rpc.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The whole way through, on a real server: what the simulated tests show in detail. */
class OnZooKeeperTest {
  private static ZooKeeperWorld world;

  @BeforeAll
  static void startServer() {
    world = new ZooKeeperWorld();
  }

  @AfterAll
  static void stopServer() {
    world.close();
  }

  @BeforeEach
  void anotherChroot() {
    world.anotherChroot();
  }

  @AfterEach
  void closeStores() {
    world.closeStores();
  }

  private record Heard(Queue<String> words) implements RegistrationListener, DoubtfulStart {
    @Override
    public void registered(int incarnation) {
      words.add("registered " + incarnation);
    }

    @Override
    public void suspended() {
      words.add("suspended");
    }

    @Override
    public void resumed() {
      words.add("resumed");
    }

    @Override
    public void outOfTime() {
      words.add("out of time");
    }

    @Override
    public void expired() {
      words.add("expired");
    }

    @Override
    public void refused(String why) {
      words.add("refused");
    }

    @Override
    public CompletionStage<Boolean> leaveSets(Why why) {
      words.add("leave");
      return CompletableFuture.completedFuture(true);
    }

    @Override
    public CompletionStage<Boolean> recordBootId() {
      words.add("record");
      return CompletableFuture.completedFuture(true);
    }
  }

  private static ClusterIdentity.Outcome found(ClusterStore store) {
    return world.get(new ClusterIdentity(store, world.tasks()).establish(Optional.empty()));
  }

  private static Queue<String> register(ClusterStore store, int id, boolean isInDoubt) {
    Heard heard = new Heard(new ConcurrentLinkedQueue<>());
    BrokerSelf self =
        new BrokerSelf(
            id, "dir", "boot", Map.of("client", new Endpoint("h", 7272)), "", "0.1", false);
    new BrokerRegistration(store, self, isInDoubt ? LastRun.IN_DOUBT : LastRun.NONE, heard, heard)
        .start();
    return heard.words();
  }

  private static void await(Queue<String> heard, String what) {
    world.await(what, () -> heard.contains(what));
  }

  private static TopicCreation creation(ClusterStore store, ClusterView view) {
    return new TopicCreation(
        store, view, world.tasks(), 1, (settings, replicationFactor) -> List.of());
  }

  private static TopicRequest topic(String name, int partitions) {
    return new TopicRequest(name, partitions, OptionalInt.empty(), Map.of());
  }

  @Test
  void aClusterIsFoundedJoinedUsedAndFollowed() {
    ClusterStore broker = world.open();
    assertThat(found(broker)).isInstanceOf(ClusterIdentity.Outcome.Established.class);
    Queue<String> heard = register(broker, 1, true);
    await(heard, "registered 2");
    assertThat(heard).containsExactly("leave", "record", "registered 2");

    ClusterView view = ClusterViews.ofEverything(broker);
    world.get(view.refresh());
    CreateOutcome created = world.get(creation(broker, view).create(topic("orders", 3)));
    assertThat(created).isInstanceOf(CreateOutcome.Created.class);

    try (ClusterView client =
        ClusterViews.connect(
            ZooKeeperAddress.parse(world.connectString() + world.chroot()),
            ZooKeeperTimeouts.DEFAULT,
            world.tasks())) {
      ClusterImage image = world.get(client.follow(List.of("orders", "none")));
      assertThat(image.topics()).containsOnlyKeys("orders");
      TopicImage orders = image.topics().get("orders");
      assertThat(orders == null ? List.of() : orders.partitions()).hasSize(3).doesNotContainNull();
      BrokerImage first = image.brokers().get(1);
      assertThat(first == null ? -1 : first.incarnation()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("coordination.md: settings and partitions are altered, and everybody sees it")
  void aTopicIsAlteredOnARealServer() {
    ClusterStore broker = world.open();
    found(broker);
    await(register(broker, 1, false), "registered 1");
    ClusterView view = ClusterViews.ofEverything(broker);
    world.get(view.refresh());
    String id =
        ((CreateOutcome.Created) world.get(creation(broker, view).create(topic("a.b", 2))))
            .topicId();
    TopicAlteration alteration =
        new TopicAlteration(broker, view, world.tasks(), 1, (settings, replicas) -> List.of());

    // More than fits into one transaction, and what an interrupted addition left.
    world.get(
        broker,
        s ->
            s.create(
                ZnodePaths.partition(id, 5),
                ByteString.copyFromUtf8("half made"),
                NodeKind.PERSISTENT));
    AlterOutcome outcome =
        world.get(
            alteration.alter(
                new AlterationRequest(
                    "a.b",
                    Optional.of(id),
                    Map.of("retention.ms", "1000"),
                    Set.of("none"),
                    OptionalInt.of(2_500))));

    assertThat(outcome)
        .isEqualTo(new AlterOutcome.Altered(id, 2_500, Map.of("retention.ms", "1000")));
    TopicImage altered = world.get(view.refresh()).topics().get("a.b");
    assertThat(altered == null ? List.of() : altered.partitions())
        .hasSize(2_500)
        .doesNotContainNull();
    assertThat(world.get(creation(broker, view).create(topic("a_b", 1))))
        .isInstanceOf(CreateOutcome.Invalid.class);
  }

  @Test
  @DisplayName("a killed broker's next life replaces its ghost; the session's real end is harmless")
  void aGhostIsReplacedAndAnExpirySurvived() {
    ClusterStore first = world.open();
    found(first);
    await(register(first, 1, false), "registered 1");

    // Its session stands, as after kill -9.
    ClusterStore second = world.open();
    Queue<String> heard = register(second, 1, false);
    await(heard, "registered 2");

    world.expire(second);
    await(heard, "registered 3");
    assertThat(heard).containsExactly("registered 2", "suspended", "expired", "registered 3");
  }

  @Test
  void anOutageIsSurvivedInTheSameLife() {
    ClusterStore broker = world.open();
    found(broker);
    Queue<String> heard = register(broker, 1, false);
    await(heard, "registered 1");
    ClusterView view = ClusterViews.ofEverything(broker);
    world.get(view.refresh());

    world.stopServers();
    await(heard, "suspended");
    assertThat(world.get(creation(broker, view).create(topic("a", 1))))
        .isInstanceOf(CreateOutcome.Unavailable.class);
    world.restartServers();
    await(heard, "resumed");

    world.await("the view is back", view::isConnected);
    assertThat(world.get(creation(broker, view).create(topic("a", 1))))
        .isInstanceOf(CreateOutcome.Created.class);
    assertThat(heard).containsExactly("registered 1", "suspended", "resumed");
  }

  @Test
  @DisplayName("coordination.md: every node is one line of JSON for zkCli")
  void everyNodeIsOneReadableLine() throws Exception {
    ClusterStore broker = world.open();
    found(broker);
    await(register(broker, 1, false), "registered 1");
    ClusterView view = ClusterViews.ofEverything(broker);
    world.get(view.refresh());
    String id =
        ((CreateOutcome.Created) world.get(creation(broker, view).create(topic("a", 1)))).topicId();

    // Another program, which sees the chroot as a prefix of paths.
    try (ZooKeeper plain = new ZooKeeper(world.connectString(), 10_000, event -> {})) {
      for (String path :
          List.of(
              ZnodePaths.CLUSTER,
              ZnodePaths.liveBroker(1),
              ZnodePaths.knownBroker(1),
              ZnodePaths.topic("a"),
              ZnodePaths.partitions(id),
              ZnodePaths.partition(id, 0))) {
        String text = new String(plain.getData(world.chroot() + path, false, null), UTF_8);
        assertThat(text).as(path).startsWith("{\"version\":1,").endsWith("}").doesNotContain("\n");
      }
    }
  }

  @Test
  @DisplayName("B79: 50 000 children are listed")
  void b79_listsManyChildren() {
    ClusterStore store = world.open();
    world.get(store, s -> s.create("/", ByteString.EMPTY, NodeKind.PERSISTENT));
    world.get(store, s -> s.create("/many", ByteString.EMPTY, NodeKind.PERSISTENT));
    List<List<StoreOp>> batches =
        IntStream.range(0, 25)
            .mapToObj(
                batch ->
                    IntStream.range(0, 2_000)
                        .<StoreOp>mapToObj(
                            i ->
                                new StoreOp.Create(
                                    "/many/a-child-with-a-long-name-" + (batch * 2_000 + i),
                                    ByteString.EMPTY,
                                    NodeKind.PERSISTENT))
                        .toList())
            .toList();
    boolean areCreated =
        world.get(
            store,
            s ->
                Pipelined.all(
                    batches,
                    batch -> s.transact(batch).thenApply(WriteOutcome.Applied.class::isInstance)));
    assertThat(areCreated).isTrue();

    ReadOutcome<List<String>> read = world.get(store, s -> s.children("/many"));

    assertThat(((ReadOutcome.Found<List<String>>) read).value()).hasSize(50_000);
  }

  @Test
  void closesQuicklyWithoutContactToo() {
    ClusterStore store = world.open();
    Queue<SessionEvent> events = new ConcurrentLinkedQueue<>();
    world.get(store, s -> CompletableFuture.completedFuture(s.onSession(events::add)));
    world.stopServers();
    world.await("suspended", () -> events.contains(new SessionEvent.Suspended()));

    long before = System.nanoTime();
    store.close();
    assertThat(System.nanoTime() - before).isLessThan(SECONDS.toNanos(5));
    world.restartServers();
  }

  @Test
  void closesQuicklyThatNeverHadContact() {
    // Nobody answers there, not even with a refusal.
    CuratorStore store = CuratorStore.open("192.0.2.1:2181", "", 6_000, 15_000, world.tasks());
    long before = System.nanoTime();
    store.close();
    assertThat(System.nanoTime() - before).isLessThan(SECONDS.toNanos(5));
  }

  @Test
  void givesUpReadingWhenNobodyAnswers() {
    try (CuratorStore store = CuratorStore.open("127.0.0.1:1", "", 1_000, 300, world.tasks())) {
      ReadOutcome<Node> read = world.get(store, s -> s.read("/a"));
      assertThat(read)
          .isInstanceOfSatisfying(
              ReadOutcome.Unavailable.class,
              unavailable -> assertThat(unavailable.why()).contains("no contact", "/a"));
    }
  }

  @Test
  void aHostThatCannotBeFoundIsTriedForAsWell() {
    try (CuratorStore store =
        CuratorStore.open("no-such-host.invalid:2181", "", 1_000, 300, world.tasks())) {
      ReadOutcome<Node> read = world.get(store, s -> s.read("/a"));
      assertThat(read).isInstanceOf(ReadOutcome.Unavailable.class);
    }
  }
}
