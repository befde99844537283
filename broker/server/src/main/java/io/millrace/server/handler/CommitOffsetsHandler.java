package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.coordinator.LagAnswer;
import io.millrace.server.coordinator.ReaderAt;
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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Takes down how far groups have come. Partitions are refused one by one. B54. */
final class CommitOffsetsHandler {
  private final Coordinators coordinators;
  private final Supplier<Catalog> catalog;
  private final RequestSettings settings;

  /** By group: the last of those that are not committed yet. Any loop. */
  private final Map<String, CompletionStage<Boolean>> underWay = new ConcurrentHashMap<>();

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
    List<Optional<Refusal>> faults =
        commit.getOffsetsList().stream().map(this::fault).collect(Collectors.toList());
    if (commit.getMemberId().isEmpty()) {
      CompletableFuture<Boolean> checked = inTurn(commit, () -> commit(request, commit, faults));
      checkEnds(commit, faults, () -> checked.complete(true));
    } else {
      commit(request, commit, faults);
    }
  }

  /**
   * Asking leaders takes different times: what was asked for later must not be overtaken.
   *
   * @return to be completed when the ends are known
   */
  private CompletableFuture<Boolean> inTurn(CommitOffsetsRequest commit, Runnable then) {
    CompletableFuture<Boolean> checked = new CompletableFuture<>();
    CompletionStage<Boolean> turn =
        underWay.compute(
            commit.getGroupId(),
            (group, before) ->
                (before == null ? checked : before.thenCombine(checked, (one, other) -> other))
                    .thenApply(
                        isChecked -> {
                          then.run();
                          return isChecked;
                        }));
    turn.whenComplete((done, bug) -> underWay.remove(commit.getGroupId(), turn));
    return checked;
  }

  /**
   * What is set by hand may not be beyond the end. Members are believed: they commit behind what
   * they were given, as often as they like, and one after another. Nor is anybody refused because a
   * leader does not answer.
   *
   * @param faults gets more
   */
  private void checkEnds(
      CommitOffsetsRequest commit, List<Optional<Refusal>> faults, Runnable then) {
    Map<Integer, ReaderAt> readers = new LinkedHashMap<>();
    for (int i = 0; i < faults.size(); i++) {
      if (faults.get(i).isEmpty()) {
        OffsetToCommit offset = commit.getOffsets(i);
        readers.put(
            i,
            new ReaderAt(
                new PartitionId(offset.getTopicId(), offset.getPartition()), OptionalLong.empty()));
      }
    }
    coordinators.ends(
        new LinkedHashSet<>(readers.values()),
        ends -> {
          readers.forEach(
              (index, reader) -> {
                long offset = commit.getOffsets(index).getOffset();
                if (ends.get(reader) instanceof LagAnswer.Known known && offset > known.end()) {
                  faults.set(
                      index,
                      Optional.of(
                          new Refusal(
                              ErrorCode.OFFSET_OUT_OF_RANGE,
                              "offset "
                                  + offset
                                  + " is beyond the end of the partition, "
                                  + known.end())));
                }
              });
          then.run();
        });
  }

  private void commit(
      InboundRequest request, CommitOffsetsRequest commit, List<Optional<Refusal>> faults) {
    long now = request.loop().clock().wallMillis();
    List<GroupChange.Committed> good = new ArrayList<>();
    for (int i = 0; i < faults.size(); i++) {
      if (faults.get(i).isEmpty()) {
        good.add(committed(commit.getOffsets(i), now));
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
