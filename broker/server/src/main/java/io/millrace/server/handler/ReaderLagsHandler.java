package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.config.RequestSettings;
import io.millrace.server.coordinator.LagAnswer;
import io.millrace.server.coordinator.LagLook;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ReaderAt;
import io.millrace.wire.v1.ReaderLag;
import io.millrace.wire.v1.ReaderLagsRequest;
import io.millrace.wire.v1.ReaderLagsResponse;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.OptionalLong;

/** Tells a coordinator on another broker how far readers are behind in what is led here. */
final class ReaderLagsHandler {
  private final List<Shard> shards;
  private final RequestSettings settings;

  ReaderLagsHandler(List<Shard> shards, RequestSettings settings) {
    this.shards = shards;
    this.settings = settings;
  }

  void handle(InboundRequest request) {
    ReaderLagsRequest lags = request.head().getReaderLags();
    int count = lags.getReadersCount();
    if (count == 0) {
      request.refuse(ErrorCode.INVALID_REQUEST, "no partition is named");
      return;
    }
    if (count > settings.maxPartitions()) {
      GroupReply.refuse(request, PartitionCount.tooMany(count, settings.maxPartitions()));
      return;
    }
    Gather<ReaderLag> results =
        new Gather<>(
            count,
            all ->
                request.answer(
                    Response.newBuilder()
                        .setReaderLags(ReaderLagsResponse.newBuilder().addAllResults(all)),
                    List.of()));
    for (int i = 0; i < count; i++) {
      int index = i;
      ReaderAt wanted = lags.getReaders(i);
      PartitionId id = new PartitionId(wanted.getTopicId(), wanted.getPartition());
      LagLook.at(
          id.ownerAmong(shards),
          new io.millrace.server.coordinator.ReaderAt(
              id, wanted.hasOffset() ? OptionalLong.of(wanted.getOffset()) : OptionalLong.empty()),
          lag -> results.fill(index, result(wanted, lag)));
    }
  }

  private static ReaderLag result(ReaderAt wanted, LagAnswer lag) {
    ReaderLag.Builder result =
        ReaderLag.newBuilder().setTopicId(wanted.getTopicId()).setPartition(wanted.getPartition());
    if (lag instanceof LagAnswer.Known known) {
      result.setLeaderEpoch(known.leaderEpoch()).setStart(known.start()).setEnd(known.end());
      known.waitingMillis().ifPresent(result::setWaitingMs);
    } else if (lag instanceof LagAnswer.Unknown unknown) {
      result.setError(unknown.why().toError());
    }
    return result.build();
  }
}
