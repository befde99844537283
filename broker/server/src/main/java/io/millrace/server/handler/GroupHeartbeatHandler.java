package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.HeartbeatCall;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import io.millrace.server.group.Subscription;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupHeartbeatResponse;
import io.millrace.wire.v1.Response;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Takes what members say of themselves, and tells them what they may read. */
final class GroupHeartbeatHandler {
  /** The answer has to be on its way before nobody waits for it. */
  private static final long MARGIN_MILLIS = 500;

  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;

  GroupHeartbeatHandler(Coordinators coordinators, Supplier<Catalog> catalog) {
    this.coordinators = coordinators;
    this.catalog = catalog;
  }

  void handle(InboundRequest request) {
    GroupHeartbeatRequest said = request.head().getGroupHeartbeat();
    Optional<Refusal> refusal = GroupShape.check(said);
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    long leftMillis =
        TimeUnit.NANOSECONDS.toMillis(request.deadlineNanos() - request.loop().clock().nanoTime());
    boolean isMember = said.getMemberEpoch() > Heartbeat.JOIN && said.hasHeld();
    long waitMillis =
        isMember ? Math.max(0, Math.min(said.getMaxWaitMs(), leftMillis - MARGIN_MILLIS)) : 0;
    coordinators.heartbeat(
        said.getGroupId(),
        beat(request, said),
        new HeartbeatCall(said.getNumber(), (int) waitMillis),
        new Answer(request, catalog));
  }

  private static Heartbeat beat(InboundRequest request, GroupHeartbeatRequest said) {
    Optional<Set<PartitionId>> held =
        said.hasHeld()
            ? Optional.of(GroupTopics.ids(said.getHeld().getTopicsList()))
            : Optional.empty();
    return new Heartbeat(
        said.getMemberId(),
        said.getMemberEpoch(),
        new GroupMember.Identity(
            said.hasInstanceId() ? Optional.of(said.getInstanceId()) : Optional.empty(),
            said.hasRack() ? Optional.of(said.getRack()) : Optional.empty(),
            said.getClientId(),
            request.remote().host(),
            said.getSessionTimeoutMs(),
            said.getRevocationTimeoutMs(),
            said.hasAssignor() ? Optional.of(said.getAssignor()) : Optional.empty()),
        said.hasSubscription()
            ? Optional.of(
                new Subscription(
                    new HashSet<>(said.getSubscription().getTopicsList()),
                    new HashSet<>(said.getSubscription().getTopicPatternsList())))
            : Optional.empty(),
        held);
  }

  /** On the coordinator's loop. */
  private record Answer(InboundRequest request, Supplier<Catalog> catalog)
      implements Coordinators.Reply<HeartbeatAnswer> {
    @Override
    public void answer(int leaderEpoch, HeartbeatAnswer answer) {
      if (answer instanceof HeartbeatAnswer.Told told) {
        tell(
            GroupHeartbeatResponse.newBuilder()
                .setLeaderEpoch(leaderEpoch)
                .setMemberEpoch(told.memberEpoch())
                .addAllAssigned(GroupTopics.of(told.owned(), catalog.get())));
      } else if (answer instanceof HeartbeatAnswer.Bye) {
        tell(
            GroupHeartbeatResponse.newBuilder()
                .setLeaderEpoch(leaderEpoch)
                .setMemberEpoch(request.head().getGroupHeartbeat().getMemberEpoch()));
      } else if (answer instanceof HeartbeatAnswer.Fenced fenced) {
        refuse(new Refusal(ErrorCode.FENCED_MEMBER, fenced.why()));
      } else if (answer instanceof HeartbeatAnswer.Full full) {
        refuse(new Refusal(ErrorCode.GROUP_FULL, full.why()));
      } else if (answer instanceof HeartbeatAnswer.Refused refused) {
        refuse(new Refusal(ErrorCode.INVALID_REQUEST, refused.why()));
      } else if (answer instanceof HeartbeatAnswer.Unavailable unavailable) {
        refuse(new Refusal(ErrorCode.UNAVAILABLE, unavailable.why()));
      }
    }

    private void tell(GroupHeartbeatResponse.Builder response) {
      request.answer(Response.newBuilder().setGroupHeartbeat(response), List.of());
    }

    @Override
    public void refuse(Refusal why) {
      GroupReply.refuse(request, why);
    }
  }
}
