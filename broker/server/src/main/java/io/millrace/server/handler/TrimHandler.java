package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.GroupsTopic;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.server.partition.Trimming;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TrimPartition;
import io.millrace.wire.v1.TrimRequest;
import io.millrace.wire.v1.TrimResponse;
import io.millrace.wire.v1.TrimResult;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Moves the beginnings of partitions' logs: each owner moves its own. */
final class TrimHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;

  TrimHandler(List<Shard> shards, RequestSettings settings) {
    this.shards = shards;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    TrimRequest trim = request.head().getTrim();
    Optional<Refusal> refusal =
        NamedPartitions.check(trim.getPartitionsList(), TrimHandler::id, settings);
    if (refusal.isPresent()) {
      request.refuse(refusal.get().code(), refusal.get().message());
      return;
    }
    int count = trim.getPartitionsCount();
    LateAnswer answer =
        new LateAnswer(
            request,
            new Refusal(
                ErrorCode.OUTCOME_UNKNOWN,
                "partitions may have been trimmed: the disk did not answer in time"));
    Gather<TrimResult> results =
        new Gather<>(
            count,
            all ->
                answer.answer(
                    Response.newBuilder().setTrim(TrimResponse.newBuilder().addAllResults(all))));
    for (int i = 0; i < count; i++) {
      ask(trim.getPartitions(i), i, results);
    }
  }

  private static PartitionId id(TrimPartition partition) {
    return new PartitionId(partition.getTopicId(), partition.getPartition());
  }

  private void ask(TrimPartition wanted, int index, Gather<TrimResult> results) {
    PartitionId id = id(wanted);
    Trimming trimming =
        new Trimming(
            id,
            wanted.hasLeaderEpoch() ? OptionalInt.of(wanted.getLeaderEpoch()) : OptionalInt.empty(),
            wanted.hasBeforeOffset()
                ? OptionalLong.of(wanted.getBeforeOffset())
                : OptionalLong.empty());
    if (GroupsTopic.isId(id.topicId())) {
      Refusal refusal = new Refusal(ErrorCode.NOT_AUTHORISED, GroupsTopic.whyNot());
      results.fill(index, result(wanted, new Trimming.Answer.Refused(refusal)));
      return;
    }
    Shard owner = id.ownerAmong(shards);
    boolean taken =
        owner.offer(() -> owner.trim(trimming, done -> results.fill(index, result(wanted, done))));
    if (!taken) {
      Refusal busy =
          new Refusal(ErrorCode.BUSY, "the owner of " + id + " is too far behind; retry");
      results.fill(index, result(wanted, new Trimming.Answer.Refused(busy)));
    }
  }

  private static TrimResult result(TrimPartition wanted, Trimming.Answer answer) {
    TrimResult.Builder result =
        TrimResult.newBuilder().setTopicId(wanted.getTopicId()).setPartition(wanted.getPartition());
    if (answer instanceof Trimming.Answer.Refused refused) {
      return result.setError(refused.refusal().toError()).build();
    }
    Trimming.Answer.Trimmed trimmed = (Trimming.Answer.Trimmed) answer;
    return result
        .setStartOffset(trimmed.startOffset())
        .setLeaderEpoch(trimmed.leaderEpoch())
        .build();
  }
}
