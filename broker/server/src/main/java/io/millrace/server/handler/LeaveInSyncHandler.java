package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.cluster.Leaderships;
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
 * A follower that is about to stop, or whose copies are damaged, asks to be taken out of in-sync
 * sets, so that nobody waits for it: each leader writes that by itself. For the damaged ones the
 * leader then goes on in another epoch, in which they can come back: in the one they were damaged
 * in it goes by what they had. Who may ask is {@link ReplicaAdmission}'s to say.
 */
final class LeaveInSyncHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;
  private final Leaderships leaderships;

  LeaveInSyncHandler(List<Shard> shards, RequestSettings settings, Leaderships leaderships) {
    this.shards = shards;
    this.settings = settings;
    this.leaderships = leaderships;
  }

  void handle(InboundRequest request) {
    LeaveInSyncRequest leave = request.head().getLeaveInSync();
    Optional<Refusal> refusal =
        NamedPartitions.check(leave.getPartitionsList(), NamedPartitions::id, settings);
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
      ask(leave, leave.getPartitions(i), i, results);
    }
  }

  private void ask(
      LeaveInSyncRequest leave,
      ReplicaPartition which,
      int index,
      Gather<LeaveInSyncResult> results) {
    Follower follower = leave.getFollower();
    PartitionId id = NamedPartitions.id(which);
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
                why -> {
                  if (leave.getCopiesLost() && why.isEmpty()) {
                    leadAnew(follower, which, index, results);
                  } else {
                    results.fill(index, result(which, why));
                  }
                });
          }
        });
  }

  private void leadAnew(
      Follower follower, ReplicaPartition which, int index, Gather<LeaveInSyncResult> results) {
    leaderships
        .leadAnew(
            NamedPartitions.id(which),
            which.getLeaderEpoch(),
            "broker " + follower.getBrokerId() + " has lost its copy, and begins a new one")
        .whenComplete(
            (why, bug) ->
                results.fill(
                    index,
                    result(
                        which,
                        bug != null
                            ? Optional.of(new Refusal(ErrorCode.INTERNAL, "failed: " + bug))
                            : why.map(text -> new Refusal(ErrorCode.UNAVAILABLE, text)))));
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
