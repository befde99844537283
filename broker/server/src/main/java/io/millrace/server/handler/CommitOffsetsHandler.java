package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.group.CommitRules;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.GroupChange;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.CommitOffsetResult;
import io.millrace.wire.v1.CommitOffsetsRequest;
import io.millrace.wire.v1.CommitOffsetsResponse;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.OffsetToCommit;
import io.millrace.wire.v1.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Takes down how far groups have come. Partitions are refused one by one. B54. */
final class CommitOffsetsHandler {
  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;
  private final RequestSettings settings;

  CommitOffsetsHandler(
      Coordinators coordinators, Supplier<Catalog> catalog, RequestSettings settings) {
    this.coordinators = coordinators;
    this.catalog = catalog;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    CommitOffsetsRequest commit = request.head().getCommitOffsets();
    Optional<Refusal> refusal = GroupShape.checkGroup(commit.getGroupId());
    if (refusal.isEmpty() && commit.getOffsetsCount() > settings.maxPartitions()) {
      refusal =
          Optional.of(PartitionCount.tooMany(commit.getOffsetsCount(), settings.maxPartitions()));
    }
    if (refusal.isPresent()) {
      GroupReply.refuse(request, refusal.get());
      return;
    }
    long now = request.loop().clock().wallMillis();
    List<Optional<Refusal>> faults = new ArrayList<>();
    List<GroupChange.Committed> good = new ArrayList<>();
    for (OffsetToCommit offset : commit.getOffsetsList()) {
      Optional<Refusal> fault = fault(offset);
      faults.add(fault);
      if (fault.isEmpty()) {
        good.add(committed(offset, now));
      }
    }
    Optional<CommitRules.Committer> by =
        commit.getMemberId().isEmpty()
            ? Optional.empty()
            : Optional.of(new CommitRules.Committer(commit.getMemberId(), commit.getMemberEpoch()));
    coordinators.commit(
        commit.getGroupId(),
        by,
        good,
        new GroupReply<>(request, (epoch, results) -> response(epoch, commit, faults, results)));
  }

  private static GroupChange.Committed committed(OffsetToCommit offset, long nowMillis) {
    return new GroupChange.Committed(
        new PartitionId(offset.getTopicId(), offset.getPartition()),
        new CommittedOffset(
            offset.getOffset(),
            offset.hasLeaderEpoch() ? offset.getLeaderEpoch() : -1,
            nowMillis,
            offset.getMetadata()));
  }

  private Optional<Refusal> fault(OffsetToCommit offset) {
    if (offset.getOffset() < 0) {
      return Optional.of(
          new Refusal(ErrorCode.INVALID_REQUEST, "offset " + offset.getOffset() + " is negative"));
    }
    if (GroupShape.isTooLong(offset.getMetadata())) {
      return Optional.of(
          new Refusal(
              ErrorCode.TOO_LARGE,
              "metadata of a commit has at most " + GroupShape.MAX_METADATA_BYTES + " bytes"));
    }
    PartitionId id = new PartitionId(offset.getTopicId(), offset.getPartition());
    Refusal elsewhere = catalog.get().whyNotHere(id);
    return elsewhere.code() == ErrorCode.NOT_LEADER ? Optional.empty() : Optional.of(elsewhere);
  }

  private static Response.Builder response(
      int leaderEpoch,
      CommitOffsetsRequest commit,
      List<Optional<Refusal>> faults,
      List<Optional<CommitRules.Refusal>> results) {
    CommitOffsetsResponse.Builder response =
        CommitOffsetsResponse.newBuilder().setLeaderEpoch(leaderEpoch);
    int decided = 0;
    for (int i = 0; i < faults.size(); i++) {
      OffsetToCommit offset = commit.getOffsets(i);
      CommitOffsetResult.Builder result =
          CommitOffsetResult.newBuilder()
              .setTopicId(offset.getTopicId())
              .setPartition(offset.getPartition());
      Optional<Refusal> refusal =
          faults.get(i).isPresent()
              ? faults.get(i)
              : results.get(decided++).map(why -> refusal(commit, why));
      refusal.ifPresent(why -> result.setError(why.toError()));
      response.addResults(result);
    }
    return Response.newBuilder().setCommitOffsets(response);
  }

  private static Refusal refusal(CommitOffsetsRequest commit, CommitRules.Refusal why) {
    String group = "group " + commit.getGroupId();
    return switch (why) {
      case UNKNOWN_MEMBER ->
          new Refusal(
              ErrorCode.FENCED_MEMBER,
              commit.getMemberId() + " is not a member of " + group + ", or not any more");
      case STALE_EPOCH ->
          new Refusal(
              ErrorCode.STALE_MEMBER_EPOCH,
              "the member is not in epoch " + commit.getMemberEpoch() + " of " + group);
      case NOT_ASSIGNED ->
          new Refusal(ErrorCode.NOT_ASSIGNED, "the member of " + group + " does not hold it");
      case GROUP_IN_USE ->
          new Refusal(
              ErrorCode.GROUP_IN_USE, group + " has members: only they may say how far it is");
    };
  }
}
