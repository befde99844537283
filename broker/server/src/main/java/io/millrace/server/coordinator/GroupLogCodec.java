package io.millrace.server.coordinator;

import io.millrace.server.group.CommitNumber;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.GroupChange;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Subscription;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.GroupLogBytes;
import io.millrace.wire.v1.GroupLogAssignment;
import io.millrace.wire.v1.GroupLogAssignmentKey;
import io.millrace.wire.v1.GroupLogEpoch;
import io.millrace.wire.v1.GroupLogEpochKey;
import io.millrace.wire.v1.GroupLogKey;
import io.millrace.wire.v1.GroupLogMember;
import io.millrace.wire.v1.GroupLogOffset;
import io.millrace.wire.v1.GroupLogPartition;
import io.millrace.wire.v1.GroupLogPartitions;
import io.millrace.wire.v1.GroupLogTopic;
import io.millrace.wire.v1.GroupLogValue;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a change of a group is called in the groups' log, both ways. Each key stands for one thing,
 * so that only the newest record of a key matters.
 */
final class GroupLogCodec {
  private GroupLogCodec() {}

  /**
   * A record of the log.
   *
   * @param value null: the thing is gone
   */
  record Line(ByteBuffer key, @Nullable ByteBuffer value) {}

  /**
   * What a record says.
   *
   * @param change empty: nothing that anybody has to know
   * @param fault why it makes no sense, if it does not; then there is no change
   */
  record Told(String groupId, Optional<GroupChange> change, Optional<String> fault) {}

  static List<Line> lines(String groupId, GroupChange change) {
    GroupLogKey.Builder key = GroupLogKey.newBuilder().setGroupId(groupId);
    GroupLogValue.Builder value = GroupLogValue.newBuilder().setVersion(GroupLogBytes.VERSION);
    if (change instanceof GroupChange.MemberIs is) {
      return line(key.setMember(is.member().id()), value.setMember(member(is.member())));
    } else if (change instanceof GroupChange.MemberGone gone) {
      return List.of(
          gone(key.clone().setTarget(gone.memberId())), gone(key.setMember(gone.memberId())));
    } else if (change instanceof GroupChange.EpochIs is) {
      return line(
          key.setEpoch(GroupLogEpochKey.getDefaultInstance()),
          value.setEpoch(
              GroupLogEpoch.newBuilder()
                  .setEpoch(is.groupEpoch())
                  .setEmptySinceMs(is.emptySinceMillis())
                  .putAllPartitionCounts(is.partitionCounts())));
    } else if (change instanceof GroupChange.TargetOf of) {
      return line(key.setTarget(of.memberId()), value.setTarget(partitions(of.partitions())));
    } else if (change instanceof GroupChange.TargetsAre are) {
      return line(
          key.setAssignment(GroupLogAssignmentKey.getDefaultInstance()),
          value.setAssignment(GroupLogAssignment.newBuilder().setEpoch(are.assignmentEpoch())));
    } else if (change instanceof GroupChange.Committed committed) {
      return line(
          key.setOffset(partition(committed.partition())),
          value.setOffset(offset(committed.offset())));
    } else if (change instanceof GroupChange.Forgotten forgotten) {
      return List.of(gone(key.setOffset(partition(forgotten.partition()))));
    }
    return List.of(
        gone(key.clone().setAssignment(GroupLogAssignmentKey.getDefaultInstance())),
        gone(key.setEpoch(GroupLogEpochKey.getDefaultInstance())));
  }

  private static List<Line> line(GroupLogKey.Builder key, GroupLogValue.Builder value) {
    return List.of(new Line(GroupLogBytes.of(key.build()), GroupLogBytes.of(value.build())));
  }

  private static Line gone(GroupLogKey.Builder key) {
    return new Line(GroupLogBytes.of(key.build()), null);
  }

  private static GroupLogPartition partition(PartitionId id) {
    return GroupLogPartition.newBuilder()
        .setTopicId(id.topicId())
        .setPartition(id.partition())
        .build();
  }

  private static GroupLogOffset offset(CommittedOffset offset) {
    return GroupLogOffset.newBuilder()
        .setOffset(offset.offset())
        .setLeaderEpoch(offset.leaderEpoch())
        .setCommitTimestampMs(offset.commitMillis())
        .setMovedTimestampMs(offset.movedMillis())
        .setMetadata(offset.metadata())
        .setNumber(offset.number().number())
        .setCommitter(offset.number().committer())
        .build();
  }

  private static GroupLogMember member(GroupMember member) {
    GroupMember.Identity identity = member.identity();
    GroupLogMember.Builder built =
        GroupLogMember.newBuilder()
            .setClientId(identity.clientId())
            .setHost(identity.host())
            .setSessionTimeoutMs(identity.sessionTimeoutMillis())
            .setRevocationTimeoutMs(identity.revocationTimeoutMillis())
            .addAllTopics(new TreeSet<>(member.subscription().topics()))
            .setEpoch(member.epoch())
            .setPreviousEpoch(member.previousEpoch())
            .setOwned(partitions(member.owned()))
            .setGiving(partitions(member.giving()));
    identity.instanceId().ifPresent(built::setInstanceId);
    identity.rack().ifPresent(built::setRack);
    identity.assignor().ifPresent(built::setAssignor);
    built.addAllTopicPatterns(new TreeSet<>(member.subscription().patterns()));
    return built.build();
  }

  private static GroupLogPartitions partitions(Set<PartitionId> ids) {
    TreeMap<String, TreeSet<Integer>> byTopic = new TreeMap<>();
    ids.forEach(
        id -> byTopic.computeIfAbsent(id.topicId(), topic -> new TreeSet<>()).add(id.partition()));
    GroupLogPartitions.Builder built = GroupLogPartitions.newBuilder();
    byTopic.forEach(
        (topic, numbers) ->
            built.addTopics(
                GroupLogTopic.newBuilder().setTopicId(topic).addAllPartitions(numbers)));
    return built.build();
  }

  // ---- And back --------------------------------------------------------------------------------

  /**
   * @throws CorruptBatchException it is no record of this log: not even its group is known
   */
  static Told read(ByteBuffer key, @Nullable ByteBuffer value) {
    GroupLogKey named = GroupLogBytes.key(key);
    try {
      return new Told(
          named.getGroupId(), Optional.ofNullable(change(named, value)), Optional.empty());
    } catch (CorruptBatchException | IllegalArgumentException e) {
      return new Told(
          named.getGroupId(), Optional.empty(), Optional.of(String.valueOf(e.getMessage())));
    }
  }

  private static @Nullable GroupChange change(GroupLogKey named, @Nullable ByteBuffer value) {
    return value == null ? gone(named) : is(named, GroupLogBytes.value(value));
  }

  private static @Nullable GroupChange gone(GroupLogKey key) {
    return switch (key.getWhatCase()) {
      case MEMBER -> new GroupChange.MemberGone(key.getMember());
      case OFFSET -> new GroupChange.Forgotten(id(key.getOffset()));
      case EPOCH -> new GroupChange.Ended();
      // What a member shall have goes with the member, the assignment with the group.
      case TARGET, ASSIGNMENT, WHAT_NOT_SET -> null;
    };
  }

  private static @Nullable GroupChange is(GroupLogKey key, GroupLogValue value) {
    return switch (value.getWhatCase()) {
      case MEMBER -> new GroupChange.MemberIs(member(key.getMember(), value.getMember()));
      case TARGET -> new GroupChange.TargetOf(key.getTarget(), ids(value.getTarget()));
      case EPOCH ->
          new GroupChange.EpochIs(
              value.getEpoch().getEpoch(),
              new TreeMap<>(value.getEpoch().getPartitionCountsMap()),
              value.getEpoch().getEmptySinceMs());
      case ASSIGNMENT -> new GroupChange.TargetsAre(value.getAssignment().getEpoch());
      case OFFSET -> new GroupChange.Committed(id(key.getOffset()), offset(value.getOffset()));
      case WHAT_NOT_SET -> null;
    };
  }

  private static PartitionId id(GroupLogPartition partition) {
    return new PartitionId(partition.getTopicId(), partition.getPartition());
  }

  private static CommittedOffset offset(GroupLogOffset offset) {
    return new CommittedOffset(
        offset.getOffset(),
        offset.getLeaderEpoch(),
        offset.getCommitTimestampMs(),
        offset.getMovedTimestampMs() == 0
            ? offset.getCommitTimestampMs()
            : offset.getMovedTimestampMs(),
        offset.getMetadata(),
        new CommitNumber(offset.getCommitter(), offset.getNumber()));
  }

  private static GroupMember member(String id, GroupLogMember member) {
    return new GroupMember(
        id,
        new GroupMember.Identity(
            member.hasInstanceId() ? Optional.of(member.getInstanceId()) : Optional.empty(),
            member.hasRack() ? Optional.of(member.getRack()) : Optional.empty(),
            member.getClientId(),
            member.getHost(),
            member.getSessionTimeoutMs(),
            member.getRevocationTimeoutMs(),
            member.hasAssignor() ? Optional.of(member.getAssignor()) : Optional.empty()),
        new Subscription(
            new HashSet<>(member.getTopicsList()), new HashSet<>(member.getTopicPatternsList())),
        member.getEpoch(),
        member.getPreviousEpoch(),
        ids(member.getOwned()),
        ids(member.getGiving()));
  }

  private static Set<PartitionId> ids(GroupLogPartitions partitions) {
    Set<PartitionId> ids = new HashSet<>();
    for (GroupLogTopic topic : partitions.getTopicsList()) {
      topic
          .getPartitionsList()
          .forEach(number -> ids.add(new PartitionId(topic.getTopicId(), number)));
    }
    return ids;
  }
}
