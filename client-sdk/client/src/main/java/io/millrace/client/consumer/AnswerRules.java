package io.millrace.client.consumer;

import io.millrace.client.consumer.FetchAnswer.Damage;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Checks one partition's part of a fetch answer, without looking into the records: B94, B95, I15.
 *
 * <p>The rule: what stands before the first thing wrong is delivered, nothing behind it is. Reused;
 * belongs to one thread.
 */
final class AnswerRules {
  private final BatchView batch = new BatchView();

  /**
   * Judges.
   *
   * @param asked the offset
   * @param seenEpoch the highest leader epoch of this partition that was ever seen
   * @param share whole batches, from the buffer's position to its limit; both stay
   */
  FetchAnswer judge(long asked, int seenEpoch, FetchResult result, ByteBuffer share) {
    if (result.hasError()) {
      return result.getError().getCode() == ErrorCode.OFFSET_OUT_OF_RANGE
          ? new FetchAnswer.OutOfRange(result.getStartOffset(), result.getHighWatermark())
          : new FetchAnswer.Refused(result.getError());
    }
    if (result.getLeaderEpoch() < seenEpoch) {
      return new FetchAnswer.Ignored(
          "it comes from leader epoch " + result.getLeaderEpoch() + ", and there was " + seenEpoch);
    }
    if (result.hasDivergence()) {
      long end = result.getDivergence().getEndOffset();
      return end < 0 || end > asked
          ? new FetchAnswer.Ignored("it says the log parts at " + end + ", behind " + asked)
          : new FetchAnswer.Truncated(end);
    }
    if (result.getStartOffset() < 0 || result.getHighWatermark() < result.getStartOffset()) {
      return new FetchAnswer.Ignored(
          "it says the log goes from "
              + result.getStartOffset()
              + " to "
              + result.getHighWatermark());
    }
    return walk(asked, result, share);
  }

  private FetchAnswer walk(long asked, FetchResult result, ByteBuffer share) {
    int position = share.position();
    long next = asked;
    int epoch = StartAt.NO_EPOCH;
    int lastPosition = position;
    long lastNext = next;
    int lastEpoch = epoch;
    Damage damage = null;
    boolean withheld = false;
    while (position < share.limit()) {
      damage = look(share, position, next, position == share.position(), epoch, result);
      if (damage != null) {
        break;
      }
      if (batch.lastOffset() >= result.getHighWatermark()) {
        // Not committed yet, and so asked for again; or its size in records is damaged for good.
        withheld = batch.checksumMatches();
        damage = withheld ? null : new Damage(next + 1, "the checksum of a batch is wrong");
        break;
      }
      lastPosition = position;
      lastNext = next;
      lastEpoch = epoch;
      position += batch.sizeBytes();
      next = batch.nextOffset();
      epoch = batch.leaderEpoch();
    }
    if (damage != null || withheld) {
      return new FetchAnswer.Served(position - share.position(), next, epoch, damage, withheld);
    }
    long told = result.getNextOffset();
    if (told > Math.max(next, result.getHighWatermark())) {
      return new FetchAnswer.Ignored(
          "it says to go on at " + told + ", behind the end at " + result.getHighWatermark());
    }
    if (told < next && position > share.position()) {
      // The last batch's offsets, which no checksum covers, or the answer's: one of them is wrong.
      damage = new Damage(lastNext + 1, "its records go to " + next + ", its end is " + told);
      return new FetchAnswer.Served(
          lastPosition - share.position(), lastNext, lastEpoch, damage, false);
    }
    // What is not committed yet cannot be known to be empty.
    boolean passes = told > next && told <= result.getHighWatermark();
    return new FetchAnswer.Served(
        position - share.position(), passes ? told : next, epoch, null, false);
  }

  /** Leaves the view on the batch; null when it may stand here. */
  private @Nullable Damage look(
      ByteBuffer share, int position, long next, boolean first, int epoch, FetchResult result) {
    BatchScan found = batch.scan(share, position, share.limit());
    if (found != BatchScan.WHOLE) {
      String why = found == BatchScan.MALFORMED ? batch.problem() : "it is cut off";
      return new Damage(Math.max(next + 1, result.getNextOffset()), "no batch: " + why);
    }
    long base = batch.baseOffset();
    long last = batch.lastOffset();
    if (base < 0 || batch.lastOffsetDelta() < 0 || last < base || last == Long.MAX_VALUE) {
      return new Damage(next + 1, "a batch from offset " + base + " to " + last);
    }
    if (first ? last < next : base < next) {
      return new Damage(
          next + 1, "a batch from offset " + base + " to " + last + " where " + next + " is due");
    }
    if (batch.leaderEpoch() > result.getLeaderEpoch() || batch.leaderEpoch() < epoch) {
      return new Damage(
          last + 1,
          "a batch of leader epoch "
              + batch.leaderEpoch()
              + " behind one of "
              + epoch
              + " in an answer of "
              + result.getLeaderEpoch());
    }
    return null;
  }
}
