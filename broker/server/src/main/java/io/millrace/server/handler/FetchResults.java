package io.millrace.server.handler;

import io.millrace.server.partition.NodeStates;
import io.millrace.server.partition.ReadResult;
import io.millrace.wire.v1.Divergence;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import org.jspecify.annotations.Nullable;

/** One partition's result as the wire has it. */
final class FetchResults {
  private FetchResults() {}

  static FetchResult encode(ReadResult.Spec spec, @Nullable ReadResult result) {
    FetchResult.Builder out =
        FetchResult.newBuilder()
            .setTopicId(spec.id().topicId())
            .setPartition(spec.id().partition());
    if (result instanceof ReadResult.Served served) {
      return out.setStartOffset(served.startOffset())
          .setHighWatermark(served.highWatermark())
          .setLeaderEpoch(served.leaderEpoch())
          .setSize((int) served.sizeBytes())
          .setNextOffset(served.nextOffset())
          .setFlushWanted(served.flushWantedTo())
          .build();
    }
    if (result instanceof ReadResult.Diverged diverged) {
      return out.setStartOffset(diverged.startOffset())
          .setHighWatermark(diverged.highWatermark())
          .setLeaderEpoch(diverged.leaderEpoch())
          .setNextOffset(spec.offset())
          .setDivergence(
              Divergence.newBuilder().setEpoch(diverged.epoch()).setEndOffset(diverged.endOffset()))
          .build();
    }
    if (result instanceof ReadResult.Refused refused) {
      if (spec.claim() != null) {
        // Which naming of the partition this is about: it may have been named anew meanwhile.
        spec.believedEpoch().ifPresent(out::setLeaderEpoch);
        refused.refusal().node().ifPresent(node -> out.setNode(NodeStates.encode(node)));
      }
      return out.setStartOffset(refused.startOffset())
          .setHighWatermark(refused.highWatermark())
          .setError(refused.refusal().toError())
          .build();
    }
    return out.setError(
            Error.newBuilder().setCode(ErrorCode.INTERNAL).setMessage("the shard did not answer"))
        .build();
  }
}
