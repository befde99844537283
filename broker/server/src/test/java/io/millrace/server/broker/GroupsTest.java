package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.AlterTopicRequest;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.DeleteGroupRequest;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupSubscription;
import io.millrace.wire.v1.GroupSummary;
import io.millrace.wire.v1.ListGroupsRequest;
import io.millrace.wire.v1.LocateGroupResponse;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("semantics 4.12 to 4.14: groups on three brokers, below any client library")
class GroupsTest extends GroupScene {
  // ---- What must be so -------------------------------------------------------------------------

  @Test
  void sharesAllPartitionsAndMovesThemToWhoComes() {
    List<Member> members = members("g", 3);
    settle(members.subList(0, 1));
    assertThat(members.get(0).held).hasSize(SIX);
    settle(members.subList(0, 2));
    assertThat(members.get(1).held).hasSize(3);
    settle(members);
    assertThat(members).allSatisfy(each -> assertThat(each.held).hasSize(2));
    assertThat(describe("g").getMembersList()).hasSize(3);
  }

  @Test
  void givesTheShareOfAMemberThatLeavesToTheOthersAtOnce() {
    List<Member> members = members("g", 2);
    settle(members);
    members.get(1).epoch = -1;
    members.get(1).say();
    settle(members.subList(0, 1));
    assertThat(members.get(0).held).hasSize(SIX);
  }

  @Test
  void givesTheShareOfASilentMemberToTheOthersAfterItsSessionTimeout() {
    List<Member> members = members("g", 2);
    settle(members);
    for (int i = 0; i < 4; i++) {
      world.cluster.scheduler.runFor(4 * SECOND);
      members.get(0).say();
    }
    settle(members.subList(0, 1));
    assertThat(members.get(0).held).hasSize(SIX);
    assertThat(members.get(1).refusal()).isEqualTo(ErrorCode.FENCED_MEMBER);
  }

  @Test
  @DisplayName("R20, I7: a commit counts of who holds the partition, in its present epoch, only")
  void r20_refusesCommitsOfFormerOwners() {
    fillAll(20);
    List<Member> members = members("g", 2);
    settle(members.subList(0, 1));
    int first = members.get(0).epoch;
    assertThat(members.get(0).commit(0, 10)).isEqualTo(none());
    settle(members);
    int moved = members.get(1).held.first();
    assertThat(commit("g", "m0", first, 0, 11)).isEqualTo(ErrorCode.STALE_MEMBER_EPOCH);
    assertThat(members.get(0).commit(moved, 12)).isEqualTo(ErrorCode.NOT_ASSIGNED);
    assertThat(commit("g", "stranger", 1, moved, 13)).isEqualTo(ErrorCode.FENCED_MEMBER);
    assertThat(commit("g", "", 0, moved, 0)).isEqualTo(ErrorCode.GROUP_IN_USE);
    assertThat(members.get(1).commit(moved, 15)).isEqualTo(none());
    assertThat(offsets("g")).containsEntry(moved, 15L);
  }

  @Test
  @DisplayName("I6: what was committed survives the death of the coordinator")
  void i6_keepsGroupsWhenTheirCoordinatorIsKilled() {
    fillAll(101);
    List<Member> members = members("g", 2);
    settle(members);
    for (Member each : members) {
      each.held.forEach(partition -> assertThat(each.commit(partition, 100)).isEqualTo(none()));
    }
    Map<Integer, Long> before = offsets("g");
    List<TreeSet<Integer>> had = members.stream().map(each -> new TreeSet<>(each.held)).toList();
    world.kill(coordinator("g"));
    settle(members);
    assertThat(members.stream().map(each -> each.held).toList()).isEqualTo(had);
    assertThat(offsets("g")).isEqualTo(before).hasSize(SIX);
    assertThat(members.get(0).commit(had.get(0).first(), 101)).isEqualTo(none());
  }

  @Test
  void membersHaveTheirWholeTimeAfterACoordinatorHasTakenOver() {
    List<Member> members = members("g", 2);
    settle(members);
    world.cluster.scheduler.runFor(8 * SECOND);
    world.kill(coordinator("g"));
    assertThat(describe("g").getMembersList()).hasSize(2);
    world.cluster.scheduler.runFor(6 * SECOND);
    assertThat(members.get(0).say().hasError()).isFalse();
    assertThat(members.get(1).say().hasError()).isFalse();
  }

  @Test
  void tellsAWaitingMemberAtOnceWhatItHasToGiveUp() {
    Member first = new Member("g", "m0");
    settle(List.of(first));
    int broker = coordinator("g");
    CompletableFuture<TestClient.Answer> waiting =
        world
            .client(broker)
            .send(
                Request.newBuilder()
                    .setGroupHeartbeat(
                        first.beat().setMaxWaitMs(60_000).setSessionTimeoutMs(60_000)));
    world.cluster.scheduler.runFor(SECOND);
    assertThat(waiting).isNotDone();
    new Member("g", "m1").say();
    world.cluster.scheduler.runUntil("news", waiting::isDone, SECOND);
    assertThat(waiting.join().response().getGroupHeartbeat().getAssigned(0).getPartitionsList())
        .hasSize(3);
  }

  @Test
  @DisplayName("4.12: what comes late over an old connection gives nothing up")
  void ignoresHeartbeatsOlderThanTheLast() {
    Member member = new Member("g", "m0");
    settle(List.of(member));
    GroupHeartbeatRequest.Builder old = member.beat().clearHeld();
    assertThat(member.say().hasError()).isFalse();
    Response late =
        Objects.requireNonNull(
            tryOnce(coordinator("g"), Request.newBuilder().setGroupHeartbeat(old)));
    assertThat(late.getError().getCode()).isEqualTo(ErrorCode.UNAVAILABLE);
  }

  @Test
  @DisplayName("4.13, 4.24: a topic made anew does not inherit what was committed in the old one")
  void aTopicMadeAnewInheritsNothing() {
    assertThat(commit("g", "", 0, 0, 0)).isEqualTo(none());
    assertThat(offsets("g")).containsEntry(0, 0L);
    ask(
        "g",
        Request.newBuilder().setDeleteTopic(DeleteTopicRequest.newBuilder().setName("orders")));
    assertThat(commit("g", "", 0, 0, 6)).isEqualTo(ErrorCode.UNKNOWN_TOPIC);
  }

  @Test
  void deletesAGroupWithoutMembersAndNoOther() {
    Member member = new Member("g", "m0");
    settle(List.of(member));
    assertThat(member.commit(0, 0)).isEqualTo(none());
    Request.Builder delete =
        Request.newBuilder().setDeleteGroup(DeleteGroupRequest.newBuilder().setGroupId("g"));
    assertThat(ask("g", delete).getError().getCode()).isEqualTo(ErrorCode.GROUP_IN_USE);
    member.epoch = -1;
    member.say();
    assertThat(ask("g", delete).hasError()).isFalse();
    assertThat(ask("g", delete).getError().getCode()).isEqualTo(ErrorCode.UNKNOWN_GROUP);
    world.kill(coordinator("g"));
    assertThat(ask("g", delete).getError().getCode()).isEqualTo(ErrorCode.UNKNOWN_GROUP);
    assertThat(offsets("g")).isEmpty();
  }

  @Test
  @DisplayName("B40: nobody else writes to the groups' topic, deletes, alters or trims it")
  void b40_keepsTheGroupsTopicToItself() {
    LocateGroupResponse where = where("g");
    assertThat(where.getPartitionCount()).isEqualTo(16);
    Response deleted =
        ask(
            "g",
            Request.newBuilder()
                .setDeleteTopic(DeleteTopicRequest.newBuilder().setName("__groups")));
    assertThat(deleted.getError().getCode()).isEqualTo(ErrorCode.NOT_AUTHORISED);
    Response altered =
        ask(
            "g",
            Request.newBuilder()
                .setAlterTopic(
                    AlterTopicRequest.newBuilder().setName("__groups").setPartitions(20)));
    assertThat(altered.getError().getCode()).isEqualTo(ErrorCode.NOT_AUTHORISED);
    Response created =
        ask(
            "g",
            Request.newBuilder()
                .setCreateTopic(CreateTopicRequest.newBuilder().setName("__groups")));
    assertThat(created.getError().getCode()).isEqualTo(ErrorCode.INVALID_TOPIC_NAME);
    CompletableFuture<TestClient.Answer> produced =
        world
            .client(coordinator("g"))
            .produce(
                where.getTopicId(),
                where.getPartition(),
                Durability.STANDARD,
                Batches.single("no"));
    world.cluster.scheduler.runUntil("an answer", produced::isDone, 60 * SECOND);
    assertThat(produced.join().response().getProduce().getResults(0).getError().getCode())
        .isEqualTo(ErrorCode.NOT_AUTHORISED);
  }

  @Test
  @DisplayName("B50, B51, B53, B54: what cannot be meant is refused, with the bound")
  void b50_to_b54_refusesWhatCannotBeMeant() {
    Member member = new Member("g", "m0");
    assertThat(refusal(member.beat().setGroupId(""))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setGroupId("x".repeat(300))))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setGroupId("a\nb"))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setMemberId(""))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setSessionTimeoutMs(0))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setSessionTimeoutMs(Integer.MAX_VALUE)))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setRevocationTimeoutMs(-1)))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setAssignor("magic"))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal(member.beat().setMemberEpoch(17))).isEqualTo(ErrorCode.FENCED_MEMBER);
    assertThat(
            refusal(
                member
                    .beat()
                    .setSubscription(GroupSubscription.newBuilder().addTopics("x".repeat(2000)))))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(listed()).as("nobody has come of it").isEmpty();
    assertThat(commit("g", "", 0, 0, -1)).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(commit("g", "", 0, 99, 1)).isEqualTo(ErrorCode.UNKNOWN_PARTITION);
    for (int partition = 0; partition < SIX; partition++) {
      assertThat(commit("g", "", 0, partition, 1)).isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE);
    }
  }

  private List<GroupSummary> listed() {
    LocateGroupResponse where = where("g");
    return ask(
            "g",
            Request.newBuilder()
                .setListGroups(
                    ListGroupsRequest.newBuilder()
                        .addPartitions(
                            ReplicaPartition.newBuilder()
                                .setTopicId(where.getTopicId())
                                .setPartition(where.getPartition()))))
        .getListGroups()
        .getResults(0)
        .getGroupsList();
  }

  private ErrorCode refusal(GroupHeartbeatRequest.Builder beat) {
    return ask("g", Request.newBuilder().setGroupHeartbeat(beat)).getError().getCode();
  }

  @Test
  @DisplayName("issue 5: fifty members come at once, and half of them die")
  void fiftyMembersComeToRest() {
    TopicInfo wide = world.create("wide", 60, Map.of());
    assertThat(wide.getPartitionsCount()).isEqualTo(60);
    List<Member> members = members("g", 50);
    settle(members);
    long busy = members.stream().filter(each -> !each.held.isEmpty()).count();
    assertThat(busy).isEqualTo(SIX);
    List<Member> left = members.subList(0, 25);
    for (int i = 0; i < 4; i++) {
      world.cluster.scheduler.runFor(3 * SECOND);
      left.forEach(Member::say);
    }
    settle(left);
    assertThat(left.stream().mapToInt(each -> each.held.size()).sum()).isEqualTo(SIX);
  }
}
