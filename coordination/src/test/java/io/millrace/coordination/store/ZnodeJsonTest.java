package io.millrace.coordination.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.millrace.coordination.v1.EndpointNode;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.v1.LiveBrokerNode;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.RollCallEntry;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZnodeJsonTest {
  private static final String TOPIC =
      "{\"version\":1,\"topicId\":\"a~abcdefgh\",\"partitions\":1,\"replicationFactor\":1,"
          + "\"settings\":{},\"state\":\"ACTIVE\"}";

  private static final PartitionNode PARTITION =
      PartitionNode.newBuilder()
          .setVersion(1)
          .addReplicas(1)
          .addReplicas(2)
          .setLeader(2)
          .setLeaderIncarnation(5)
          .setLeaderEpoch(7)
          .addInSync(2)
          .addEligible(1)
          .addRollCall(
              RollCallEntry.newBuilder().setBroker(1).setLastEpoch(6).setLogEnd(12_345_678_901L))
          .setLastChange(
              LastChange.newBuilder().setBroker(2).setAt("2026-11-22T10:00:00Z").setWhy("created"))
          .build();

  private static <T extends Message> ZnodeReading<T> read(ZnodeJson<T> json, String text) {
    return json.read(ByteString.copyFromUtf8(text));
  }

  private static String damage(ZnodeJson<?> json, String text) {
    return damage(json, ByteString.copyFromUtf8(text));
  }

  private static String damage(ZnodeJson<?> json, ByteString data) {
    ZnodeReading<?> reading = json.read(data);
    assertThat(reading).isInstanceOf(ZnodeReading.Damaged.class);
    return ((ZnodeReading.Damaged<?>) reading).why();
  }

  @Test
  void parsesTheSameBytesOnceAndOthersAnew() {
    ByteString data = ZnodeJson.PARTITION.write(PARTITION);
    ByteString copy = ByteString.copyFrom(data.toByteArray());
    ByteString later = ZnodeJson.PARTITION.write(PARTITION.toBuilder().setLeaderEpoch(8).build());

    ZnodeReading<PartitionNode> first = ZnodeJson.PARTITION.read(data);
    assertThat(ZnodeJson.PARTITION.read(copy)).isSameAs(first);
    assertThat(ZnodeJson.PARTITION.read(later)).isNotEqualTo(first);
    // Contents of one kind mean nothing to another.
    assertThat(ZnodeJson.TOPIC.read(data)).isInstanceOf(ZnodeReading.Damaged.class);
  }

  @Test
  void contentsThatShareAPlaceAreToldApart() {
    for (int epoch = 1; epoch < 5_000; epoch++) {
      PartitionNode node = PARTITION.toBuilder().setLeaderEpoch(epoch).build();
      assertThat(ZnodeJson.PARTITION.read(ZnodeJson.PARTITION.write(node)))
          .isEqualTo(new ZnodeReading.Understood<>(node, true));
    }
  }

  @Test
  @DisplayName("coordination.md: one line, defaults printed, version first, 64-bit numbers quoted")
  void writesWhatAPersonCanRead() {
    assertThat(ZnodeJson.PARTITION.write(PARTITION).toStringUtf8())
        .isEqualTo(
            "{\"version\":1,\"replicas\":[1,2],\"leader\":2,\"leaderIncarnation\":5,"
                + "\"leaderEpoch\":7,\"inSync\":[2],\"eligible\":[1],\"soleFlushed\":false,"
                + "\"rollCall\":[{\"broker\":1,\"lastEpoch\":6,\"logEnd\":\"12345678901\","
                + "\"lost\":false}],\"adding\":[],\"removing\":[],"
                + "\"lastChange\":{\"broker\":2,\"at\":\"2026-11-22T10:00:00Z\","
                + "\"why\":\"created\"}}");
  }

  @Test
  void readsWhatItWrote() {
    assertThat(ZnodeJson.PARTITION.read(ZnodeJson.PARTITION.write(PARTITION)))
        .isEqualTo(new ZnodeReading.Understood<>(PARTITION, true));
  }

  @Test
  void settingsComeInOneOrder() {
    TopicNode node =
        TopicNode.newBuilder()
            .setVersion(1)
            .setTopicId("a~abcdefgh")
            .setPartitions(1)
            .setReplicationFactor(1)
            .putSettings("segment.bytes", "65536")
            .putSettings("durability", "synced")
            .setState(TopicState.ACTIVE)
            .build();

    assertThat(ZnodeJson.TOPIC.write(node).toStringUtf8())
        .contains("\"settings\":{\"durability\":\"synced\",\"segment.bytes\":\"65536\"}");
  }

  // ---- B71: not ours ---------------------------------------------------------------------------

  @Test
  @DisplayName("B71: empty")
  void b71_refusesNothing() {
    assertThat(damage(ZnodeJson.TOPIC, "")).contains("empty");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "}",
        "null",
        "[]",
        "7",
        "\"text\"",
        "{]",
        "{\"version\":}",
        "{\"version\":1",
        "nonsense",
        "{version:1}",
        "{'version':1}",
        "{\"version\":1} more",
        "{\"version\":1}{\"version\":1}",
        "{\"version\":1,}",
        "\u0000",
        "{\"version\":1,\"topicId\":\"a"
      })
  @DisplayName("B71: invalid JSON")
  void b71_refusesWhatIsNotJson(String text) {
    assertThat(damage(ZnodeJson.TOPIC, text)).isNotEmpty();
  }

  @Test
  @DisplayName("B71: every cut and every changed byte is refused or read, never more")
  void b71_survivesAnyDamage() {
    byte[] good = ZnodeJson.PARTITION.write(PARTITION).toByteArray();
    for (int cut = 0; cut < good.length; cut++) {
      assertThat(ZnodeJson.PARTITION.read(ByteString.copyFrom(good, 0, cut)))
          .isInstanceOf(ZnodeReading.Damaged.class);
    }
    SplittableRandom random = new SplittableRandom(71);
    for (int at = 0; at < good.length; at++) {
      for (int i = 0; i < 8; i++) {
        byte[] bad = good.clone();
        bad[at] = (byte) random.nextInt(256);
        assertThat(ZnodeJson.PARTITION.read(ByteString.copyFrom(bad))).isNotNull();
      }
    }
  }

  @Test
  @DisplayName("B71: not UTF-8")
  void b71_refusesOtherEncodings() {
    ByteString latin =
        ByteString.copyFromUtf8("{\"version\":1,\"topicId\":\"")
            .concat(ByteString.copyFrom(new byte[] {(byte) 0xE4}))
            .concat(ByteString.copyFromUtf8("\"}"));
    assertThat(damage(ZnodeJson.TOPIC, latin)).contains("UTF-8");
  }

  @ParameterizedTest
  @ValueSource(ints = {33, 10_000, 300_000})
  @DisplayName("B71: deep JSON, in known and unknown places")
  void b71_refusesDeepNesting(int depth) {
    String arrays = "[".repeat(depth) + "]".repeat(depth);
    String objects = "{\"x\":".repeat(depth) + "1" + "}".repeat(depth);
    assertThat(damage(ZnodeJson.TOPIC, "{\"version\":1,\"future\":" + arrays + "}"))
        .contains("deeper");
    if (objects.length() < StoreLimits.MAX_READ_BYTES) {
      assertThat(damage(ZnodeJson.TOPIC, "{\"version\":1,\"future\":" + objects + "}"))
          .contains("deeper");
    }
    assertThat(damage(ZnodeJson.PARTITION, "{\"version\":1,\"replicas\":" + arrays + "}"))
        .contains("deeper");
  }

  @Test
  @DisplayName("B71: a name that comes twice, in either spelling, at any depth")
  void b71_refusesDuplicateNames() {
    assertThat(damage(ZnodeJson.TOPIC, TOPIC.replace("}", "") + ",\"version\":1}")).isNotEmpty();
    assertThat(damage(ZnodeJson.TOPIC, TOPIC.replace("\"state\"", "\"partitions\":2,\"state\"")))
        .contains("partitions")
        .contains("twice");
    assertThat(damage(ZnodeJson.TOPIC, TOPIC.replace("\"state\"", "\"topic_id\":\"b\",\"state\"")))
        .contains("twice");
    assertThat(damage(ZnodeJson.TOPIC, TOPIC.replace("{}", "{\"a\":\"1\",\"a\":\"2\"}")))
        .contains("twice");
    assertThat(
            damage(
                ZnodeJson.TOPIC, TOPIC.replace("\"state\"", "\"new\":{\"a\":1,\"a\":1},\"state\"")))
        .contains("twice");
  }

  @Test
  @DisplayName("B71: 2 MiB")
  void b71_refusesWhatIsTooLargeWithoutLooking() {
    assertThat(damage(ZnodeJson.TOPIC, ByteString.copyFrom(new byte[2 << 20]))).contains("limit");
  }

  // ---- B73: the future -------------------------------------------------------------------------

  @Test
  @DisplayName("B73: a later format is neither acted on nor called damaged")
  void b73_knowsTheFutureWhenItSeesIt() {
    assertThat(read(ZnodeJson.TOPIC, "{\"version\":2,\"topicId\":{\"other\":[\"shape\"]}}"))
        .isEqualTo(new ZnodeReading.FromTheFuture<>(2));
  }

  @Test
  @DisplayName("B73: fields of a newer minor version are ignored by readers, and known to writers")
  void b73_toleratesNewFieldsUnderAKnownVersion() {
    ZnodeReading<TopicNode> reading =
        read(ZnodeJson.TOPIC, TOPIC.replace("\"state\"", "\"new\":{\"a\":[1,null]},\"state\""));

    assertThat(reading)
        .isInstanceOfSatisfying(
            ZnodeReading.Understood.class,
            understood -> assertThat(understood.isComplete()).isFalse());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"version\":0}", "{\"version\":-1}", "{\"topicId\":\"a\"}"})
  void refusesWhatHasNoVersion(String text) {
    assertThat(damage(ZnodeJson.TOPIC, text)).contains("version");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"1\"", "1.5", "1e99", "99999999999", "null", "true", "[1]"})
  void refusesAVersionThatIsNoNumber(String version) {
    assertThat(damage(ZnodeJson.TOPIC, TOPIC.replace("\"version\":1", "\"version\":" + version)))
        .isNotEmpty();
  }

  // ---- B72: contents that contradict themselves ------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"leader\":2      | \"leader\":3       | leader 3",
        "\"inSync\":[2]    | \"inSync\":[]      | in-sync set is empty",
        "\"inSync\":[2]    | \"inSync\":[2,3]   | names others",
        "\"inSync\":[2]    | \"inSync\":[2,2]   | names others",
        "\"inSync\":[2]    | \"inSync\":[1,2]   | both",
        "\"eligible\":[1]  | \"eligible\":[9]   | names others",
        "\"replicas\":[1,2]| \"replicas\":[]    | replicas",
        "\"replicas\":[1,2]| \"replicas\":[1,2,1] | replicas",
        "\"adding\":[]     | \"adding\":[9]     | adds or removes",
        "\"leaderEpoch\":7 | \"leaderEpoch\":4294967295 | epoch",
        "\"leaderEpoch\":7 | \"leaderEpoch\":-1 | ''",
        "\"leaderEpoch\":7 | \"leaderEpoch\":\"7\" | NUMBER",
        "\"leaderEpoch\":7 | \"leaderEpoch\":7.5 | ''",
        "\"leaderEpoch\":7 | \"leaderEpoch\":99999999999 | ''",
      })
  @DisplayName("B72: leader, sets and epoch that cannot be")
  void b72_refusesContradictions(String good, String bad, String why) {
    String text = ZnodeJson.PARTITION.write(PARTITION).toStringUtf8();
    assertThat(text).contains(good);
    assertThat(damage(ZnodeJson.PARTITION, text.replace(good, bad))).contains(why);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a~abcdefgh\"|\"a\"",
        "\"a~abcdefgh\"|\"../x~abcdefgh\"",
        "\"a~abcdefgh\"|\"a~ABCDEFGH\"",
        "\"a~abcdefgh\"|7",
        "\"partitions\":1|\"partitions\":0",
        "\"partitions\":1|\"partitions\":10001",
        "\"replicationFactor\":1|\"replicationFactor\":0",
        "\"ACTIVE\"|\"UNSPECIFIED\"",
        "\"ACTIVE\"|\"SOMETHING\"",
        "\"ACTIVE\"|null",
        "{}|[]",
        "{}|{\"a\":1}"
      })
  void refusesTopicsThatCannotBe(String change) {
    int bar = change.indexOf('|');
    assertThat(TOPIC).contains(change.substring(0, bar));
    damage(ZnodeJson.TOPIC, TOPIC.replace(change.substring(0, bar), change.substring(bar + 1)));
  }

  // ---- B74: brokers that are none --------------------------------------------------------------

  private static LiveBrokerNode broker(String host, int port) {
    return LiveBrokerNode.newBuilder()
        .setVersion(1)
        .setId(1)
        .setIncarnation(1)
        .setDirectoryId("d")
        .setBootId("b")
        .addEndpoints(EndpointNode.newBuilder().setListener("client").setHost(host).setPort(port))
        .build();
  }

  @Test
  @DisplayName("B74: port as text, out of range or 0; host with control characters")
  void b74_refusesEndpointsThatCannotBe() {
    String good = ZnodeJson.LIVE_BROKER.write(broker("h", 7272)).toStringUtf8();
    assertThat(read(ZnodeJson.LIVE_BROKER, good)).isInstanceOf(ZnodeReading.Understood.class);
    assertThat(damage(ZnodeJson.LIVE_BROKER, good.replace("7272", "\"7272\""))).contains("NUMBER");
    for (LiveBrokerNode bad :
        new LiveBrokerNode[] {
          broker("h", 0),
          broker("h", 70_000),
          broker("h", -1),
          broker("", 7272),
          broker("a\u0007b", 7272),
          broker("a b", 7272),
          broker("a\u0085b", 7272),
          broker("x".repeat(256), 7272),
          broker("h", 7272).toBuilder().setRack("a\nb").build(),
          broker("h", 7272).toBuilder().setBootId("").build(),
          broker("h", 7272).toBuilder()
              .addEndpoints(EndpointNode.newBuilder().setListener("client").setHost("i").setPort(1))
              .build()
        }) {
      damage(ZnodeJson.LIVE_BROKER, ZnodeJson.LIVE_BROKER.write(bad));
    }
  }
}
