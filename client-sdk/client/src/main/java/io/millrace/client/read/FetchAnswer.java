package io.millrace.client.read;

import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchView;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a broker's answer says about one partition of a fetch; decided without effects. */
sealed interface FetchAnswer {
  /**
   * Batches, or none.
   *
   * @param share of the answer's payload
   * @param lastEpoch of the last batch; {@link PartitionFetch#NO_EPOCH} without one
   * @param damaged what is at {@code nextOffset} in the share is no batch
   */
  record Fresh(
      ByteBuffer share,
      long nextOffset,
      long highWatermark,
      int leaderEpoch,
      int lastEpoch,
      boolean damaged)
      implements FetchAnswer {}

  /** Nothing is at this offset. */
  record OutOfRange(boolean belowStart, String why) implements FetchAnswer {}

  record Refused(Error error) implements FetchAnswer {}

  /** From a leader that has been deposed. */
  record Outdated(int leaderEpoch) implements FetchAnswer {}

  /** It cannot be right; nothing of it is used. */
  record Nonsense(String why) implements FetchAnswer {}

  /** A result and its share of the payload. */
  record Part(FetchResult result, ByteBuffer share) {}

  /** The parts of an answer by the index of the question; or why it makes no sense. */
  sealed interface Split {
    record Parts(Map<Asked, Part> parts) implements Split {}

    record Senseless(String why) implements Split {}
  }

  /** Finds the result and the bytes for each question. */
  static Split split(FetchResponse response, ByteBuffer payload, List<Asked> asked) {
    Map<Asked, Part> parts = new HashMap<>();
    int position = payload.position();
    for (int i = 0; i < response.getResultsCount(); i++) {
      FetchResult result = response.getResults(i);
      Asked question = find(asked, i, result);
      if (question == null || parts.containsKey(question)) {
        return new Split.Senseless(
            "a result for "
                + result.getTopicId()
                + "/"
                + result.getPartition()
                + (question == null ? ", which was not asked for" : ", twice"));
      }
      int size = result.getSize();
      if (size < 0 || size > payload.limit() - position) {
        return new Split.Senseless("a share of " + size + " bytes is not in the payload");
      }
      parts.put(question, new Part(result, payload.slice(position, size)));
      position += size;
    }
    if (position != payload.limit()) {
      return new Split.Senseless((payload.limit() - position) + " bytes that are no share");
    }
    return new Split.Parts(parts);
  }

  /** Brokers answer in the order asked, mostly. */
  private static @Nullable Asked find(List<Asked> asked, int guess, FetchResult result) {
    if (guess < asked.size() && asked.get(guess).isAbout(result)) {
      return asked.get(guess);
    }
    for (Asked question : asked) {
      if (question.isAbout(result)) {
        return question;
      }
    }
    return null;
  }

  /** Reads one result. */
  static FetchAnswer of(Asked asked, Part part) {
    FetchResult result = part.result();
    if (result.hasError()) {
      Error error = result.getError();
      return error.getCode() == ErrorCode.OFFSET_OUT_OF_RANGE
          ? new OutOfRange(result.getStartOffset() > asked.offset(), error.getMessage())
          : new Refused(error);
    }
    if (result.getLeaderEpoch() < asked.leaderEpoch()) {
      return new Outdated(result.getLeaderEpoch());
    }
    if (result.hasDivergence()) {
      return new OutOfRange(
          false,
          "records that had been read were cut off the log, from offset "
              + result.getDivergence().getEndOffset()
              + " on");
    }
    return batches(asked, part);
  }

  private static FetchAnswer batches(Asked asked, Part part) {
    FetchResult result = part.result();
    long highWatermark = result.getHighWatermark();
    if (highWatermark < 0) {
      return new Nonsense("a high watermark of " + Long.toUnsignedString(highWatermark));
    }
    long next = result.getNextOffset();
    long end = asked.offset();
    long least = 0;
    int lastEpoch = PartitionFetch.NO_EPOCH;
    BatchIterator batches = new BatchIterator().over(part.share());
    try {
      while (batches.next()) {
        BatchView batch = batches.batch();
        long last = batch.baseOffset() + batch.lastOffsetDelta();
        if (batch.baseOffset() < least || last < batch.baseOffset() || last >= highWatermark) {
          return damaged(result, part, end);
        }
        least = last + 1;
        end = Math.max(end, least);
        lastEpoch = batch.leaderEpoch();
      }
    } catch (CorruptBatchException e) {
      return damaged(result, part, end);
    }
    if (next < end || next > Math.max(highWatermark, end)) {
      return new Nonsense(
          "to go on at " + Long.toUnsignedString(next) + " after reading up to " + end);
    }
    if (part.share().hasRemaining() && next == asked.offset()) {
      return new Nonsense("batches that end below offset " + asked.offset());
    }
    return new Fresh(part.share(), next, highWatermark, result.getLeaderEpoch(), lastEpoch, false);
  }

  /** The consumer's thread will meet the damage itself, behind what is whole before it. */
  private static Fresh damaged(FetchResult result, Part part, long end) {
    return new Fresh(
        part.share(),
        end,
        result.getHighWatermark(),
        result.getLeaderEpoch(),
        PartitionFetch.NO_EPOCH,
        true);
  }
}
