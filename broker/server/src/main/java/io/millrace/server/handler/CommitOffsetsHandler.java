package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.CommitEnds;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.group.CommitNumber;
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

  /** The last of each that waits for leaders to say where partitions end. Any loop. */
  private final Map<Committing, CompletionStage<Boolean>> underWay = new ConcurrentHashMap<>();

  /**
   * Whose commits are taken in their order.
   *
   * @param memberId empty: all who are not members
   */
  private record Committing(String groupId, String memberId) {}

  CommitOffsetsHandler(
      Coordinators coordinators, Supplier<Catalog> catalog, RequestSettings settings) {
    this.coordinators = coordinators;
    this.catalog = catalog;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    CommitOffsetsRequest commit = request.head().getCommitOffsets();
    Optional<Refusal> refusal =
        GroupShape.checkCommitter(commit.getGroupId(), commit.getMemberId());
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
    List<CommitEnds.Claim> claims = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < faults.size(); i++) {
      if (faults.get(i).isEmpty()) {
        claims.add(claim(commit.getOffsets(i)));
        places.add(i);
      }
    }
    Committing who = new Committing(commit.getGroupId(), commit.getMemberId());
    if (coordinators.ends().areKnown(claims) && !underWay.containsKey(who)) {
      commit(request, commit, faults);
      return;
    }
    CompletableFuture<Boolean> checked = inTurn(who, () -> commit(request, commit, faults));
    coordinators
        .ends()
        .check(
            claims,
            who.memberId().isEmpty() ? CommitEnds.Patience.PERSON : CommitEnds.Patience.MEMBER,
            beyond -> {
              for (int i = 0; i < beyond.size(); i++) {
                refuse(faults, places.get(i), claims.get(i), beyond.get(i));
              }
              checked.complete(true);
            });
  }

  private static void refuse(
      List<Optional<Refusal>> faults, int place, CommitEnds.Claim claim, OptionalLong beyond) {
    if (beyond.isPresent()) {
      faults.set(
          place,
          Optional.of(
              new Refusal(
                  ErrorCode.OFFSET_OUT_OF_RANGE,
                  "offset "
                      + claim.offset()
                      + " is beyond the end of the partition, "
                      + beyond.getAsLong())));
    }
  }

  private static CommitEnds.Claim claim(OffsetToCommit offset) {
    return new CommitEnds.Claim(
        new PartitionId(offset.getTopicId(), offset.getPartition()),
        offset.getOffset(),
        epoch(offset));
  }

  private static int epoch(OffsetToCommit offset) {
    return offset.hasLeaderEpoch() ? offset.getLeaderEpoch() : -1;
  }

  /**
   * Asking leaders takes different times: what the same one asked for later must not be overtaken.
   *
   * @return to be completed when the ends are known
   */
  private CompletableFuture<Boolean> inTurn(Committing who, Runnable then) {
    CompletableFuture<Boolean> checked = new CompletableFuture<>();
    CompletionStage<Boolean> turn =
        underWay.compute(
            who,
            (same, before) ->
                (before == null ? checked : before.thenCombine(checked, (one, other) -> other))
                    .thenApply(
                        isChecked -> {
                          then.run();
                          return isChecked;
                        }));
    turn.whenComplete((done, bug) -> underWay.remove(who, turn));
    return checked;
  }

  private void commit(
      InboundRequest request, CommitOffsetsRequest commit, List<Optional<Refusal>> faults) {
    long now = request.loop().clock().wallMillis();
    List<GroupChange.Committed> good = new ArrayList<>();
    for (int i = 0; i < faults.size(); i++) {
      if (faults.get(i).isEmpty()) {
        good.add(
            committed(
                commit.getOffsets(i), now, CommitNumber.of(commit.getMemberId(), number(commit))));
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

  private static long number(CommitOffsetsRequest commit) {
    return commit.getMemberId().isEmpty() ? 0 : commit.getNumber();
  }

  private static GroupChange.Committed committed(
      OffsetToCommit offset, long nowMillis, CommitNumber number) {
    return new GroupChange.Committed(
        new PartitionId(offset.getTopicId(), offset.getPartition()),
        new CommittedOffset(
            offset.getOffset(), epoch(offset), nowMillis, offset.getMetadata(), number));
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
