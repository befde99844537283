package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * B40 where leadership has moved meanwhile: what is sent to whoever no longer leads, in an epoch
 * that is over, or to a topic that has made way for another of its name, is refused by a typed
 * error and stands in no log.
 */
class RefusedThroughFailoverTest {
  private final ThreeBrokers brokers = new ThreeBrokers(40);

  @AfterEach
  void nothingWasThrown() {
    brokers.assertNothingWasThrown();
  }

  private static ByteBuffer batch(String value) {
    return Batches.single(value);
  }

  private ProduceResult sentIn(int epoch, int broker, TopicInfo topic, String value) {
    ByteBuffer batch = batch(value);
    ProducePartition.Builder share = TestClient.share(topic.getTopicId(), 0, batch);
    return TestClient.good(
            brokers.cluster.await(
                brokers
                    .client(broker)
                    .send(
                        Request.newBuilder()
                            .setProduce(
                                ProduceRequest.newBuilder()
                                    .setDurability(Durability.STANDARD)
                                    .addPartitions(share.setLeaderEpoch(epoch))),
                        batch)))
        .response()
        .getProduce()
        .getResults(0);
  }

  @ParameterizedTest
  @EnumSource(RepeatedThroughFailoverTest.Change.class)
  @DisplayName("B40: another broker than the new leader, and another epoch than its own")
  void b40_onlyTheNewLeaderTakesItAndOnlyInItsEpoch(RepeatedThroughFailoverTest.Change change) {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    int oldEpoch = brokers.produce(topic, 0, batch("a")).getLeaderEpoch();

    change.of(brokers, brokers.leader("notes", 0));

    int leader = brokers.leader("notes", 0);
    int epoch = brokers.produce(topic, 0, batch("b")).getLeaderEpoch();
    assertThat(epoch).isGreaterThan(oldEpoch);
    for (int other : brokers.othersThan(leader)) {
      ProduceResult result = brokers.produceAt(other, topic.getTopicId(), 0, batch("x"));
      assertThat(result.getError().getCode()).isEqualTo(ErrorCode.NOT_LEADER);
    }
    assertThat(sentIn(oldEpoch, leader, topic, "x").getError().getCode())
        .isEqualTo(ErrorCode.FENCED_EPOCH);
    assertThat(sentIn(epoch + 1, leader, topic, "x").getError().getCode())
        .isEqualTo(ErrorCode.UNKNOWN_EPOCH);
    assertThat(sentIn(epoch, leader, topic, "c").getBaseOffsetsList()).containsExactly(2L);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b", "2:c");
  }

  @Test
  @DisplayName("B40: whoever was replaced without knowing it acknowledges nothing, and cuts it")
  void b40_aDeposedLeaderAcknowledgesNothing() {
    TopicInfo topic = brokers.started().create("notes", 1, Map.of());
    brokers.produce(topic, 0, batch("a"));
    int old = brokers.leader("notes", 0);
    TestClient client = brokers.client(old);
    for (int other : brokers.othersThan(old)) {
      brokers.cluster.network.cutBothWays("broker-" + other, "broker-" + old);
    }
    brokers.cluster.ensemble.setIsolated(brokers.machine(old).store(), true);
    var sent = client.produce(topic.getTopicId(), 0, Durability.STANDARD, batch("x"));
    brokers.await(
        () -> "somebody else leads",
        () -> {
          int asker = brokers.othersThan(old).get(0);
          return brokers.describe(asker, "notes", 0).getLeader() != old;
        });
    brokers.cluster.network.heal();
    brokers.cluster.ensemble.setIsolated(brokers.machine(old).store(), false);

    ProduceResult answer =
        TestClient.good(brokers.cluster.await(sent)).response().getProduce().getResults(0);
    assertThat(answer.getError().getCode())
        .as(answer.toString())
        .isIn(ErrorCode.OUTCOME_UNKNOWN, ErrorCode.NOT_LEADER, ErrorCode.TIMED_OUT);
    brokers.awaitInSync("notes", 0, 3);
    assertThat(brokers.produce(topic, 0, batch("b")).getBaseOffsetsList()).containsExactly(1L);
    assertThat(brokers.records(topic, 0)).containsExactly("0:a", "1:b");
    assertThat(brokers.produceAt(old, topic.getTopicId(), 0, batch("x")).getError().getCode())
        .isEqualTo(ErrorCode.NOT_LEADER);
  }

  @Test
  @DisplayName("B40, F37: a topic made anew, while one was away that led the old one")
  void b40_theOldTopicsIdIsNobodysAnyMore() {
    TopicInfo old = brokers.started().create("notes", 1, Map.of());
    brokers.produce(old, 0, batch("old"));
    int away = brokers.leader("notes", 0);
    brokers.kill(away);
    brokers.leader("notes", 0);
    Response deleted =
        brokers.ask(
            Request.newBuilder().setDeleteTopic(DeleteTopicRequest.newBuilder().setName("notes")));
    assertThat(deleted.hasError()).as(deleted.toString()).isFalse();
    Request.Builder create =
        Request.newBuilder()
            .setCreateTopic(
                CreateTopicRequest.newBuilder()
                    .setName("notes")
                    .setPartitions(1)
                    .setReplicationFactor(2));
    Response[] created = new Response[1];
    brokers.await(
        () -> "the name is free, but " + created[0],
        () -> {
          created[0] = brokers.ask(create.clone());
          return !created[0].hasError();
        });
    TopicInfo now = created[0].getCreateTopic().getTopic();
    assertThat(now.getTopicId()).isNotEqualTo(old.getTopicId());
    assertThat(brokers.produce(now, 0, batch("new")).getBaseOffsetsList()).containsExactly(0L);

    brokers.start(away);

    for (int id = 1; id <= 3; id++) {
      int broker = id;
      ProduceResult[] answer = new ProduceResult[1];
      brokers.await(
          () -> "broker " + broker + " knows, but " + answer[0],
          () -> {
            answer[0] = brokers.produceAt(broker, old.getTopicId(), 0, batch("x"));
            assertThat(answer[0].hasError()).as("%s", answer[0]).isTrue();
            return answer[0].getError().getCode() == ErrorCode.UNKNOWN_TOPIC;
          });
    }
    assertThat(brokers.records(now, 0)).containsExactly("0:new");
    brokers.await(
        () -> "the old one's data is gone from broker " + away,
        () ->
            brokers
                .machine(away)
                .disk
                .contentsIn(SimulatedCluster.DATA.resolve(old.getTopicId() + "-0"))
                .isEmpty());
  }
}
