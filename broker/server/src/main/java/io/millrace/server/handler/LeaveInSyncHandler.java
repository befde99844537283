package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Follower;
import io.millrace.wire.v1.LeaveInSyncRequest;
import io.millrace.wire.v1.LeaveInSyncResponse;
import io.millrace.wire.v1.LeaveInSyncResult;
import io.millrace.wire.v1.ReplicaPartition;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A follower that is about to stop asks to be taken out of in-sync sets, so that nobody waits for
 * it: each leader writes that by itself. Who may ask is {@link ReplicaAdmission}'s to say.
 */
final class LeaveInSyncHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;

  LeaveInSyncHandler(List<Shard> shards, RequestSettings settings) {
    this.shards = shards;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    LeaveInSyncRequest leave = request.head().getLeaveInSync();
    Optional<Refusal> refusal = ReplicaPartitions.check(leave.getPartitionsList(), settings);
    if (refusal.isPresent()) {
      request.refuse(refusal.get().code(), refusal.get().message());
      return;
    }
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "the replica may have been taken out of in-sync sets: the cluster's store did not"
                    + " answer in time"));
    int count = leave.getPartitionsCount();
    Gather<LeaveInSyncResult> results =
        new Gather<>(
            count,
            all ->
                answer.answer(
                    Response.newBuilder()
                        .setLeaveInSync(LeaveInSyncResponse.newBuilder().addAllResults(all))));
    for (int i = 0; i < count; i++) {
      ask(leave.getFollower(), leave.getPartitions(i), i, results);
    }
  }

  private void ask(
      Follower follower, ReplicaPartition which, int index, Gather<LeaveInSyncResult> results) {
    PartitionId id = ReplicaPartitions.id(which);
    Shard owner = id.ownerAmong(shards);
    owner.deliver(
        () -> {
          Partition partition = owner.find(id);
          Optional<Refusal> refusal =
              partition == null
                  ? Optional.of(owner.whyAbsent(id))
                  : partition.checkEpoch(OptionalInt.of(which.getLeaderEpoch()));
          if (partition == null || refusal.isPresent()) {
            results.fill(index, result(which, refusal));
          } else {
            partition.onLeaveAsked(
                follower.getBrokerId(),
                (int) follower.getIncarnation(),
                why -> results.fill(index, result(which, why)));
          }
        });
  }

  private static LeaveInSyncResult result(ReplicaPartition which, Optional<Refusal> refusal) {
    LeaveInSyncResult.Builder result =
        LeaveInSyncResult.newBuilder()
            .setTopicId(which.getTopicId())
            .setPartition(which.getPartition());
    refusal.ifPresent(why -> result.setError(why.toError()));
    return result.build();
  }
}
