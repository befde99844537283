package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.GroupReading;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupMember;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.DescribeGroupResponse;
import io.millrace.wire.v1.GroupMemberInfo;
import io.millrace.wire.v1.GroupState;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Shows a group: its members, what each has, and how far the group has come. */
final class DescribeGroupHandler {
  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;

  DescribeGroupHandler(Coordinators coordinators, Supplier<Catalog> catalog) {
    this.coordinators = coordinators;
    this.catalog = catalog;
  }

  void handle(InboundRequest request) {
    String groupId = request.head().getDescribeGroup().getGroupId();
    Optional<Refusal> refusal = GroupShape.checkGroup(groupId);
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    boolean wantsProgress = request.head().getDescribeGroup().getWantsProgress();
    coordinators.describe(
        groupId,
        new Coordinators.Reply<>() {
          @Override
          public void answer(int leaderEpoch, GroupReading group) {
            DescribeGroupResponse.Builder response = response(group).setLeaderEpoch(leaderEpoch);
            if (wantsProgress) {
              coordinators.progress(
                  group,
                  request.loop().clock().wallMillis(),
                  all ->
                      tell(
                          request,
                          response.addAllProgress(GroupTopics.progress(all, catalog.get()))));
            } else {
              tell(request, response);
            }
          }

          @Override
          public void refuse(Refusal why) {
            GroupReply.refuse(request, why);
          }
        });
  }

  private static void tell(InboundRequest request, DescribeGroupResponse.Builder response) {
    request.answer(Response.newBuilder().setDescribeGroup(response), List.of());
  }

  private DescribeGroupResponse.Builder response(GroupReading group) {
    return DescribeGroupResponse.newBuilder()
        .setState(state(group.summary().state()))
        .setGroupEpoch(group.groupEpoch())
        .addAllMembers(group.members().stream().map(this::member).toList())
        .addAllOffsets(GroupTopics.offsets(group.offsets(), catalog.get()))
        .setAlarm(group.damage().isEmpty() ? group.alarm() : group.damage());
  }

  private GroupMemberInfo member(GroupReading.MemberReading reading) {
    GroupMember member = reading.member();
    return GroupMemberInfo.newBuilder()
        .setMemberId(member.id())
        .setInstanceId(member.identity().instanceId().orElse(""))
        .setClientId(member.identity().clientId())
        .setHost(member.identity().host())
        .setMemberEpoch(member.epoch())
        .addAllTopics(new TreeSet<>(member.subscription().topics()))
        .addAllTopicPatterns(new TreeSet<>(member.subscription().patterns()))
        .addAllAssigned(GroupTopics.of(member.owned(), catalog.get()))
        .addAllGiving(GroupTopics.of(member.giving(), catalog.get()))
        .addAllTarget(GroupTopics.of(reading.target(), catalog.get()))
        .setSessionTimeoutMs(member.identity().sessionTimeoutMillis())
        .setSilentMs((int) Math.min(Integer.MAX_VALUE, reading.silentMillis()))
        .build();
  }

  static GroupState state(Group.State state) {
    return switch (state) {
      case EMPTY -> GroupState.EMPTY;
      case ASSIGNING -> GroupState.ASSIGNING;
      case RECONCILING -> GroupState.RECONCILING;
      case STABLE -> GroupState.STABLE;
    };
  }
}
