package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.AlterTopicRequest;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.DescribeSettingsRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Earliest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.SettingInfo;
import io.millrace.wire.v1.SettingSource;
import io.millrace.wire.v1.SettingsDescription;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TrimPartition;
import io.millrace.wire.v1.TrimRequest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Altering, describing and trimming topics, as a client and an operator see them. */
class TopicChangesTest {
  private static final long SECOND = SimulatedCluster.SECOND;

  private final SimulatedCluster cluster = new SimulatedCluster(17);
  private final SimulatedCluster.Machine machine = cluster.machine(1);

  private TestClient started() {
    return cluster.client(machine.start().client());
  }

  private Response ask(TestClient client, Request.Builder request) {
    return cluster.await(client.send(request)).response();
  }

  private static Request.Builder alter(AlterTopicRequest.Builder wanted) {
    return Request.newBuilder().setAlterTopic(wanted);
  }

  private static AlterTopicRequest.Builder orders() {
    return AlterTopicRequest.newBuilder().setName("orders");
  }

  private TopicInfo altered(TestClient client, AlterTopicRequest.Builder wanted) {
    Response response = ask(client, alter(wanted));
    assertThat(response.hasError()).describedAs("%s", response.getError()).isFalse();
    return response.getAlterTopic().getTopic();
  }

  private void produce(TestClient client, TopicInfo topic, int partition, String value) {
    Response response =
        cluster
            .await(
                client.produce(
                    topic.getTopicId(), partition, Durability.STANDARD, Batches.single(value)))
            .response();
    assertThat(response.getProduce().getResults(0).hasError())
        .describedAs("%s", response)
        .isFalse();
  }

  private long earliest(TestClient client, TopicInfo topic) {
    ListOffsetsPartition.Builder asked =
        ListOffsetsPartition.newBuilder()
            .setTopicId(topic.getTopicId())
            .setEarliest(Earliest.getDefaultInstance());
    return cluster
        .await(client.listOffsets(asked))
        .response()
        .getListOffsets()
        .getResults(0)
        .getOffset();
  }

  @Test
  void retentionThatIsAlteredTakesEffectWithoutARestart() {
    TestClient client = started();
    TopicInfo topic = cluster.create(client, "orders", 1, Map.of("segment.bytes", "65536"));
    for (int i = 0; i < 6; i++) {
      produce(client, topic, 0, "x".repeat(40_000));
    }
    cluster.scheduler.runFor(60 * SECOND);
    assertThat(earliest(client, topic)).isZero();

    TopicInfo now = altered(client, orders().putSet("retention.bytes", "50000"));

    assertThat(now.getSettingsMap())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("segment.bytes", "65536", "retention.bytes", "50000"));
    for (int tries = 0; earliest(client, topic) != 4; tries++) {
      assertThat(tries).as("looks at the beginning of the log").isLessThan(60);
      cluster.scheduler.runFor(SECOND);
    }
  }

  @Test
  void partitionsThatAreAddedAreServed() {
    TestClient client = started();
    TopicInfo topic = cluster.create(client, "orders", 2, Map.of());
    produce(client, topic, 1, "old");

    TopicInfo now = altered(client, orders().setPartitions(5));

    assertThat(now.getTopicId()).isEqualTo(topic.getTopicId());
    assertThat(now.getPartitionsList()).hasSize(5).allMatch(partition -> partition.hasLeader());
    for (int partition = 0; partition < 5; partition++) {
      cluster.awaitLed(client, topic.getTopicId(), partition);
      produce(client, topic, partition, "new");
    }
    assertThat(cluster.await(client.fetch(topic.getTopicId(), 1, 0, 0)).records())
        .containsExactly("0:old", "1:new");

    // And after a restart.
    machine.stop();
    TestClient again = cluster.client(machine.start().client());
    cluster.awaitLed(again, topic.getTopicId(), 4);
    assertThat(cluster.await(again.fetch(topic.getTopicId(), 4, 0, 0)).records())
        .containsExactly("0:new");
  }

  @Test
  void whatAPersonWritesIntoZooKeeperTakesEffectToo() {
    TestClient client = started();
    TopicInfo topic = cluster.create(client, "orders", 1, Map.of());
    produce(client, topic, 0, "y".repeat(5_000));
    String path = ZnodePaths.topic("orders");
    Node node = ((ReadOutcome.Found<Node>) cluster.byHand(s -> s.read(path))).value();
    String text =
        node.data()
            .toStringUtf8()
            .replace(
                "\"settings\":{}", "\"settings\":{\"record.max.bytes\":\"1024\",\"hue\":\"7\"}");
    cluster.byHand(s -> s.set(path, ByteString.copyFromUtf8(text), node.version()));
    cluster.scheduler.runFor(SECOND);

    Response response =
        cluster
            .await(
                client.produce(
                    topic.getTopicId(), 0, Durability.STANDARD, Batches.single("y".repeat(5_000))))
            .response();
    assertThat(response.getProduce().getResults(0).getError().getCode())
        .isEqualTo(ErrorCode.TOO_LARGE);

    // What nobody knows can be taken away again.
    TopicInfo now = altered(client, orders().addUnset("hue").addUnset("record.max.bytes"));
    assertThat(now.getSettingsMap()).isEmpty();
    produce(client, topic, 0, "y".repeat(5_000));
  }

  @Test
  void checksWithoutAltering() {
    TestClient client = started();
    cluster.create(client, "orders", 2, Map.of());
    TopicInfo would =
        altered(
            client, orders().putSet("retention.ms", "-1").setPartitions(4).setValidateOnly(true));
    assertThat(would.getPartitionsCount()).isEqualTo(4);
    assertThat(would.getSettingsMap()).isEqualTo(Map.of("retention.ms", "-1"));

    TopicInfo is = cluster.await(client.metadata("orders")).response().getMetadata().getTopics(0);
    assertThat(is.getPartitionsCount()).isEqualTo(2);
    assertThat(is.getSettingsMap()).isEmpty();
  }

  private void assertRefused(
      TestClient client, AlterTopicRequest.Builder wanted, ErrorCode code, String... words) {
    Response response = ask(client, alter(wanted));
    assertThat(response.getError().getCode()).describedAs("%s", response).isEqualTo(code);
    assertThat(response.getError().getMessage()).contains(words);
  }

  @Test
  @DisplayName("B58, B61, B62, B63: what cannot be, with key, value and what is allowed")
  void b63_refusesWhatCannotBe() {
    TestClient client = started();
    cluster.create(client, "orders", 2, Map.of());
    assertRefused(
        client,
        orders().putSet("retention.ms", "7d"),
        ErrorCode.INVALID_SETTING,
        "retention.ms=7d",
        "-1 (for ever)");
    assertRefused(
        client,
        orders().putSet("retention.msec", "7"),
        ErrorCode.INVALID_SETTING,
        "did you mean retention.ms?");
    assertRefused(client, orders().putSet("min.in.sync", "2"), ErrorCode.INVALID_SETTING, "1 to 1");
    assertRefused(
        client, orders().addUnset("retention"), ErrorCode.INVALID_SETTING, "retention.ms");
    assertRefused(client, orders().setPartitions(1), ErrorCode.INVALID_REQUEST, "lost");
    assertRefused(client, orders().setPartitions(-1), ErrorCode.INVALID_REQUEST, "1 to 10000");
    assertRefused(client, orders(), ErrorCode.INVALID_REQUEST, "nothing to alter");
    assertRefused(
        client,
        AlterTopicRequest.newBuilder().setName("../x").setPartitions(3),
        ErrorCode.INVALID_TOPIC_NAME,
        "\"../x\"");
    assertRefused(
        client,
        AlterTopicRequest.newBuilder().setName("none").setPartitions(3),
        ErrorCode.UNKNOWN_TOPIC,
        "none");
    assertRefused(
        client,
        orders().setTopicId("orders~aaaaaaaa").setPartitions(3),
        ErrorCode.UNKNOWN_TOPIC,
        "orders~aaaaaaaa");
  }

  @Test
  void describesWhatHoldsAndWhereItComesFrom() {
    machine.settings.put("topic.retention.ms", "60000");
    TestClient client = started();
    cluster.create(client, "orders", 1, Map.of("durability", "synced"));
    List<SettingsDescription> described =
        ask(
                client,
                Request.newBuilder()
                    .setDescribeSettings(
                        DescribeSettingsRequest.newBuilder()
                            .addTopics("orders")
                            .addTopics("none")
                            .setBroker(true)))
            .getDescribeSettings()
            .getDescribedList();

    assertThat(described).hasSize(3);
    SettingInfo durability = setting(described.get(0), "durability");
    assertThat(durability.getValue()).isEqualTo("synced");
    assertThat(durability.getDefaultValue()).isEqualTo("standard");
    assertThat(durability.getSource()).isEqualTo(SettingSource.FROM_TOPIC);
    assertThat(durability.getAllowed()).isEqualTo("leader, standard, synced");
    assertThat(durability.getDynamic()).isTrue();
    assertThat(setting(described.get(0), "retention.ms").getValue()).isEqualTo("60000");
    assertThat(setting(described.get(0), "retention.ms").getSource())
        .isEqualTo(SettingSource.FROM_COMMAND_LINE);
    assertThat(described.get(1).getError().getCode()).isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    SettingInfo retention = setting(described.get(2), "topic.retention.ms");
    assertThat(retention.getValue()).isEqualTo("60000");
    assertThat(retention.getDefaultValue()).isEqualTo("604800000");
    assertThat(retention.getDynamic()).isFalse();
    assertThat(setting(described.get(2), "fetch.max.bytes").getSource())
        .isEqualTo(SettingSource.BUILT_IN);
    assertThat(described.get(2).getSettingsList()).allMatch(s -> !s.getDocumentation().isEmpty());
  }

  private static SettingInfo setting(SettingsDescription description, String key) {
    return description.getSettingsList().stream()
        .filter(setting -> setting.getKey().equals(key))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void asksForSomethingOrIsRefused() {
    Response response =
        ask(
            started(),
            Request.newBuilder().setDescribeSettings(DescribeSettingsRequest.newBuilder()));
    assertThat(response.getError().getCode()).isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void trimsAndKeepsTheNewBeginningOverAPowerLoss() {
    TestClient client = started();
    TopicInfo topic = cluster.create(client, "orders", 1, Map.of());
    for (int i = 0; i < 5; i++) {
      produce(client, topic, 0, "v" + i);
    }
    TrimPartition.Builder before =
        TrimPartition.newBuilder().setTopicId(topic.getTopicId()).setBeforeOffset(3);

    Response response = ask(client, trim(before));

    assertThat(response.getTrim().getResults(0).getError().getMessage()).isEmpty();
    assertThat(response.getTrim().getResults(0).getStartOffset()).isEqualTo(3);
    assertThat(
            cluster
                .await(client.fetch(topic.getTopicId(), 0, 2, 0))
                .response()
                .getFetch()
                .getResults(0)
                .getError()
                .getCode())
        .isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE);
    machine.losePower();
    TestClient again = cluster.client(machine.start().client());
    cluster.awaitLedAt(again, topic.getTopicId(), 0, 3);
    assertThat(cluster.await(again.fetch(topic.getTopicId(), 0, 3, 0)).records())
        .containsExactly("3:v3", "4:v4");
  }

  private static Request.Builder trim(TrimPartition.Builder... partitions) {
    TrimRequest.Builder trim = TrimRequest.newBuilder();
    for (TrimPartition.Builder partition : partitions) {
      trim.addPartitions(partition);
    }
    return Request.newBuilder().setTrim(trim);
  }

  @Test
  @DisplayName("B26, B40, B45: trims that cannot be")
  void b26_refusesTrimsThatCannotBe() {
    TestClient client = started();
    TopicInfo topic = cluster.create(client, "orders", 1, Map.of());
    TrimPartition.Builder there = TrimPartition.newBuilder().setTopicId(topic.getTopicId());
    assertThat(ask(client, trim()).getError().getCode()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(ask(client, trim(there, there)).getError().getMessage()).contains("named twice");
    assertThat(
            ask(
                    client,
                    trim(
                        there.clone().setBeforeOffset(1),
                        there.clone().setPartition(1),
                        TrimPartition.newBuilder().setTopicId("orders~aaaaaaaa")))
                .getTrim()
                .getResultsList())
        .extracting(result -> result.getError().getCode())
        .containsExactly(
            ErrorCode.OFFSET_OUT_OF_RANGE, ErrorCode.UNKNOWN_PARTITION, ErrorCode.UNKNOWN_TOPIC);
  }

  @Test
  @DisplayName("B57: changes are bounded, trials and reads are not, and others go on")
  void b57_boundsChanges() {
    machine.settings.put("topic.changes.per.second", "1");
    TestClient client = started();
    Response made = ask(client, create("large", 80, false));
    assertThat(made.hasError()).isFalse();

    assertThat(ask(client, create("more", 1, false)).getError().getCode())
        .isEqualTo(ErrorCode.BUSY);
    assertThat(
            ask(
                    client,
                    Request.newBuilder()
                        .setDeleteTopic(DeleteTopicRequest.newBuilder().setName("large")))
                .getError()
                .getCode())
        .isEqualTo(ErrorCode.BUSY);
    assertThat(
            ask(client, alter(AlterTopicRequest.newBuilder().setName("large").setPartitions(99)))
                .getError()
                .getCode())
        .isEqualTo(ErrorCode.BUSY);
    assertThat(ask(client, create("more", 1, true)).hasError()).isFalse();
    assertThat(cluster.await(client.metadata("large")).response().hasError()).isFalse();

    cluster.scheduler.runFor(30 * SECOND);
    assertThat(ask(client, create("more", 1, false)).hasError()).isFalse();
  }

  @Test
  @DisplayName("B57: topics made by being produced to count as well, and the refusal says why")
  void b57_boundsTopicsMadeByUse() {
    machine.settings.put("topic.changes.per.second", "1");
    machine.settings.put("auto.create.topics", "true");
    TestClient client = started();
    MetadataRequest.Builder many = MetadataRequest.newBuilder().setAutoCreate(true);
    for (int i = 0; i < 61; i++) {
      many.addTopics("made-" + i);
    }
    assertThat(ask(client, Request.newBuilder().setMetadata(many)).getMetadata().getTopicsList())
        .noneMatch(TopicInfo::hasError);

    MetadataRequest.Builder more =
        MetadataRequest.newBuilder().setAutoCreate(true).addTopics("one-more").addTopics("made-1");
    List<TopicInfo> answer =
        ask(client, Request.newBuilder().setMetadata(more)).getMetadata().getTopicsList();
    assertThat(answer.get(0).getError().getCode()).isEqualTo(ErrorCode.BUSY);
    assertThat(answer.get(0).getError().getMessage()).contains("topic.changes.per.second=1");
    assertThat(answer.get(1).hasError()).isFalse();
  }

  private static Request.Builder create(String name, int partitions, boolean isTrial) {
    return Request.newBuilder()
        .setCreateTopic(
            CreateTopicRequest.newBuilder()
                .setName(name)
                .setPartitions(partitions)
                .setValidateOnly(isTrial));
  }
}
