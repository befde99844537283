package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.DescribeGroupRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupProgress;
import io.millrace.wire.v1.GroupSubscription;
import io.millrace.wire.v1.LocateGroupRequest;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.ReaderAt;
import io.millrace.wire.v1.ReaderLagsRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("issue 5: how far groups are behind, why they wait, and when they are forgotten")
class GroupCareTest {
  private static final long SECOND = SimulatedCluster.SECOND;
  private static final long RETENTION_SECONDS = 300;
  private static final int PARTITIONS = 3;

  private final ThreeBrokers world = new ThreeBrokers(11);
  private final TopicInfo orders;

  GroupCareTest() {
    world
        .machines
        .values()
        .forEach(
            machine -> machine.settings.put("group.retention.ms", RETENTION_SECONDS * 1_000 + ""));
    world.started();
    orders = world.create("orders", PARTITIONS, Map.of());
  }

  @AfterEach
  void nothingWasThrown() {
    world.assertNothingWasThrown();
  }

  private int coordinator() {
    LocateGroupResponse[] where = new LocateGroupResponse[1];
    world.await(
        () -> "the group can be located",
        () -> {
          Response response =
              world.ask(
                  Request.newBuilder()
                      .setLocateGroup(LocateGroupRequest.newBuilder().setGroupId("g")));
          where[0] = response.getLocateGroup();
          return !response.hasError();
        });
    return world.leader(where[0].getTopic(), where[0].getPartition());
  }

  private Response ask(Request.Builder request) {
    Response[] last = new Response[1];
    world.await(
        () -> "an answer that stays, not " + last[0],
        () -> {
          CompletableFuture<TestClient.Answer> answer =
              world.client(coordinator()).send(request.clone());
          world.cluster.scheduler.runUntil("an answer", answer::isDone, 60 * SECOND);
          last[0] = answer.join().response();
          ErrorCode code = last[0].getError().getCode();
          return code != ErrorCode.GROUPS_LOADING
              && code != ErrorCode.NOT_LEADER
              && code != ErrorCode.UNAVAILABLE;
        });
    return last[0];
  }

  private void produce(int partition, int records) {
    for (int i = 0; i < records; i++) {
      CompletableFuture<TestClient.Answer> produced =
          world
              .client(world.leader("orders", partition))
              .produce(
                  orders.getTopicId(), partition, Durability.STANDARD, Batches.single("r" + i));
      world.cluster.scheduler.runUntil("an answer", produced::isDone, 60 * SECOND);
      assertThat(produced.join().response().getProduce().getResults(0).hasError()).isFalse();
    }
  }

  private void commit(int partition, long offset) {
    Response response =
        ask(
            Request.newBuilder()
                .setCommitOffsets(
                    CommitOffsetsRequest.newBuilder()
                        .setGroupId("g")
                        .addOffsets(
                            OffsetToCommit.newBuilder()
                                .setTopicId(orders.getTopicId())
                                .setPartition(partition)
                                .setOffset(offset))));
    assertThat(response.getCommitOffsets().getResults(0).hasError()).isFalse();
  }

  private Response describe() {
    return ask(
        Request.newBuilder()
            .setDescribeGroup(
                DescribeGroupRequest.newBuilder().setGroupId("g").setWantsProgress(true)));
  }

  private ExplainResponse explain(int broker) {
    CompletableFuture<TestClient.Answer> answer =
        world
            .client(broker)
            .send(Request.newBuilder().setExplain(ExplainRequest.newBuilder().setGroup("g")));
    world.cluster.scheduler.runUntil("an answer", answer::isDone, 60 * SECOND);
    return answer.join().response().getExplain();
  }

  private static List<String> reasons(ExplainResponse response) {
    return response.getFindingsList().stream().map(Finding::getReason).toList();
  }

  @Test
  void tellsHowManyRecordsAGroupIsBehindAndForHowLongWhoeverLeadsThem() {
    for (int partition = 0; partition < PARTITIONS; partition++) {
      produce(partition, 3);
      commit(partition, partition + 1);
    }
    world.cluster.scheduler.runFor(7 * SECOND);
    List<GroupProgress> progress = describe().getDescribeGroup().getProgressList();
    assertThat(progress).hasSize(PARTITIONS);
    for (GroupProgress each : progress) {
      assertThat(each.getUnknown()).isEmpty();
      assertThat(each.getEnd()).isEqualTo(3);
      assertThat(each.getCommitted()).isEqualTo(each.getPartition() + 1);
      assertThat(each.getStuck()).isFalse();
      if (each.getPartition() == 2) {
        assertThat(each.getLagMs()).as("everything was read").isZero();
      } else {
        assertThat(each.getLagMs()).isBetween(7_000L, 60_000L);
      }
    }
  }

  @Test
  void saysWhatIsUnknownWhileALeaderIsAway() {
    produce(0, 1);
    commit(0, 0);
    int leader = world.leader("orders", 0);
    int coordinator = coordinator();
    if (leader != coordinator) {
      world.machine(leader).kill();
      CompletableFuture<TestClient.Answer> answer =
          world
              .client(coordinator)
              .send(
                  Request.newBuilder()
                      .setDescribeGroup(
                          DescribeGroupRequest.newBuilder()
                              .setGroupId("g")
                              .setWantsProgress(true)));
      world.cluster.scheduler.runUntil("an answer", answer::isDone, 60 * SECOND);
      GroupProgress only = answer.join().response().getDescribeGroup().getProgress(0);
      assertThat(only.getUnknown()).isNotEmpty();
      assertThat(only.hasEnd()).isFalse();
      world.down(leader);
    }
  }

  @Test
  @DisplayName("B48: only brokers ask each other how far readers are")
  void b48_refusesClientsThatAskAsBrokersDo() {
    Response response =
        world.ask(
            Request.newBuilder()
                .setReaderLags(
                    ReaderLagsRequest.newBuilder()
                        .addReaders(ReaderAt.newBuilder().setTopicId(orders.getTopicId()))));
    assertThat(response.getError().getCode()).isEqualTo(ErrorCode.NOT_AUTHORISED);
  }

  @Test
  @DisplayName("4.13: a group without members is forgotten after the retention, by any coordinator")
  void forgetsAGroupThatNobodyHasUsedForTheRetention() {
    commit(0, 0);
    world.cluster.scheduler.runFor((RETENTION_SECONDS - 100) * SECOND);
    world.kill(coordinator());
    assertThat(describe().getDescribeGroup().getOffsetsList()).hasSize(1);
    world.cluster.scheduler.runFor(200 * SECOND);
    assertThat(describe().getError().getCode()).isEqualTo(ErrorCode.UNKNOWN_GROUP);
    world.kill(coordinator());
  }

  @Test
  void explainsAGroupWhereverItIsAsked() {
    commit(0, 0);
    int coordinator = coordinator();
    int other = world.othersThan(coordinator).get(0);
    ExplainResponse elsewhere = explain(other);
    assertThat(elsewhere.getCoordinator()).isEqualTo(coordinator);
    assertThat(reasons(elsewhere)).containsExactly("coordinator-elsewhere");
    assertThat(reasons(explain(coordinator))).containsExactly("group-empty");
  }

  @Test
  @DisplayName("the question itself makes a new coordinator load, so the answer waits for that")
  void explainsAGroupWhoseCoordinatorNobodyHasAskedYet() {
    commit(0, 0);
    world.kill(coordinator());
    assertThat(reasons(explain(coordinator())))
        .contains("group-empty")
        .doesNotContain("coordinator-loading");
  }

  @Test
  void explainsWhatMembersWaitFor() {
    Response joined =
        ask(
            Request.newBuilder()
                .setGroupHeartbeat(
                    GroupHeartbeatRequest.newBuilder()
                        .setGroupId("g")
                        .setMemberId("m0")
                        .setClientId("test")
                        .setSessionTimeoutMs(20_000)
                        .setRevocationTimeoutMs(20_000)
                        .setNumber(1)
                        .setSubscription(
                            GroupSubscription.newBuilder()
                                .addTopics("orders")
                                .addTopics("nowhere")
                                .addTopicPatterns("none-*"))));
    assertThat(joined.hasError()).isFalse();
    ask(
        Request.newBuilder()
            .setGroupHeartbeat(
                GroupHeartbeatRequest.newBuilder()
                    .setGroupId("g")
                    .setMemberId("m1")
                    .setClientId("test")
                    .setSessionTimeoutMs(20_000)
                    .setRevocationTimeoutMs(20_000)
                    .setNumber(1)
                    .setSubscription(GroupSubscription.newBuilder().addTopics("orders"))));
    world.cluster.scheduler.runFor(9 * SECOND);
    ExplainResponse response = explain(coordinator());
    assertThat(reasons(response))
        .contains("group-moving", "waits-for-revocation", "member-silent", "topic-missing");
    assertThat(response.toString()).contains("nowhere").contains("none-*").contains("from m0");
  }
}
