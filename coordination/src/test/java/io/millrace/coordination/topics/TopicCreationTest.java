package io.millrace.coordination.topics;

import static io.millrace.coordination.topics.TopicTestCluster.request;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.CreateOutcome.Invalid;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** coordination.md, "Topics"; 4.24. */
class TopicCreationTest {
  private TopicTestCluster cluster = new TopicTestCluster(11, 2);

  private static void assertInvalid(CreateOutcome outcome, Invalid.Reason reason, String... words) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Invalid.class,
            invalid -> {
              assertThat(invalid.reason()).isEqualTo(reason);
              assertThat(invalid.message()).contains(words);
            });
  }

  private TopicImage topic(String name) {
    TopicImage topic = cluster.topic(name);
    assertThat(topic).as(name).isNotNull();
    return topic == null ? new TopicImage("", "", false, 0, 0, Map.of(), List.of()) : topic;
  }

  @Test
  void createsATopicThatEverybodySees() {
    CreateOutcome outcome =
        cluster
            .world()
            .get(
                cluster
                    .creation(2)
                    .create(
                        new TopicRequest(
                            "orders", 3, OptionalInt.of(1), Map.of("durability", "synced"))));

    assertThat(outcome).isInstanceOf(CreateOutcome.Created.class);
    CreateOutcome.Created created = (CreateOutcome.Created) outcome;
    assertThat(created.topicId()).matches("orders~[a-z2-7]{8}");
    TopicImage topic = topic("orders");
    assertThat(topic.id()).isEqualTo(created.topicId());
    assertThat(topic.partitionCount()).isEqualTo(3);
    assertThat(topic.settings()).isEqualTo(Map.of("durability", "synced"));
    assertThat(topic.deleting()).isFalse();
    assertThat(cluster.image(2).topics().get("orders")).isEqualTo(topic);
  }

  @Test
  @DisplayName("performance.md: a new partition has a leader without an election")
  void aNewPartitionIsLedByALiveBrokerInItsPresentLife() {
    cluster.create(1, "orders", 5);

    Set<Integer> leaders = new HashSet<>();
    for (PartitionImage partition : topic("orders").partitions()) {
      assertThat(partition).isNotNull();
      if (partition != null) {
        assertThat(partition.replicas()).hasSize(1);
        assertThat(partition.leader()).hasValue(partition.replicas().get(0));
        assertThat(partition.leaderIncarnation()).isEqualTo(1);
        assertThat(partition.leaderEpoch()).isEqualTo(1);
        assertThat(partition.inSync()).isEqualTo(partition.replicas());
        assertThat(partition.soleFlushed()).isTrue();
        assertThat(partition.lastChange()).contains("broker 1", "created");
        leaders.add(partition.leader().orElse(-1));
      }
    }
    assertThat(leaders).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  void aNameIsTakenOnce() {
    CreateOutcome.Created created = (CreateOutcome.Created) cluster.create(1, "orders", 1);
    assertThat(cluster.create(2, "orders", 4))
        .isEqualTo(new CreateOutcome.Exists(created.topicId(), false));
  }

  @Test
  void ofTwoAtOnceOneFindsItThere() {
    CompletableFuture<CreateOutcome> one =
        cluster.creation(1).create(request("orders", 1)).toCompletableFuture();
    CompletableFuture<CreateOutcome> other =
        cluster.creation(2).create(request("orders", 1)).toCompletableFuture();
    List<CreateOutcome> outcomes = List.of(cluster.world().get(one), cluster.world().get(other));

    assertThat(outcomes).filteredOn(CreateOutcome.Created.class::isInstance).hasSize(1);
    assertThat(outcomes).filteredOn(CreateOutcome.Exists.class::isInstance).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "../../x", "a\0b", "CON", "x."})
  @DisplayName("B58: a bad name is refused before any path is built")
  void b58_refusesBadNames(String name) {
    assertInvalid(cluster.create(1, name, 1), Invalid.Reason.NAME, "topic");
    assertThat(cluster.children(ZnodePaths.TOPICS)).isEmpty();
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).isEmpty();
  }

  @Test
  @DisplayName("B59: a.b beside a_b")
  void b59_refusesCollisions() {
    cluster.create(1, "a.b", 1);
    assertInvalid(cluster.create(2, "a_b", 1), Invalid.Reason.NAME, "a_b", "a.b", "collides");
  }

  @Test
  @DisplayName("B59: a.b and a_b at the same moment")
  void b59_ofTwoThatCollideAtOnceOneIsRefused() {
    CompletableFuture<CreateOutcome> one =
        cluster.creation(1).create(request("a.b", 1)).toCompletableFuture();
    CompletableFuture<CreateOutcome> other =
        cluster.creation(2).create(request("a_b", 1)).toCompletableFuture();
    List<CreateOutcome> outcomes = List.of(cluster.world().get(one), cluster.world().get(other));

    assertThat(outcomes).filteredOn(CreateOutcome.Created.class::isInstance).hasSize(1);
    assertThat(outcomes)
        .filteredOn(Invalid.class::isInstance)
        .singleElement()
        .satisfies(
            outcome -> assertInvalid(outcome, Invalid.Reason.NAME, "a_b", "a.b", "collides"));
    assertThat(cluster.children(ZnodePaths.TOPICS)).hasSize(1);
  }

  @Test
  @DisplayName("B59: the name is free again once the topic is gone")
  void b59_aDeletedTopicFreesItsName() {
    cluster.create(1, "a.b", 1);
    cluster.delete(1, "a.b");
    TopicImage topic = topic("a.b");
    PartitionImage partition = topic.partitions().get(0);
    int holder = partition == null ? 0 : partition.replicas().get(0);
    cluster.world().get(new DeletionProgress(cluster.store(holder), holder).confirm(topic, 0));

    assertThat(cluster.children(ZnodePaths.NAMES)).isEmpty();
    assertThat(cluster.create(2, "a_b", 1)).isInstanceOf(CreateOutcome.Created.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 10_001, 1_000_000, Integer.MIN_VALUE})
  @DisplayName("B61: partition counts that cannot be")
  void b61_refusesPartitionCounts(int partitions) {
    assertInvalid(
        cluster.create(1, "orders", partitions),
        Invalid.Reason.PARTITIONS,
        Integer.toString(partitions),
        "10000");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  @DisplayName("B61: replication factors that cannot be")
  void b61_refusesReplicationFactors(int factor) {
    assertInvalid(
        cluster
            .world()
            .get(
                cluster
                    .creation(1)
                    .create(new TopicRequest("orders", 1, OptionalInt.of(factor), Map.of()))),
        Invalid.Reason.REPLICATION_FACTOR,
        Integer.toString(factor));
  }

  @Test
  void placesEachReplicaOnABrokerOfItsOwn() {
    cluster = new TopicTestCluster(13, 3);
    cluster
        .world()
        .get(
            cluster.creation(1).create(new TopicRequest("orders", 6, OptionalInt.of(2), Map.of())));

    for (PartitionImage partition : topic("orders").partitions()) {
      assertThat(partition).isNotNull();
      if (partition != null) {
        assertThat(partition.replicas()).hasSize(2).doesNotHaveDuplicates();
        assertThat(partition.leader()).hasValue(partition.replicas().get(0));
        assertThat(partition.inSync()).isEqualTo(partition.replicas());
        assertThat(partition.soleFlushed()).isFalse();
      }
    }
    assertThat(topic("orders").replicationFactor()).isEqualTo(2);
  }

  @Test
  @DisplayName("defaults.md: min(3, live brokers)")
  void hasThreeReplicasOrAsManyAsThereAreBrokers() {
    createAsUsual("two");
    assertThat(topic("two").replicationFactor()).isEqualTo(2);
    cluster = new TopicTestCluster(13, 4);
    createAsUsual("three");
    assertThat(topic("three").replicationFactor()).isEqualTo(3);
  }

  private void createAsUsual(String name) {
    TopicRequest request = new TopicRequest(name, 1, OptionalInt.empty(), Map.of());
    cluster.world().get(cluster.creation(1).create(request));
  }

  @Test
  @DisplayName("B61: more replicas than live brokers")
  void b61_refusesMoreReplicasThanLiveBrokers() {
    assertInvalid(
        cluster
            .world()
            .get(
                cluster
                    .creation(1)
                    .create(new TopicRequest("orders", 1, OptionalInt.of(3), Map.of()))),
        Invalid.Reason.NOT_ENOUGH_BROKERS,
        "3 replicas",
        "[1, 2]");
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).isEmpty();
  }

  @Test
  @DisplayName("B61: no live broker at all")
  void b61_needsALiveBroker() {
    cluster = new TopicTestCluster(3, 1);
    cluster.world().get(cluster.broker(1).registration().stop());
    assertInvalid(
        cluster.create(1, "orders", 1), Invalid.Reason.NOT_ENOUGH_BROKERS, "live brokers");
  }

  @Test
  void asksWhoKnowsTheSettings() {
    assertInvalid(
        cluster
            .world()
            .get(
                cluster
                    .creation(1)
                    .create(new TopicRequest("orders", 1, OptionalInt.empty(), Map.of("bad", "")))),
        Invalid.Reason.SETTING,
        "unknown setting bad");
  }

  @Test
  void triesWithoutCreating() {
    assertThat(cluster.world().get(cluster.creation(1).validate(request("orders", 4))))
        .isEqualTo(new CreateOutcome.Valid(4, 1));
    assertThat(cluster.topic("orders")).isNull();
  }

  @Test
  @DisplayName("reliability 8.19: without contact it answers unavailable, not maybe")
  void saysUnavailableWithoutContact() {
    cluster.world().stopServers();
    cluster.world().await("suspended", () -> !cluster.view(1).isConnected());

    assertThat(cluster.create(1, "orders", 1)).isInstanceOf(CreateOutcome.Unavailable.class);
    cluster.world().restartServers();
    assertThat(cluster.topic("orders")).isNull();
  }

  @Test
  @DisplayName("coordination.md: split when larger than a transaction, the topic node last")
  void createsMorePartitionsThanATransactionHolds() {
    assertThat(cluster.create(1, "large", 10_000)).isInstanceOf(CreateOutcome.Created.class);

    TopicImage topic = topic("large");
    assertThat(topic.partitions()).hasSize(10_000).doesNotContainNull();
  }

  @Test
  @DisplayName("B71: a name whose node cannot be read is taken")
  void b71_doesNotOverwriteWhatItCannotRead() {
    cluster
        .world()
        .get(
            cluster.store(1),
            s ->
                s.create(
                    ZnodePaths.topic("orders"),
                    ByteString.copyFromUtf8("rubbish"),
                    NodeKind.PERSISTENT));
    assertThat(cluster.create(1, "orders", 1)).isEqualTo(new CreateOutcome.Exists("", false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"LOST_BEFORE", "LOST_AFTER", "LATE"})
  @DisplayName("reliability 8.5: one topic comes of it, whatever becomes of the write")
  void isTruthfulAfterAnUnknownOutcome(String fate) {
    cluster.world().ensemble().setNextWrite(cluster.store(1), WriteFate.valueOf(fate));
    cluster.world().settle();

    CreateOutcome outcome = cluster.create(1, "orders", 2);

    assertThat(outcome).isInstanceOf(CreateOutcome.Created.class);
    cluster.world().scheduler().runFor(1_000_000_000L);
    assertThat(topic("orders").id()).isEqualTo(((CreateOutcome.Created) outcome).topicId());
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).hasSize(1);
  }

  @Test
  @DisplayName(
      "reliability 8.5: unavailable is said of what was never written, and of nothing else")
  void doesNotCallALongUnknownUnavailable() {
    cluster.world().ensemble().setNextWrite(cluster.store(1), WriteFate.LOST_AFTER);
    cluster.world().settle();
    CompletableFuture<CreateOutcome> asked =
        cluster.creation(1).create(request("orders", 1)).toCompletableFuture();
    cluster.world().await("written", () -> cluster.view(2).image().topics().containsKey("orders"));
    cluster.world().ensemble().setIsolated(cluster.store(1), true);
    cluster.world().scheduler().runFor(SECONDS.toNanos(20));
    assertThat(asked).isNotDone();

    cluster.world().ensemble().setIsolated(cluster.store(1), false);
    assertThat(cluster.world().get(asked)).isInstanceOf(CreateOutcome.Created.class);
  }

  @RepeatedTest(40)
  @DisplayName("reliability 8.5: many creators and bad writes, and no answer is a lie")
  void isTruthfulUnderFaults(RepetitionInfo repetition) {
    cluster = new TopicTestCluster(repetition.getCurrentRepetition(), 2);
    cluster.world().ensemble().setWriteFaults(300);
    List<CompletableFuture<CreateOutcome>> asked =
        List.of(1, 2, 1, 2).stream()
            .map(id -> cluster.creation(id).create(request("orders", 2)).toCompletableFuture())
            .toList();
    List<CreateOutcome> outcomes = asked.stream().map(cluster.world()::get).toList();
    cluster.world().ensemble().setWriteFaults(0);
    cluster.world().scheduler().runFor(2_000_000_000L);

    TopicImage topic = cluster.topic("orders");
    assertThat(outcomes)
        .filteredOn(CreateOutcome.Created.class::isInstance)
        .hasSizeLessThanOrEqualTo(1)
        .allSatisfy(
            outcome ->
                assertThat(topic == null ? "" : topic.id())
                    .isEqualTo(((CreateOutcome.Created) outcome).topicId()));
    assertThat(outcomes)
        .filteredOn(CreateOutcome.Exists.class::isInstance)
        .allSatisfy(
            outcome ->
                assertThat(topic == null ? "" : topic.id())
                    .isEqualTo(((CreateOutcome.Exists) outcome).topicId()));
    assertThat(cluster.world().scheduler().thrown()).isEmpty();
  }
}
