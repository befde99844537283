package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.ClusterMap;
import io.millrace.client.errors.NotAuthorisedException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.FakeCluster;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.Endpoint;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.MetadataResponse;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom it asks, when, and what it believes; what it has in common is in the contract. */
class BrokerDiscoveryTest {
  private final SimulatedWorld world = new SimulatedWorld(53, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private ClusterMap lookUp(BrokerDiscovery discovery, String... names) {
    CompletableFuture<ClusterMap> found = discovery.lookup(List.of(names)).toCompletableFuture();
    world.await("the lookup", found::isDone);
    return found.join();
  }

  private int asked() {
    return asked(1) + asked(2);
  }

  private int asked(int broker) {
    return world.broker(broker).seen(Request.ApiCase.METADATA).size();
  }

  /** What the broker says instead. */
  private void says(int broker, MetadataResponse.Builder answer) {
    world
        .broker(broker)
        .script(
            request -> {
              if (request.head().getApiCase() != Request.ApiCase.METADATA) {
                return false;
              }
              request.answer(Response.newBuilder().setMetadata(answer.clone()), List.of());
              return true;
            });
  }

  private void refuses(int broker, ErrorCode code) {
    world
        .broker(broker)
        .script(
            request -> {
              request.refuse(code, "scripted");
              return true;
            });
  }

  private static BrokerInfo.Builder broker(int id, String host, int port) {
    return BrokerInfo.newBuilder()
        .setId(id)
        .setIncarnation(1)
        .addEndpoints(Endpoint.newBuilder().setListener("client").setHost(host).setPort(port));
  }

  private static MetadataResponse.Builder answer(String clusterId) {
    return MetadataResponse.newBuilder().setClusterId(clusterId);
  }

  // ---- Whom it asks ----------------------------------------------------------------------------

  @Test
  void oneAddressIsEnoughToFindTheOthers() {
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1));
    assertThat(lookUp(discovery).brokers().keySet()).containsExactlyInAnyOrder(1, 2);
    world.killBroker(1);
    world.cluster().createTopic("notes", 1);
    assertThat(lookUp(discovery, "notes").topics()).containsKey("notes");
    assertThat(asked(2)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDeadOrSilentBrokerIsPassedOver(boolean dead) {
    if (dead) {
      world.killBroker(1);
    } else {
      world.network().cutBothWays("client", "b1");
    }
    world.cluster().createTopic("notes", 1);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    assertThat(lookUp(discovery, "notes").topics()).containsKey("notes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"STOPPING", "BUSY", "UNAVAILABLE", "INTERNAL", "UNSUPPORTED"})
  void aBrokerThatRefusesIsPassedOver(ErrorCode code) {
    refuses(1, code);
    world.cluster().createTopic("notes", 1);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    assertThat(lookUp(discovery, "notes").topics()).containsKey("notes");
  }

  @Test
  @DisplayName("B97: without an answer the pauses between rounds grow, and it goes on for ever")
  void b97_asksLessAndLessOftenWhileNobodyAnswers() {
    refuses(1, ErrorCode.STOPPING);
    refuses(2, ErrorCode.STOPPING);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    CompletableFuture<ClusterMap> found = discovery.lookup(List.of("notes")).toCompletableFuture();
    world.runFor(Duration.ofMinutes(10));
    assertThat(found).isNotDone();
    // Two in each round, and rounds at most a second apart, at least half of that.
    assertThat(world.broker(1).greetings()).isBetween(500, 1300);
    assertThat(discovery.trouble()).contains("scripted").contains("b");
    assertThat(discovery.isConnected()).isFalse();
  }

  // ---- When it asks ----------------------------------------------------------------------------

  @Test
  void asksFromTimeToTimeAndOverOneConnection() {
    world.cluster().createTopic("notes", 1);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    lookUp(discovery, "notes");
    world.runFor(Duration.ofSeconds(60));
    assertThat(asked()).isBetween(20, 45); // every two seconds, give or take a fifth
    assertThat(world.broker(1).greetings() + world.broker(2).greetings()).isEqualTo(1);
  }

  @Test
  void aDoubtIsLookedIntoSoonButNotAllTheTime() {
    world.cluster().createTopic("notes", 1);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    lookUp(discovery, "notes");
    world.runFor(Duration.ofMillis(1_100));
    int before = asked();
    world.cluster().setLeaderEpoch("notes", 0, 5);
    discovery.doubt();
    world.runFor(Duration.ofMillis(100));
    assertThat(asked()).isEqualTo(before + 1);
    for (int i = 0; i < 1_000; i++) {
      discovery.doubt();
      world.runFor(Duration.ofMillis(10));
    }
    assertThat(asked() - before).isBetween(5, 16);
  }

  @Test
  void manyLookupsTravelTogether() {
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    lookUp(discovery);
    int before = asked();
    List<CompletableFuture<ClusterMap>> found = new java.util.ArrayList<>();
    for (int i = 0; i < 200; i++) {
      world.cluster().createTopic("t" + i, 1);
      found.add(discovery.lookup(List.of("t" + i)).toCompletableFuture());
    }
    world.await("all", () -> found.stream().allMatch(CompletableFuture::isDone));
    assertThat(asked() - before).isLessThanOrEqualTo(2);
    assertThat(discovery.current().topics()).hasSize(200);
  }

  // ---- What it believes ------------------------------------------------------------------------

  @Test
  @DisplayName("B94: another cluster's answer is ignored")
  void b94_anotherClustersAnswerIsIgnored() {
    world.cluster().createTopic("notes", 1);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    lookUp(discovery, "notes");
    ClusterMap before = discovery.current();
    for (int id = 1; id <= 2; id++) {
      says(id, answer("other").addBrokers(broker(7, "evil", 1)));
    }
    CompletableFuture<ClusterMap> found = discovery.lookup(List.of("notes")).toCompletableFuture();
    world.runFor(Duration.ofSeconds(5));
    assertThat(found).isNotDone();
    assertThat(discovery.current()).isEqualTo(before);
    assertThat(discovery.trouble()).contains("cluster other, not of " + FakeCluster.CLUSTER_ID);
  }

  @Test
  @DisplayName("B94: a broker that greets as another cluster's is not asked")
  void b94_aBrokerOfAnotherClusterIsNotAsked() {
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1));
    lookUp(discovery);
    world.broker(2).setHello(world.broker(2).hello().toBuilder().setClusterId("other").build());
    world.killBroker(1);
    discovery.lookup(List.of("notes"));
    world.runFor(Duration.ofSeconds(10));
    assertThat(world.broker(2).greetings()).isPositive();
    assertThat(asked(2)).isZero();
    assertThat(discovery.trouble()).isNotEmpty();
  }

  @Test
  @DisplayName("B94: metadata that leads nowhere does not cut the client off for ever")
  void b94_addressesThatLeadNowhereAreLeftAgain() {
    world.cluster().createTopic("notes", 1);
    boolean[] lying = {true};
    FakeBroker one = world.broker(1);
    one.script(
        request -> {
          if (lying[0]) {
            request.answer(
                Response.newBuilder()
                    .setMetadata(
                        answer(FakeCluster.CLUSTER_ID)
                            .addBrokers(broker(1, "nowhere", 1))
                            .addBrokers(broker(2, "b1", one.address().port()))),
                List.of());
          }
          return lying[0];
        });
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1));
    assertThat(lookUp(discovery).brokers()).hasSize(2);
    lying[0] = false;
    world.network().reset("client", "b1");
    assertThat(lookUp(discovery, "notes").topics()).containsKey("notes");
  }

  @Test
  @DisplayName("B74, B94: what makes no sense is left out")
  void b74_whatMakesNoSenseIsLeftOut() {
    says(
        1,
        answer(FakeCluster.CLUSTER_ID)
            .addBrokers(broker(1, "ok", 7272))
            .addBrokers(broker(2, "no host", 7272))
            .addBrokers(broker(3, "b", 70_000))
            .addBrokers(broker(4, "b", 0))
            .addBrokers(BrokerInfo.newBuilder().setId(5))
            .addTopics(TopicInfo.newBuilder().setName("unasked").setTopicId("unasked~1"))
            .addTopics(
                TopicInfo.newBuilder()
                    .setName("notes")
                    .setTopicId("notes~1")
                    .addPartitions(PartitionInfo.newBuilder().setPartition(-1))
                    .addPartitions(PartitionInfo.newBuilder().setPartition(0).setLeader(1))
                    .addPartitions(PartitionInfo.newBuilder().setPartition(1).setLeaderEpoch(-5))));
    ClusterMap map = lookUp(Discoveries.ofBrokers(world, world.given(1)), "notes");
    assertThat(map.brokers().keySet()).containsExactly(1);
    assertThat(map.topics().keySet()).containsExactly("notes");
    assertThat(map.topics().values().iterator().next().partitions()).hasSize(1);
  }

  @Test
  @DisplayName(
      "F24: a broker that was cut off, and says again what is doubted, is left for another")
  void f24_asksAnotherWhenABrokerSaysOnlyWhatIsDoubted() {
    String id = world.cluster().createTopic("notes", 1).id();
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1));
    ClusterMap before = lookUp(discovery, "notes");
    MetadataResponse.Builder old = answer(FakeCluster.CLUSTER_ID);
    before
        .brokers()
        .values()
        .forEach(each -> old.addBrokers(broker(each.id(), each.host(), each.port())));
    old.addTopics(
        TopicInfo.newBuilder()
            .setName("notes")
            .setTopicId(id)
            .addPartitions(PartitionInfo.newBuilder().setLeader(1).setLeaderEpoch(1)));
    says(1, old);
    world.cluster().lead("notes", 0, 2, false);
    lookUp(discovery, "notes");
    ClusterMap after = lookUp(discovery, "notes");
    assertThat(asked(2)).isPositive();
    assertThat(after.topics().values().iterator().next().partitions().get(0).leader()).hasValue(2);
  }

  @Test
  void thatATopicIsMissingIsBelievedWhenAnotherBrokerAgrees() {
    world.cluster().createTopic("notes", 1);
    // This one has lost ZooKeeper, and has not heard of the topic.
    says(
        1,
        answer(FakeCluster.CLUSTER_ID)
            .addBrokers(broker(1, "b1", world.broker(1).address().port()))
            .addBrokers(broker(2, "b2", world.broker(2).address().port()))
            .addTopics(
                TopicInfo.newBuilder()
                    .setName("notes")
                    .setError(Error.newBuilder().setCode(ErrorCode.UNKNOWN_TOPIC))));
    for (int i = 0; i < 20; i++) {
      BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1));
      assertThat(lookUp(discovery, "notes").topics()).containsKey("notes");
    }
    assertThat(asked(2)).isPositive();
  }

  @Test
  void thatATopicIsMissingIsBelievedInTheEndWhenNobodyElseAnswers() {
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    lookUp(discovery);
    world.killBroker(2);
    assertThat(lookUp(discovery, "notes").topics()).isEmpty();
  }

  @Test
  void aBrokerThatCannotTellOfATopicIsNotTheLastWord() {
    world.cluster().createTopic("notes", 1);
    says(
        1,
        answer(FakeCluster.CLUSTER_ID)
            .addBrokers(broker(1, "b1", world.broker(1).address().port()))
            .addBrokers(broker(2, "b2", world.broker(2).address().port()))
            .addTopics(
                TopicInfo.newBuilder()
                    .setName("notes")
                    .setError(Error.newBuilder().setCode(ErrorCode.UNAVAILABLE))));
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    assertThat(lookUp(discovery, "notes").topics()).containsKey("notes");
  }

  @Test
  void aTopicThatMayNotBeSeenIsToldAtOnce() {
    for (int id = 1; id <= 2; id++) {
      says(
          id,
          answer(FakeCluster.CLUSTER_ID)
              .addBrokers(broker(1, "b1", world.broker(1).address().port()))
              .addTopics(
                  TopicInfo.newBuilder()
                      .setName("notes")
                      .setError(Error.newBuilder().setCode(ErrorCode.NOT_AUTHORISED))));
    }
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1, 2));
    assertThatThrownBy(() -> lookUp(discovery, "notes"))
        .hasCauseInstanceOf(NotAuthorisedException.class);
  }

  // ---- The end ---------------------------------------------------------------------------------

  @Test
  void closingEndsLookupsAndTheConnection() {
    refuses(1, ErrorCode.STOPPING);
    BrokerDiscovery discovery = Discoveries.ofBrokers(world, world.given(1));
    CompletableFuture<ClusterMap> found = discovery.lookup(List.of("notes")).toCompletableFuture();
    world.runFor(Duration.ofMillis(10));
    world.clientTransport().loops().get(0).execute(discovery::close);
    world.runFor(Duration.ofSeconds(10));
    assertThat(found).isCompletedExceptionally();
    assertThat(world.network().linkEnds()).isZero();
    CompletableFuture<ClusterMap> late = discovery.lookup(List.of("notes")).toCompletableFuture();
    world.runFor(Duration.ofSeconds(1));
    assertThat(late).isCompletedExceptionally();
  }

  // ---- Addresses -------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "broker://h; broker://h:7272",
        "broker://h:1,[::1]:2 , b; broker://h:1,[::1]:2,b:7272",
        "' broker://[fe80::1]'; broker://[fe80::1]:7272"
      })
  void readsAddresses(String text, String meant) {
    assertThat(BrokerAddresses.isMeant(text)).isTrue();
    assertThat(BrokerAddresses.parse(text)).hasToString(meant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "broker://",
        "broker://h:0",
        "broker://h:65536",
        "broker://h:x",
        "broker://a,,b",
        "broker://::1",
        "broker://[::1",
        "broker://[::1]7272",
        "broker://h:7272/millrace",
        "broker://a b"
      })
  void refusesWhatIsNoAddressAndSaysHowOneLooks(String text) {
    assertThatThrownBy(() -> BrokerAddresses.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text)
        .hasMessageContaining("broker://host:7272,host:7272");
  }
}
