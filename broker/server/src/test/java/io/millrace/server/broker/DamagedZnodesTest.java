package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** B71, B72, B77, B79, B80 with three whole brokers: what others do to the state in ZooKeeper. */
class DamagedZnodesTest {
  private final ThreeBrokers brokers = new ThreeBrokers(72);

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  /** What stands in a partition's node afterwards. */
  enum Damage {
    EMPTY(json -> ""),
    NO_JSON(json -> "{\"version\":1,"),
    HALF(json -> json.substring(0, json.length() / 2)),
    DEEP(json -> "[".repeat(100_000)),
    LEADER_IS_NO_REPLICA(json -> json.replaceFirst("\"leader\":\\d+", "\"leader\":9")),
    SET_IS_NO_REPLICA(json -> json.replaceFirst("\"inSync\":\\[\\d+", "\"inSync\":[9")),
    SET_IS_EMPTY(json -> json.replaceFirst("\"inSync\":\\[[^]]*]", "\"inSync\":[]")),
    SET_IS_DOUBLED(json -> json.replaceFirst("\"inSync\":\\[(\\d+),\\d+", "\"inSync\":[$1,$1")),
    NEGATIVE_EPOCH(json -> json.replaceFirst("\"leaderEpoch\":\\d+", "\"leaderEpoch\":-1")),
    LOWER_EPOCH(json -> json.replaceFirst("\"leaderEpoch\":\\d+", "\"leaderEpoch\":0")),
    FROM_THE_FUTURE(json -> json.replaceFirst("\"version\":1", "\"version\":99")),
    GONE(json -> json);

    @SuppressWarnings("ImmutableEnumChecker") // each is a lambda that holds nothing
    private final UnaryOperator<String> change;

    Damage(UnaryOperator<String> change) {
      this.change = change;
    }

    void to(ThreeBrokers brokers, String path, ByteString good) {
      if (this == GONE) {
        int version = brokers.node(path).version();
        brokers.write(store -> store.delete(path, version));
        return;
      }
      String bad = change.apply(good.toStringUtf8());
      assertThat(bad).isNotEqualTo(good.toStringUtf8());
      brokers.overwrite(path, ByteString.copyFromUtf8(bad));
    }

    void mend(ThreeBrokers brokers, String path, ByteString good) {
      if (this == GONE) {
        brokers.write(store -> store.create(path, good, NodeKind.PERSISTENT));
      } else {
        brokers.overwrite(path, good);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  @DisplayName("B71, B72, B77: what was good last goes on, and a mended node is acted on")
  void b71_b72_b77_keepsWhatWasGoodLast(Damage damage) {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    brokers.produce(topic, 0, Batches.single("a"));
    PartitionInfo before = brokers.describe("notes", 0);
    String path = ZnodePaths.partition(topic.getTopicId(), 0);
    ByteString good = brokers.node(path).data();

    damage.to(brokers, path, good);
    brokers.cluster.scheduler.runFor(10 * SECOND);

    for (int id = 1; id <= 3; id++) {
      assertThat(brokers.describe(id, "notes", 0)).isEqualTo(before);
    }
    assertThat(brokers.produce(topic, 0, Batches.single("b")).getReplicas()).isEqualTo(3);

    // Nobody writes over what he does not understand, and nobody leads on a guess.
    brokers.kill(before.getLeader());
    brokers.cluster.scheduler.runFor(20 * SECOND);
    for (int id : brokers.othersThan(before.getLeader())) {
      assertThat(brokers.produceAt(id, topic.getTopicId(), 0, Batches.single("x")).hasError())
          .isTrue();
      assertThat(brokers.explain(id, "notes", 0))
          .extracting(Finding::getReason)
          .containsAnyOf("state-unreadable", "store-went-back");
    }

    damage.mend(brokers, path, good);
    assertThat(brokers.produce(topic, 0, Batches.single("c")).hasError()).isFalse();
    brokers.start(before.getLeader());
    brokers.awaitInSync("notes", 0, 3);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  @DisplayName("B78: a path-like name below the topics is ignored, and told until it is gone")
  void b78_tellsOfStrangersUntilTheyAreGone() {
    brokers.started().create("notes", 1, Map.of());
    for (String name : List.of("..", "a b", "CON.", "%2e%2e")) {
      brokers.cluster.byHand(
          store ->
              store.create(
                  ZnodePaths.TOPICS + "/" + name,
                  ByteString.copyFromUtf8("x"),
                  NodeKind.PERSISTENT));
    }
    brokers.cluster.scheduler.runFor(SECOND);
    for (int id = 1; id <= 3; id++) {
      assertThat(brokers.explainBroker(id))
          .filteredOn(finding -> finding.getReason().equals("nodes-refused"))
          .singleElement()
          .satisfies(finding -> assertThat(finding.getText()).contains("%2e%2e", "and 2 more"));
    }
    for (String name : List.of("a b", "CON.", "%2e%2e")) {
      brokers.write(store -> store.delete(ZnodePaths.TOPICS + "/" + name, 0));
    }
    brokers.cluster.scheduler.runFor(SECOND);
    assertThat(brokers.explainBroker(1))
        .extracting(Finding::getReason)
        .containsExactly("serving", "read-again", "leading");
  }

  @Test
  @DisplayName("B78, B79: tens of thousands of entries that are none of ours hold nobody up")
  void b79_electsBesideManyStrangers() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    brokers.produce(topic, 0, Batches.single("a"));
    ByteString junk = ByteString.copyFromUtf8("junk");
    int batch = 500;
    for (int i = 0; i < 20_000; i += batch) {
      List<StoreOp> steps = new ArrayList<>();
      for (int j = i; j < i + batch; j++) {
        String name = ZnodePaths.TOPICS + "/" + (j % 2 == 0 ? "stranger-" : "..stranger~") + j;
        steps.add(new StoreOp.Create(name, junk, NodeKind.PERSISTENT));
      }
      brokers.write(store -> store.transact(steps));
    }
    long killed = brokers.cluster.scheduler.nanoTime();
    brokers.kill(brokers.leader("notes", 0));
    assertThat(brokers.produce(topic, 0, Batches.single("b")).hasError()).isFalse();
    assertThat(brokers.cluster.scheduler.nanoTime() - killed).isLessThan(SECOND);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b");
  }

  @Test
  @DisplayName("B80: in a storm of changes leaders are elected as ever")
  void b80_electsThroughAStorm() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    TopicInfo stormy = brokers.create("stormy", 1, Map.of());
    brokers.produce(topic, 0, Batches.single("a"));
    String path = ZnodePaths.topic("stormy");
    ByteString content = brokers.node(path).data();
    int version = brokers.node(path).version();
    long killed = brokers.cluster.scheduler.nanoTime();
    brokers.kill(brokers.leader("notes", 0));
    // 10,000 in a second, all of them under way while the others elect.
    brokers.cluster.beginByHand(
        store -> {
          for (int i = 0; i < 10_000; i++) {
            int next = version + i;
            store.loop().schedule(i * (SECOND / 10_000), () -> store.set(path, content, next));
          }
        });
    assertThat(brokers.produce(topic, 0, Batches.single("b")).hasError()).isFalse();
    assertThat(brokers.cluster.scheduler.nanoTime() - killed).isLessThan(SECOND);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b");
    assertThat(stormy.getPartitionsCount()).isOne();
  }
}
