package io.millrace.client.group;

import io.millrace.client.CommittedOffset;
import io.millrace.client.Explanation;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupListing;
import io.millrace.client.GroupMemberDescription;
import io.millrace.client.GroupProgress;
import io.millrace.client.GroupState;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.GroupCall;
import io.millrace.client.cluster.GroupExplainCall;
import io.millrace.client.cluster.GroupListCall;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.v1.DeleteGroupRequest;
import io.millrace.wire.v1.DescribeGroupRequest;
import io.millrace.wire.v1.DescribeGroupResponse;
import io.millrace.wire.v1.GroupMemberInfo;
import io.millrace.wire.v1.GroupTopic;
import io.millrace.wire.v1.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** What an admin client asks of groups. On the client's loop; each returns what ends it early. */
public final class GroupQuestions {
  private GroupQuestions() {}

  /** All groups, by id. */
  public static Runnable list(Cluster cluster, long timeoutNanos, Done<List<GroupListing>> done) {
    return GroupListCall.start(
        cluster,
        timeoutNanos,
        (groups, e) ->
            done.done(
                groups == null
                    ? null
                    : groups.stream()
                        .map(
                            each ->
                                new GroupListing(
                                    each.getGroupId(), state(each.getState()), each.getMembers()))
                        .sorted(Comparator.comparing(GroupListing::groupId))
                        .toList(),
                e));
  }

  /** One group. */
  public static Runnable describe(
      Cluster cluster, String groupId, long timeoutNanos, Done<GroupDescription> done) {
    GroupCall.Question question =
        new GroupCall.Question(
            () ->
                Request.newBuilder()
                    .setDescribeGroup(
                        DescribeGroupRequest.newBuilder()
                            .setGroupId(groupId)
                            .setWantsProgress(true)),
            response -> response.getDescribeGroup().getLeaderEpoch(),
            false);
    GroupCall call =
        GroupCall.start(
            cluster,
            new GroupCall.Place(groupId),
            question,
            timeoutNanos,
            (response, e) ->
                done.done(
                    response == null ? null : description(groupId, response.getDescribeGroup()),
                    e));
    return call::close;
  }

  /** Why a group is as it is. */
  public static Runnable explain(
      Cluster cluster, String groupId, long timeoutNanos, Done<Explanation> done) {
    return GroupExplainCall.start(cluster, groupId, timeoutNanos, done);
  }

  /** Forgets a group without members. */
  public static Runnable delete(
      Cluster cluster, String groupId, long timeoutNanos, Done<Boolean> done) {
    GroupCall.Question question =
        new GroupCall.Question(
            () ->
                Request.newBuilder()
                    .setDeleteGroup(DeleteGroupRequest.newBuilder().setGroupId(groupId)),
            response -> response.getDeleteGroup().getLeaderEpoch(),
            true);
    GroupCall call =
        GroupCall.start(
            cluster,
            new GroupCall.Place(groupId),
            question,
            timeoutNanos,
            (response, e) -> done.done(response == null ? null : true, e));
    return call::close;
  }

  /** Says for a group without members where it goes on. */
  public static Runnable reset(
      Cluster cluster,
      String groupId,
      Map<TopicPartition, CommittedOffset> offsets,
      long timeoutNanos,
      Done<Boolean> done) {
    Resetting resetting = new Resetting(cluster, groupId, offsets, timeoutNanos, done);
    resetting.nameNext();
    return resetting::close;
  }

  /** The ids of the topics first, then the commit. */
  private static final class Resetting {
    private final Cluster cluster;
    private final String groupId;
    private final Map<TopicPartition, CommittedOffset> offsets;
    private final long timeoutNanos;
    private final Done<Boolean> done;
    private final Iterator<TopicPartition> unnamed;
    private final Map<GroupPartition, CommittedOffset> named = new LinkedHashMap<>();
    private Runnable ending = () -> {};

    Resetting(
        Cluster cluster,
        String groupId,
        Map<TopicPartition, CommittedOffset> offsets,
        long timeoutNanos,
        Done<Boolean> done) {
      this.cluster = cluster;
      this.groupId = groupId;
      this.offsets = Map.copyOf(offsets);
      this.timeoutNanos = timeoutNanos;
      this.done = done;
      this.unnamed = this.offsets.keySet().iterator();
    }

    void nameNext() {
      if (!unnamed.hasNext()) {
        commit();
        return;
      }
      TopicPartition partition = unnamed.next();
      cluster.lookup(
          partition.topic(),
          (topic, e) -> {
            CommittedOffset offset = offsets.get(partition);
            if (topic == null || offset == null) {
              done.done(null, e);
            } else {
              named.put(new GroupPartition(topic.id(), partition), offset);
              nameNext();
            }
          });
    }

    private void commit() {
      List<GroupPartition> order = new ArrayList<>(named.keySet());
      GroupCall call =
          GroupCall.start(
              cluster,
              new GroupCall.Place(groupId),
              GroupRequests.commitQuestion(
                  () -> GroupRequests.commit(groupId, new MemberStamp.Stranger(), 0, named),
                  GroupOffsets.PATIENCE_NANOS),
              timeoutNanos,
              (response, e) -> {
                Optional<MillraceException> error =
                    response == null
                        ? Optional.ofNullable(e)
                        : GroupRequests.outcome(response, order).error();
                done.done(error.isPresent() ? null : true, error.orElse(null));
              });
      ending = call::close;
    }

    void close() {
      ending.run();
    }
  }

  // ---- What answers say ------------------------------------------------------------------------

  private static GroupDescription description(String groupId, DescribeGroupResponse group) {
    Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
    for (io.millrace.wire.v1.CommittedOffset each : group.getOffsetsList()) {
      if (!each.getTopic().isEmpty() && each.getOffset() >= 0) {
        offsets.put(
            new TopicPartition(each.getTopic(), each.getPartition()),
            new CommittedOffset(
                each.getOffset(),
                each.hasLeaderEpoch() ? each.getLeaderEpoch() : CommittedOffset.NO_EPOCH,
                each.getMetadata()));
      }
    }
    return new GroupDescription(
        groupId,
        state(group.getState()),
        group.getGroupEpoch(),
        group.getMembersList().stream().map(GroupQuestions::member).toList(),
        offsets,
        group.getProgressList().stream()
            .filter(each -> !each.getTopic().isEmpty())
            .map(GroupQuestions::progress)
            .sorted(
                Comparator.comparing((GroupProgress each) -> each.partition().topic())
                    .thenComparing(each -> each.partition().partition()))
            .toList(),
        group.getAlarm());
  }

  private static GroupProgress progress(io.millrace.wire.v1.GroupProgress each) {
    return new GroupProgress(
        new TopicPartition(each.getTopic(), each.getPartition()),
        each.getMemberId().isEmpty() ? Optional.empty() : Optional.of(each.getMemberId()),
        each.hasCommitted() ? OptionalLong.of(each.getCommitted()) : OptionalLong.empty(),
        each.hasStart() ? OptionalLong.of(each.getStart()) : OptionalLong.empty(),
        each.hasEnd() ? OptionalLong.of(each.getEnd()) : OptionalLong.empty(),
        each.hasLagMs() ? Optional.of(Duration.ofMillis(each.getLagMs())) : Optional.empty(),
        each.hasStillMs() ? Optional.of(Duration.ofMillis(each.getStillMs())) : Optional.empty(),
        each.getStuck(),
        each.getUnknown());
  }

  private static GroupMemberDescription member(GroupMemberInfo member) {
    return new GroupMemberDescription(
        member.getMemberId(),
        member.getInstanceId().isEmpty() ? Optional.empty() : Optional.of(member.getInstanceId()),
        member.getClientId(),
        member.getHost(),
        member.getMemberEpoch(),
        new HashSet<>(member.getTopicsList()),
        names(member.getAssignedList()),
        names(member.getGivingList()),
        names(member.getTargetList()),
        Duration.ofMillis(member.getSessionTimeoutMs()),
        Duration.ofMillis(member.getSilentMs()));
  }

  private static Set<TopicPartition> names(List<GroupTopic> topics) {
    Set<TopicPartition> names = new HashSet<>();
    GroupRequests.partitions(topics).forEach(each -> names.add(each.partition()));
    return names;
  }

  private static GroupState state(io.millrace.wire.v1.GroupState state) {
    return switch (state) {
      case EMPTY -> GroupState.EMPTY;
      case ASSIGNING -> GroupState.ASSIGNING;
      case RECONCILING -> GroupState.RECONCILING;
      case STABLE -> GroupState.STABLE;
      case GROUP_STATE_UNSPECIFIED, UNRECOGNIZED -> GroupState.UNKNOWN;
    };
  }
}
