package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.partition.OffsetQuery;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsRequest;
import io.millrace.wire.v1.ListOffsetsResponse;
import io.millrace.wire.v1.ListOffsetsResult;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Offsets by position: the earliest, the latest, or the first at a time. */
final class ListOffsetsHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;

  ListOffsetsHandler(List<Shard> shards, RequestSettings settings) {
    this.shards = shards;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    ListOffsetsRequest list = request.head().getListOffsets();
    Optional<Refusal> refusal = ListOffsetsShape.check(list, settings.maxPartitions());
    if (refusal.isPresent()) {
      request.refuse(refusal.get().code(), refusal.get().message());
      return;
    }
    int count = list.getPartitionsCount();
    Gather<ListOffsetsResult> results =
        new Gather<>(
            count,
            all ->
                request.answer(
                    Response.newBuilder()
                        .setListOffsets(ListOffsetsResponse.newBuilder().addAllResults(all)),
                    List.of()));
    for (int i = 0; i < count; i++) {
      ask(list.getPartitions(i), i, results);
    }
  }

  private void ask(ListOffsetsPartition wanted, int index, Gather<ListOffsetsResult> results) {
    OffsetQuery.Position position =
        switch (wanted.getPositionCase()) {
          case EARLIEST -> new OffsetQuery.Position.Earliest();
          case LATEST -> new OffsetQuery.Position.Latest();
          case TIMESTAMP_MS -> new OffsetQuery.Position.AtTime(wanted.getTimestampMs());
          case POSITION_NOT_SET -> null;
        };
    if (position == null) {
      results.fill(
          index,
          refused(
              wanted,
              new Refusal(
                  ErrorCode.INVALID_REQUEST, "neither earliest, latest nor a time is asked for")));
      return;
    }
    PartitionId id = new PartitionId(wanted.getTopicId(), wanted.getPartition());
    OptionalInt epoch =
        wanted.hasLeaderEpoch() ? OptionalInt.of(wanted.getLeaderEpoch()) : OptionalInt.empty();
    OffsetQuery query = new OffsetQuery(id, epoch, position);
    Shard owner = id.ownerAmong(shards);
    boolean taken =
        owner.offer(
            () -> owner.findOffset(query, answer -> results.fill(index, result(wanted, answer))));
    if (!taken) {
      results.fill(
          index,
          refused(
              wanted,
              new Refusal(ErrorCode.BUSY, "the owner of " + id + " is too far behind; retry")));
    }
  }

  private static ListOffsetsResult result(ListOffsetsPartition wanted, OffsetQuery.Answer answer) {
    if (answer instanceof OffsetQuery.Answer.Refused refused) {
      return refused(wanted, refused.refusal());
    }
    OffsetQuery.Answer.At at = (OffsetQuery.Answer.At) answer;
    ListOffsetsResult.Builder result = named(wanted).setLeaderEpoch(at.leaderEpoch());
    at.offset().ifPresent(result::setOffset);
    at.timestampMillis().ifPresent(result::setTimestampMs);
    return result.build();
  }

  private static ListOffsetsResult refused(ListOffsetsPartition wanted, Refusal refusal) {
    return named(wanted).setError(refusal.toError()).build();
  }

  private static ListOffsetsResult.Builder named(ListOffsetsPartition wanted) {
    return ListOffsetsResult.newBuilder()
        .setTopicId(wanted.getTopicId())
        .setPartition(wanted.getPartition());
  }
}
