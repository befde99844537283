package io.millrace.client.group;

import io.millrace.client.cluster.GroupCall;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupSubscription;
import io.millrace.wire.v1.HeldPartitions;
import io.millrace.wire.v1.Request;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** One member's heartbeats, numbered. On the client's loop. */
final class MemberRequests {
  static final int JOIN = 0;
  static final int LEAVE = -1;
  static final int AWAY = -2;
  private static final int MAX_NAME = 100;

  private final GroupSettings settings;
  private final String memberId;
  private long number;

  MemberRequests(GroupSettings settings, RandomGenerator random) {
    this.settings = settings;
    String name = settings.clientId();
    this.memberId =
        "%s-%016x%016x"
            .formatted(
                name.length() > MAX_NAME ? name.substring(0, MAX_NAME) : name,
                random.nextLong(),
                random.nextLong());
  }

  /** Unique for ever, and hard to guess. */
  String memberId() {
    return memberId;
  }

  /**
   * Here I am.
   *
   * @param held all of it
   * @param wants when the coordinator has to be told of it
   */
  Request.Builder beat(
      int epoch, Collection<GroupPartition> held, Optional<GroupSubscription> wants) {
    GroupHeartbeatRequest.Builder beat =
        request(epoch)
            .setHeld(HeldPartitions.newBuilder().addAllTopics(GroupRequests.topics(held)))
            .setMaxWaitMs(settings.heartbeatMillis());
    wants.ifPresent(beat::setSubscription);
    return Request.newBuilder().setGroupHeartbeat(beat);
  }

  /** Goes, for good or to be back. */
  GroupCall.Question bye(boolean forGood) {
    GroupHeartbeatRequest.Builder bye = request(forGood ? LEAVE : AWAY);
    return question(() -> Request.newBuilder().setGroupHeartbeat(bye));
  }

  GroupCall.Question question(Supplier<Request.Builder> request) {
    return new GroupCall.Question(
        request,
        response -> response.getGroupHeartbeat().getLeaderEpoch(),
        false,
        settings.heartbeatPatienceNanos());
  }

  private GroupHeartbeatRequest.Builder request(int epoch) {
    GroupHeartbeatRequest.Builder request =
        GroupHeartbeatRequest.newBuilder()
            .setGroupId(settings.groupId())
            .setMemberId(memberId)
            .setMemberEpoch(epoch)
            .setClientId(settings.clientId())
            .setSessionTimeoutMs(settings.sessionTimeoutMillis())
            .setRevocationTimeoutMs(settings.pollLimitMillis())
            .setNumber(++number);
    settings.instanceId().ifPresent(request::setInstanceId);
    settings.rack().ifPresent(request::setRack);
    settings.assignor().ifPresent(request::setAssignor);
    return request;
  }
}
