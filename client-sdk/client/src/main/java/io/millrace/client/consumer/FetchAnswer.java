package io.millrace.client.consumer;

import io.millrace.wire.v1.Error;
import org.jspecify.annotations.Nullable;

/** What one partition's part of a fetch answer comes to; see {@link AnswerRules}. */
sealed interface FetchAnswer {
  /**
   * The leader served it.
   *
   * @param goodBytes of the share, from its beginning: what may be delivered
   * @param nextOffset behind what may be delivered: where to go on
   * @param lastEpoch of the last batch that may be delivered; {@link StartAt#NO_EPOCH} without any
   * @param damage what comes then, if it is no batch that may stand there
   * @param withheld records followed that are not committed, as far as the answer itself says
   */
  record Served(
      int goodBytes, long nextOffset, int lastEpoch, @Nullable Damage damage, boolean withheld)
      implements FetchAnswer {}

  /**
   * Bytes that are not what they should be.
   *
   * @param nextOffset behind them as far as can be told; above the offset they stand at
   */
  record Damage(long nextOffset, String what) {}

  /** Records that were read before the offset asked for are not in the leader's log. */
  record Truncated(long endOffset) implements FetchAnswer {}

  /**
   * There is no such offset.
   *
   * @param startOffset and highWatermark: as the leader said; 0 when it did not
   */
  record OutOfRange(long startOffset, long highWatermark) implements FetchAnswer {}

  record Refused(Error error) implements FetchAnswer {}

  /** Not to be believed: from a leader of the past, or not what the protocol allows. */
  record Ignored(String why) implements FetchAnswer {}
}
