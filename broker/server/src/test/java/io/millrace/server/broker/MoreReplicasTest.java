package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.AlterTopicRequest;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchOffsetsRequest;
import io.millrace.wire.v1.LocateGroupRequest;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("4.22: a topic gets more replicas while it is used, and loses nothing by it")
class MoreReplicasTest {
  private static final String GROUPS = "__groups";

  private final ThreeBrokers world = new ThreeBrokers(17);

  @AfterEach
  void nothingWasThrown() {
    world.assertNothingWasThrown();
  }

  private Response alter(AlterTopicRequest.Builder wanted) {
    return world.ask(Request.newBuilder().setAlterTopic(wanted));
  }

  private static AlterTopicRequest.Builder replicas(String topic, int count) {
    return AlterTopicRequest.newBuilder().setName(topic).setReplicationFactor(count);
  }

  private void assertDone(Response response) {
    assertThat(response.hasError()).as(response.toString()).isFalse();
  }

  private void write(TopicInfo topic, int from, int until) {
    for (int i = from; i < until; i++) {
      assertThat(world.produce(topic, 0, Batches.single("r" + i)).hasError()).isFalse();
    }
  }

  private List<String> written(int until) {
    return IntStream.range(0, until).mapToObj(i -> i + ":r" + i).toList();
  }

  @Test
  void theNewOnesCopyEverythingJoinAndCanTakeOver() {
    world.started();
    TopicInfo topic = world.createUnreplicated("orders");
    write(topic, 0, 20);
    int first = world.leader("orders", 0);
    assertDone(alter(replicas("orders", 3)));
    write(topic, 20, 40);
    world.awaitInSync("orders", 0, 3);
    PartitionInfo now = world.describe("orders", 0);
    assertThat(now.getReplicasList()).hasSize(3).startsWith(first);
    assertThat(now.getLeader()).as("nothing moved").isEqualTo(first);
    assertThat(now.getLeaderEpoch()).isEqualTo(1);
    world.losePower(first, 1);
    write(topic, 40, 50);
    assertThat(world.records(topic, 0)).isEqualTo(written(50));
    world.start(first);
    world.awaitInSync("orders", 0, 3);
  }

  @Test
  @DisplayName("min.in.sync is counted from the new number only when all of them are in sync")
  void producersGoOnWhileTheNewOnesAreNotThereYet() {
    world.started();
    TopicInfo topic = world.createUnreplicated("orders");
    int first = world.leader("orders", 0);
    write(topic, 0, 3);
    List<Integer> others = world.othersThan(first);
    assertDone(alter(replicas("orders", 3)));
    world.awaitInSync("orders", 0, 3);
    others.forEach(world::kill);
    write(topic, 3, 6);
    world.await(
        () -> "one in sync, but " + world.describe("orders", 0),
        () -> world.describe("orders", 0).getInSyncCount() == 1);
    write(topic, 6, 9);
    others.forEach(world::start);
    world.awaitInSync("orders", 0, 3);
    world.cluster.scheduler.runFor(400 * SECOND); // chores are done every five minutes
    Response again = alter(replicas("orders", 3));
    assertThat(again.getAlterTopic().getTopic().getReplicationFactor()).isEqualTo(3);
    others.forEach(world::kill);
    world.cluster.scheduler.runFor(30 * SECOND);
    assertThat(
            world
                .produceAt(first, topic.getTopicId(), 0, Batches.single("too few"))
                .getError()
                .getCode())
        .isEqualTo(ErrorCode.NOT_ENOUGH_REPLICAS);
    others.forEach(world::start);
    world.awaitInSync("orders", 0, 3);
    assertThat(world.records(topic, 0).subList(0, 9)).isEqualTo(written(9));
  }

  @Test
  void onlyAddsAndOnlyWhereThereAreBrokers() {
    world.started();
    world.create("orders", 2, Map.of());
    assertThat(alter(replicas("orders", 2)).getError().getMessage())
        .contains("replicas can only be added");
    assertThat(alter(replicas("orders", 4)).getError().getCode())
        .isEqualTo(ErrorCode.NOT_ENOUGH_BROKERS);
    assertThat(alter(replicas("orders", 0)).getError().getCode())
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(alter(replicas("orders", 3).setPartitions(3)).getError().getMessage())
        .contains("a request of their own");
    assertThat(alter(replicas("nowhere", 3)).getError().getCode())
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    assertDone(alter(replicas("orders", 3)));
    assertThat(world.describe("orders", 1).getReplicasCount()).isEqualTo(3);
  }

  @Test
  void checksWithoutAdding() {
    world.started();
    world.createUnreplicated("orders");
    Response would = alter(replicas("orders", 3).setValidateOnly(true));
    assertThat(would.getAlterTopic().getTopic().getReplicationFactor()).isEqualTo(3);
    assertThat(world.describe("orders", 0).getReplicasCount()).isEqualTo(1);
  }

  @Test
  @DisplayName("a cluster that began with one broker need not keep its groups on one for ever")
  void groupsOutliveTheBrokerThatWasAloneAtFirst() {
    world.start(1);
    LocateGroupResponse where = locate();
    int partition = where.getPartition();
    assertThat(world.describe(GROUPS, partition).getReplicasList()).containsExactly(1);
    commit(world.createUnreplicated("orders").getTopicId(), 0);
    world.start(2);
    world.start(3);
    assertDone(alter(replicas(GROUPS, 3)));
    world.awaitInSync(GROUPS, partition, 3);
    assertThat(alter(replicas(GROUPS, 3).setPartitions(30)).getError().getCode())
        .isEqualTo(ErrorCode.NOT_AUTHORISED);
    world.kill(1);
    int coordinator = world.leader(GROUPS, partition);
    assertThat(coordinator).isNotEqualTo(1);
    assertThat(committed()).isEqualTo(1);
    world.start(1);
    world.awaitInSync(GROUPS, partition, 3);
  }

  private LocateGroupResponse locate() {
    Response[] last = new Response[1];
    world.await(
        () -> "the group can be located, not " + last[0],
        () -> {
          last[0] =
              world.ask(
                  Request.newBuilder()
                      .setLocateGroup(LocateGroupRequest.newBuilder().setGroupId("g")));
          return !last[0].hasError();
        });
    return last[0].getLocateGroup();
  }

  private Response atCoordinator(Request.Builder request) {
    Response[] last = new Response[1];
    world.await(
        () -> "an answer, not " + last[0],
        () -> {
          int leader = world.leader(GROUPS, locate().getPartition());
          last[0] = world.cluster.await(world.client(leader).send(request.clone())).response();
          return !last[0].hasError();
        });
    return last[0];
  }

  private void commit(String topicId, long offset) {
    atCoordinator(
        Request.newBuilder()
            .setCommitOffsets(
                CommitOffsetsRequest.newBuilder()
                    .setGroupId("g")
                    .addOffsets(
                        OffsetToCommit.newBuilder()
                            .setTopicId(topicId)
                            .setPartition(0)
                            .setOffset(offset))));
  }

  private int committed() {
    return atCoordinator(
            Request.newBuilder().setFetchOffsets(FetchOffsetsRequest.newBuilder().setGroupId("g")))
        .getFetchOffsets()
        .getOffsetsCount();
  }
}
