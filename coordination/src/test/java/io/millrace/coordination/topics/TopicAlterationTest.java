package io.millrace.coordination.topics;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.AlterOutcome.Altered;
import io.millrace.coordination.topics.AlterOutcome.Invalid;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** coordination.md, "Topics": settings that change, partitions that are added. */
class TopicAlterationTest {
  private TopicTestCluster cluster = new TopicTestCluster(31, 2);
  private String id = "";

  @BeforeEach
  void createTopic() {
    id = create();
  }

  private String create() {
    CreateOutcome outcome =
        cluster
            .world()
            .get(
                cluster
                    .creation(1)
                    .create(
                        new TopicRequest(
                            "orders", 2, OptionalInt.of(1), Map.of("a", "1", "b", "2"))));
    return ((CreateOutcome.Created) outcome).topicId();
  }

  private static AlterationRequest wish(
      Map<String, String> set, Set<String> unset, OptionalInt partitions) {
    return new AlterationRequest("orders", Optional.empty(), set, unset, partitions);
  }

  private static AlterationRequest set(String key, String value) {
    return wish(Map.of(key, value), Set.of(), OptionalInt.empty());
  }

  private static AlterationRequest partitions(int count) {
    return wish(Map.of(), Set.of(), OptionalInt.of(count));
  }

  private AlterOutcome alter(int by, AlterationRequest wanted) {
    return cluster.world().get(cluster.alteration(by).alter(wanted));
  }

  private TopicImage topic() {
    TopicImage topic = cluster.topic("orders");
    assertThat(topic).isNotNull();
    return topic == null ? new TopicImage("", "", false, 0, 0, Map.of(), List.of()) : topic;
  }

  private void assertInvalid(AlterationRequest wanted, Invalid.Reason reason, String... words) {
    TopicImage before = topic();
    for (boolean isTrial : List.of(true, false)) {
      TopicAlteration alteration = cluster.alteration(1);
      assertThat(
              cluster.world().get(isTrial ? alteration.validate(wanted) : alteration.alter(wanted)))
          .isInstanceOfSatisfying(
              Invalid.class,
              invalid -> {
                assertThat(invalid.reason()).isEqualTo(reason);
                assertThat(invalid.message()).contains(words);
              });
    }
    assertThat(topic()).isEqualTo(before);
  }

  @Test
  void setsAndUnsetsInOneWriteThatEverybodySees() {
    AlterOutcome outcome =
        alter(2, wish(Map.of("a", "7", "c", "3"), Set.of("b"), OptionalInt.empty()));

    assertThat(outcome).isEqualTo(new Altered(id, 2, Map.of("a", "7", "c", "3")));
    assertThat(topic().settings()).isEqualTo(Map.of("a", "7", "c", "3"));
    assertThat(cluster.image(2).topics().get("orders")).isEqualTo(topic());
    assertThat(versionOfTopic()).isEqualTo(1);
  }

  private int versionOfTopic() {
    ReadOutcome<Node> read =
        cluster.world().get(cluster.store(1), s -> s.read(ZnodePaths.topic("orders")));
    return ((ReadOutcome.Found<Node>) read).value().version();
  }

  @Test
  void writesNothingWhenItIsLikeThatAlready() {
    assertThat(alter(1, wish(Map.of("a", "1"), Set.of("z"), OptionalInt.of(2))))
        .isEqualTo(new Altered(id, 2, Map.of("a", "1", "b", "2")));
    assertThat(versionOfTopic()).isZero();
  }

  @Test
  void addsPartitionsThatAreLedByLiveBrokersAtOnce() {
    assertThat(alter(2, partitions(6))).isEqualTo(new Altered(id, 6, Map.of("a", "1", "b", "2")));

    assertThat(topic().partitions()).hasSize(6).doesNotContainNull();
    for (PartitionImage partition : topic().partitions()) {
      if (partition != null) {
        assertThat(partition.leader()).hasValue(partition.replicas().get(0));
        assertThat(partition.leaderEpoch()).isEqualTo(1);
        assertThat(partition.soleFlushed()).isTrue();
      }
    }
    long onFirst =
        topic().partitions().stream()
            .filter(one -> one != null && one.replicas().equals(List.of(1)))
            .count();
    assertThat(onFirst).as("spread evenly").isEqualTo(3);
  }

  @Test
  @DisplayName("coordination.md: split when larger than a transaction, the count last")
  void addsMorePartitionsThanATransactionHolds() {
    assertThat(alter(1, partitions(10_000))).isInstanceOf(Altered.class);
    assertThat(topic().partitions()).hasSize(10_000).doesNotContainNull();
  }

  @Test
  @DisplayName("B61: partitions are never taken away")
  void b61_refusesToShrink() {
    assertInvalid(partitions(1), Invalid.Reason.PARTITIONS, "2 partitions", "1", "lost");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 10_001, Integer.MAX_VALUE, Integer.MIN_VALUE})
  @DisplayName("B61: partition counts that cannot be")
  void b61_refusesPartitionCounts(int count) {
    assertInvalid(partitions(count), Invalid.Reason.PARTITIONS, Integer.toString(count), "10000");
  }

  @Test
  @DisplayName("B62, B63: asks who knows the settings about all that the topic would have")
  void b63_refusesBadSettings() {
    assertInvalid(set("bad", "x"), Invalid.Reason.SETTING, "unknown setting bad");
  }

  @Test
  void refusesARequestThatSaysNothingOrTwoThings() {
    assertInvalid(wish(Map.of(), Set.of(), OptionalInt.empty()), Invalid.Reason.REQUEST, "nothing");
    assertInvalid(
        wish(Map.of("a", "5"), Set.of("a"), OptionalInt.empty()),
        Invalid.Reason.REQUEST,
        "a is both set and unset");
  }

  @Test
  void triesWithoutAltering() {
    AlterationRequest wanted = wish(Map.of("c", "3"), Set.of("a"), OptionalInt.of(4));
    assertThat(cluster.world().get(cluster.alteration(1).validate(wanted)))
        .isEqualTo(new AlterOutcome.Valid(id, 4, 1, Map.of("b", "2", "c", "3")));
    assertThat(versionOfTopic()).isZero();
    assertThat(cluster.children(ZnodePaths.partitions(id))).hasSize(2);
  }

  @Test
  @DisplayName("4.24: ids, not names: another topic of the same name is not meant")
  void altersNoOtherTopicOfTheSameName() {
    AlterationRequest wanted =
        new AlterationRequest(
            "orders",
            Optional.of("orders~aaaaaaaa"),
            Map.of("a", "9"),
            Set.of(),
            OptionalInt.empty());
    assertThat(alter(1, wanted)).isInstanceOf(AlterOutcome.NotFound.class);
    assertThat(topic().settings()).containsEntry("a", "1");
  }

  @Test
  void findsOnlyWhatIsThereAndNotBeingDeleted() {
    assertThat(
            alter(
                1,
                new AlterationRequest(
                    "none", Optional.empty(), Map.of("a", "1"), Set.of(), OptionalInt.empty())))
        .isEqualTo(new AlterOutcome.NotFound("there is no topic none"));
    cluster.delete(1, "orders");
    assertThat(alter(1, set("a", "9")))
        .isEqualTo(new AlterOutcome.NotFound("topic orders is being deleted"));
  }

  @Test
  @DisplayName("reliability 8.19: without contact it answers unavailable, not maybe")
  void saysUnavailableWithoutContact() {
    cluster.world().stopServers();
    cluster.world().await("suspended", () -> !cluster.view(1).isConnected());

    assertThat(alter(1, set("a", "9"))).isInstanceOf(AlterOutcome.Unavailable.class);
    cluster.world().restartServers();
    assertThat(topic().settings()).containsEntry("a", "1");
  }

  @Test
  @DisplayName("B71, B73: what it does not understand it does not write over")
  void b73_doesNotWriteWhatItDoesNotUnderstand() {
    overwrite(
        ZnodePaths.topic("orders"),
        "{\"version\":1,\"topicId\":\""
            + id
            + "\",\"partitions\":2,\"replicationFactor\":1,\"settings\":{},\"state\":\"ACTIVE\","
            + "\"novelty\":true}");
    assertThat(alter(1, set("a", "9"))).isInstanceOf(AlterOutcome.Unavailable.class);
  }

  private void overwrite(String path, String content) {
    cluster
        .world()
        .get(
            cluster.store(1),
            s ->
                s.read(path)
                    .thenCompose(
                        read ->
                            s.set(
                                path,
                                ByteString.copyFromUtf8(content),
                                ((ReadOutcome.Found<Node>) read).value().version())));
  }

  @Test
  void severalAtOnceEachAddTheirs() {
    List<CompletableFuture<AlterOutcome>> asked =
        List.of(
            cluster.alteration(1).alter(set("x", "1")).toCompletableFuture(),
            cluster.alteration(2).alter(set("y", "2")).toCompletableFuture(),
            cluster.alteration(1).alter(partitions(5)).toCompletableFuture(),
            cluster.alteration(2).alter(partitions(4)).toCompletableFuture());

    List<AlterOutcome> outcomes = asked.stream().map(cluster.world()::get).toList();

    assertThat(outcomes.subList(0, 3)).allMatch(Altered.class::isInstance);
    // Either before the one that makes it five, or too late.
    assertThat(outcomes.get(3)).isInstanceOfAny(Altered.class, Invalid.class);
    assertThat(topic().settings()).containsEntry("x", "1").containsEntry("y", "2");
    assertThat(topic().partitions()).hasSize(5).doesNotContainNull();
  }

  @Test
  @DisplayName("if we crash here: what an interrupted addition left is written over")
  void writesOverWhatAnInterruptedAdditionLeft() {
    for (int left : List.of(2, 3, 7)) {
      create(ZnodePaths.partition(id, left), "half made");
    }

    assertThat(alter(1, partitions(4))).isInstanceOf(Altered.class);

    assertThat(topic().partitions()).hasSize(4).doesNotContainNull();
    assertThat(alter(1, partitions(9))).isInstanceOf(Altered.class);
    assertThat(topic().partitions()).hasSize(9).doesNotContainNull();
  }

  private void create(String path, String content) {
    cluster
        .world()
        .get(
            cluster.store(1),
            s -> s.create(path, ByteString.copyFromUtf8(content), NodeKind.PERSISTENT));
  }

  @Test
  @DisplayName("if we crash here: what an interrupted addition left goes with the topic")
  void leftOversDoNotKeepADeletedTopic() {
    create(ZnodePaths.partition(id, 2), "half made");
    cluster.delete(1, "orders");
    TopicImage topic = topic();
    for (int partition = 0; partition < 2; partition++) {
      PartitionImage image = topic.partitions().get(partition);
      int holder = image == null ? 0 : image.replicas().get(0);
      assertThat(
              cluster
                  .world()
                  .get(
                      new DeletionProgress(cluster.store(holder), holder)
                          .confirm(topic, partition)))
          .isTrue();
    }
    assertThat(cluster.children(ZnodePaths.TOPICS)).isEmpty();
    assertThat(cluster.children(ZnodePaths.PARTITIONS)).isEmpty();
  }

  @RepeatedTest(8)
  @DisplayName("a deletion in between: nothing is added to a topic that is going")
  void aDeletionInBetweenWins(RepetitionInfo repetition) {
    CompletableFuture<AlterOutcome> asked =
        cluster.alteration(2).alter(partitions(4_500)).toCompletableFuture();
    cluster.world().scheduler().runFor(MILLISECONDS.toNanos(repetition.getCurrentRepetition()));
    assertThat(cluster.delete(1, "orders")).isEqualTo(new DeleteOutcome.Deleting(id));

    AlterOutcome outcome = cluster.world().get(asked);

    TopicImage topic = topic();
    assertThat(topic.deleting()).isTrue();
    if (outcome instanceof Altered) {
      assertThat(topic.partitionCount()).isEqualTo(4_500);
    } else {
      assertThat(outcome).isInstanceOf(AlterOutcome.NotFound.class);
      assertThat(topic.partitionCount()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"LOST_BEFORE", "LOST_AFTER", "LATE"})
  @DisplayName("reliability 8.5: altered once, whatever becomes of the write")
  void isTruthfulAfterAnUnknownOutcome(String fate) {
    cluster.world().ensemble().setNextWrite(cluster.store(1), WriteFate.valueOf(fate));
    cluster.world().settle();

    assertThat(alter(1, wish(Map.of("a", "9"), Set.of(), OptionalInt.of(3))))
        .isInstanceOf(Altered.class);

    cluster.world().scheduler().runFor(SECONDS.toNanos(1));
    assertThat(topic().settings()).containsEntry("a", "9");
    assertThat(topic().partitions()).hasSize(3).doesNotContainNull();
    assertThat(versionOfTopic()).isEqualTo(1);
  }

  @Test
  @DisplayName("reliability 8.5: what others wrote after a lost answer is not written over")
  void doesNotWriteTwiceOverOthers() {
    cluster.world().ensemble().setNextWrite(cluster.store(1), WriteFate.LOST_AFTER);
    cluster.world().settle();
    CompletableFuture<AlterOutcome> asked =
        cluster.alteration(1).alter(set("a", "first")).toCompletableFuture();
    cluster
        .world()
        .await(
            "the first is written",
            () -> {
              TopicImage seen = cluster.view(2).image().topics().get("orders");
              return seen != null && "first".equals(seen.settings().get("a"));
            });
    cluster.world().ensemble().setIsolated(cluster.store(1), true);
    assertThat(alter(2, set("a", "second"))).isInstanceOf(Altered.class);
    cluster.world().ensemble().setIsolated(cluster.store(1), false);

    assertThat(cluster.world().get(asked))
        .isInstanceOfSatisfying(
            AlterOutcome.Unknown.class, unknown -> assertThat(unknown.topicId()).isEqualTo(id));
    assertThat(topic().settings()).containsEntry("a", "second");
  }

  @RepeatedTest(40)
  @DisplayName("reliability 8.5: many alterations and bad writes, and no answer is a lie")
  void isTruthfulUnderFaults(RepetitionInfo repetition) {
    cluster = new TopicTestCluster(repetition.getCurrentRepetition(), 2);
    create();
    cluster.world().ensemble().setWriteFaults(250);
    List<CompletableFuture<AlterOutcome>> asked =
        List.of(
            cluster.alteration(1).alter(set("w", "1")).toCompletableFuture(),
            cluster.alteration(2).alter(set("x", "1")).toCompletableFuture(),
            cluster.alteration(1).alter(partitions(3)).toCompletableFuture(),
            cluster.alteration(2).alter(partitions(4)).toCompletableFuture());
    List<AlterOutcome> outcomes = asked.stream().map(cluster.world()::get).toList();
    cluster.world().ensemble().setWriteFaults(0);
    cluster.world().scheduler().runFor(SECONDS.toNanos(2));

    TopicImage topic = topic();
    if (outcomes.get(0) instanceof Altered) {
      assertThat(topic.settings()).containsEntry("w", "1");
    } else if (outcomes.get(0) instanceof AlterOutcome.Unavailable) {
      assertThat(topic.settings()).doesNotContainKey("w");
    }
    if (outcomes.get(2) instanceof Altered) {
      assertThat(topic.partitionCount()).isGreaterThanOrEqualTo(3);
    }
    if (outcomes.get(3) instanceof Altered) {
      assertThat(topic.partitionCount()).isEqualTo(4);
    }
    assertThat(topic.partitions()).doesNotContainNull();
    assertThat(cluster.world().scheduler().thrown()).isEmpty();
  }

  @Test
  void theNodeIsStillOneLineOfJson() {
    alter(1, partitions(3));
    ReadOutcome<Node> read =
        cluster.world().get(cluster.store(1), s -> s.read(ZnodePaths.topic("orders")));
    Node node = ((ReadOutcome.Found<Node>) read).value();
    assertThat(node.data())
        .isEqualTo(
            ZnodeJson.TOPIC.write(
                TopicNode.newBuilder()
                    .setVersion(1)
                    .setTopicId(id)
                    .setPartitions(3)
                    .setReplicationFactor(1)
                    .putSettings("a", "1")
                    .putSettings("b", "2")
                    .setState(io.millrace.coordination.v1.TopicState.ACTIVE)
                    .build()));
  }
}
