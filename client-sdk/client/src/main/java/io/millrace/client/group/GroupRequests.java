package io.millrace.client.group;

import io.millrace.client.CommittedOffset;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.BrokerErrors;
import io.millrace.client.cluster.GroupCall;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.wire.v1.CommitOffsetResult;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchOffsetsRequest;
import io.millrace.wire.v1.GroupTopic;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Requests of groups, and what their answers say. */
final class GroupRequests {
  private GroupRequests() {}

  static List<GroupTopic> topics(Collection<GroupPartition> partitions) {
    TreeMap<String, TreeSet<Integer>> byId = new TreeMap<>();
    partitions.forEach(
        each ->
            byId.computeIfAbsent(each.topicId(), id -> new TreeSet<>())
                .add(each.partition().partition()));
    List<GroupTopic> topics = new ArrayList<>();
    byId.forEach(
        (id, numbers) ->
            topics.add(GroupTopic.newBuilder().setTopicId(id).addAllPartitions(numbers).build()));
    return topics;
  }

  /** Those of topics that are gone are left out: there is nothing to read. */
  static Set<GroupPartition> partitions(List<GroupTopic> topics) {
    Set<GroupPartition> partitions = new HashSet<>();
    for (GroupTopic topic : topics) {
      if (!topic.getTopic().isEmpty()) {
        topic
            .getPartitionsList()
            .forEach(
                number ->
                    partitions.add(
                        new GroupPartition(
                            topic.getTopicId(), new TopicPartition(topic.getTopic(), number))));
      }
    }
    return partitions;
  }

  // ---- Committing ------------------------------------------------------------------------------

  /**
   * @param number of this try: higher than that of each before it
   */
  static Request.Builder commit(
      String groupId, MemberStamp who, long number, Map<GroupPartition, CommittedOffset> offsets) {
    CommitOffsetsRequest.Builder commit = CommitOffsetsRequest.newBuilder().setGroupId(groupId);
    if (who instanceof MemberStamp.Member member) {
      commit.setMemberId(member.memberId()).setMemberEpoch(member.epoch()).setNumber(number);
    }
    offsets.forEach(
        (partition, offset) -> {
          OffsetToCommit.Builder one =
              OffsetToCommit.newBuilder()
                  .setTopicId(partition.topicId())
                  .setPartition(partition.partition().partition())
                  .setOffset(offset.offset())
                  .setMetadata(offset.metadata());
          if (offset.leaderEpoch() >= 0) {
            one.setLeaderEpoch(offset.leaderEpoch());
          }
          commit.addOffsets(one);
        });
    return Request.newBuilder().setCommitOffsets(commit);
  }

  /** What became of a commit. */
  record CommitOutcome(boolean isStale, Optional<MillraceException> error) {}

  /**
   * @param order of the request
   */
  static CommitOutcome outcome(Response response, List<GroupPartition> order) {
    List<CommitOffsetResult> results = response.getCommitOffsets().getResultsList();
    if (results.size() != order.size()) {
      return new CommitOutcome(
          false,
          Optional.of(
              new ProtocolException(results.size() + " answers for " + order.size() + " offsets")));
    }
    boolean isStale = false;
    Optional<MillraceException> first = Optional.empty();
    for (int i = 0; i < order.size(); i++) {
      if (results.get(i).hasError()) {
        TopicPartition partition = order.get(i).partition();
        isStale |= results.get(i).getError().getCode() == ErrorCode.STALE_MEMBER_EPOCH;
        MillraceException e =
            BrokerErrors.exception(
                results.get(i).getError(), partition.topic(), partition.partition());
        first = first.or(() -> Optional.of(e));
      }
    }
    return new CommitOutcome(isStale, first);
  }

  static GroupCall.Question commitQuestion(Supplier<Request.Builder> request, long patienceNanos) {
    return new GroupCall.Question(
        request, response -> response.getCommitOffsets().getLeaderEpoch(), false, patienceNanos);
  }

  // ---- Where a group is ------------------------------------------------------------------------

  static GroupCall.Question fetchQuestion(String groupId, Collection<GroupPartition> partitions) {
    FetchOffsetsRequest.Builder fetch =
        FetchOffsetsRequest.newBuilder().setGroupId(groupId).addAllTopics(topics(partitions));
    return new GroupCall.Question(
        () -> Request.newBuilder().setFetchOffsets(fetch),
        response -> response.getFetchOffsets().getLeaderEpoch(),
        false,
        GroupOffsets.PATIENCE_NANOS);
  }

  static Map<GroupPartition, CommittedOffset> offsets(
      Response response, Collection<GroupPartition> asked) {
    Map<String, Map<Integer, GroupPartition>> known = new HashMap<>();
    asked.forEach(
        each ->
            known
                .computeIfAbsent(each.topicId(), id -> new HashMap<>())
                .put(each.partition().partition(), each));
    Map<GroupPartition, CommittedOffset> offsets = new LinkedHashMap<>();
    for (io.millrace.wire.v1.CommittedOffset one : response.getFetchOffsets().getOffsetsList()) {
      GroupPartition partition =
          known.getOrDefault(one.getTopicId(), Map.of()).get(one.getPartition());
      if (partition != null && one.getOffset() >= 0) {
        offsets.put(
            partition,
            new CommittedOffset(
                one.getOffset(),
                one.hasLeaderEpoch() ? one.getLeaderEpoch() : CommittedOffset.NO_EPOCH,
                one.getMetadata()));
      }
    }
    return offsets;
  }
}
