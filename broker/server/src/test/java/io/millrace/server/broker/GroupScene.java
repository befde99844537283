package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.CommittedOffset;
import io.millrace.wire.v1.DescribeGroupRequest;
import io.millrace.wire.v1.DescribeGroupResponse;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchOffsetsRequest;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupState;
import io.millrace.wire.v1.GroupSubscription;
import io.millrace.wire.v1.GroupTopic;
import io.millrace.wire.v1.HeldPartitions;
import io.millrace.wire.v1.LocateGroupRequest;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** Groups on three brokers, with members as their processes would be, below any client library. */
abstract class GroupScene {
  static final long SECOND = SimulatedCluster.SECOND;
  static final int SIX = 6;

  final ThreeBrokers world = new ThreeBrokers(7).started();
  final TopicInfo orders = world.create("orders", SIX, Map.of());

  @AfterEach
  void nothingWasThrown() {
    world.assertNothingWasThrown();
  }

  // ---- A member, as its process would be -------------------------------------------------------

  /** Asks again what passes, of whoever leads the group's partition. */
  Response ask(String group, Request.Builder request) {
    for (int i = 0; i < 600; i++) {
      Response response = tryOnce(coordinator(group), request);
      if (response != null && !passes(response)) {
        return response;
      }
      world.cluster.scheduler.runFor(100_000_000);
    }
    throw new AssertionError("no answer to " + request);
  }

  static boolean passes(Response response) {
    return response.hasError()
        && List.of(
                ErrorCode.NOT_LEADER,
                ErrorCode.UNAVAILABLE,
                ErrorCode.GROUPS_LOADING,
                ErrorCode.OUTCOME_UNKNOWN,
                ErrorCode.NOT_ENOUGH_REPLICAS,
                ErrorCode.STOPPING)
            .contains(response.getError().getCode());
  }

  @Nullable Response tryOnce(int broker, Request.Builder request) {
    CompletableFuture<TestClient.Answer> answer = world.client(broker).send(request.clone());
    world.cluster.scheduler.runUntil("an answer", answer::isDone, 60 * SECOND);
    return answer.isCompletedExceptionally() ? null : answer.join().response();
  }

  LocateGroupResponse where(String group) {
    for (int i = 0; i < 600; i++) {
      Response response =
          tryOnce(
              world.othersThan(0).get(0),
              Request.newBuilder()
                  .setLocateGroup(LocateGroupRequest.newBuilder().setGroupId(group)));
      if (response != null && !response.hasError()) {
        return response.getLocateGroup();
      }
      world.cluster.scheduler.runFor(100_000_000);
    }
    throw new AssertionError("group " + group + " cannot be located");
  }

  int coordinator(String group) {
    LocateGroupResponse where = where(group);
    return world.leader(where.getTopic(), where.getPartition());
  }

  final class Member {
    final String group;
    final String id;
    int epoch;
    long number;
    TreeSet<Integer> held = new TreeSet<>();

    Member(String group, String id) {
      this.group = group;
      this.id = id;
    }

    GroupHeartbeatRequest.Builder beat() {
      return GroupHeartbeatRequest.newBuilder()
          .setGroupId(group)
          .setMemberId(id)
          .setMemberEpoch(epoch)
          .setClientId("test")
          .setSessionTimeoutMs(10_000)
          .setRevocationTimeoutMs(20_000)
          .setNumber(++number)
          .setSubscription(GroupSubscription.newBuilder().addTopics("orders"))
          .setHeld(
              HeldPartitions.newBuilder()
                  .addTopics(
                      GroupTopic.newBuilder()
                          .setTopicId(orders.getTopicId())
                          .addAllPartitions(held)));
    }

    /** Says what it holds, and does at once what it is told. */
    Response say() {
      Response response = ask(group, Request.newBuilder().setGroupHeartbeat(beat()));
      if (!response.hasError()) {
        epoch = response.getGroupHeartbeat().getMemberEpoch();
        held = new TreeSet<>();
        response
            .getGroupHeartbeat()
            .getAssignedList()
            .forEach(topic -> held.addAll(topic.getPartitionsList()));
      }
      return response;
    }

    ErrorCode refusal() {
      return say().getError().getCode();
    }

    ErrorCode commit(int partition, long offset) {
      return GroupScene.this.commit(group, id, epoch, partition, offset);
    }
  }

  ErrorCode commit(String group, String member, int epoch, int partition, long offset) {
    Response response =
        ask(
            group,
            Request.newBuilder()
                .setCommitOffsets(
                    CommitOffsetsRequest.newBuilder()
                        .setGroupId(group)
                        .setMemberId(member)
                        .setMemberEpoch(epoch)
                        .addOffsets(
                            OffsetToCommit.newBuilder()
                                .setTopicId(orders.getTopicId())
                                .setPartition(partition)
                                .setOffset(offset))));
    return response.getCommitOffsets().getResults(0).getError().getCode();
  }

  /** Nobody may commit beyond what there is. */
  void fill(int partition, int records) {
    String[] values = new String[records];
    Arrays.fill(values, "x");
    assertThat(
            world.produce(orders, partition, Batches.batch(1_700_000_000_000L, values)).hasError())
        .isFalse();
  }

  void fillAll(int records) {
    for (int partition = 0; partition < SIX; partition++) {
      fill(partition, records);
    }
  }

  List<Member> members(String group, int count) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add(new Member(group, "m" + i));
    }
    return members;
  }

  /** Until everybody has what it shall have; nobody may have what another one has meanwhile. */
  void settle(List<Member> members) {
    for (int round = 0; round < 20; round++) {
      for (Member each : members) {
        assertThat(each.say().hasError()).isFalse();
        List<Integer> all = new ArrayList<>();
        members.forEach(member -> all.addAll(member.held));
        assertThat(all).as("no partition has two owners").doesNotHaveDuplicates();
      }
      if (describe(members.get(0).group).getState() == GroupState.STABLE) {
        return;
      }
    }
    throw new AssertionError("the group does not come to rest");
  }

  DescribeGroupResponse describe(String group) {
    return ask(
            group,
            Request.newBuilder()
                .setDescribeGroup(DescribeGroupRequest.newBuilder().setGroupId(group)))
        .getDescribeGroup();
  }

  Map<Integer, Long> offsets(String group) {
    Map<Integer, Long> offsets = new TreeMap<>();
    for (CommittedOffset each :
        ask(
                group,
                Request.newBuilder()
                    .setFetchOffsets(FetchOffsetsRequest.newBuilder().setGroupId(group)))
            .getFetchOffsets()
            .getOffsetsList()) {
      offsets.put(each.getPartition(), each.getOffset());
    }
    return offsets;
  }

  static ErrorCode none() {
    return ErrorCode.ERROR_CODE_UNSPECIFIED;
  }
}
