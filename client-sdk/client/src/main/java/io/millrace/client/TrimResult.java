package io.millrace.client;

import io.millrace.client.errors.MillraceException;

/** What became of one partition in {@link Admin#trim}. */
public sealed interface TrimResult {
  /**
   * What was asked for can no longer be read.
   *
   * @param startOffset where the partition begins now; above what was asked for if it began there
   *     already
   */
  record Trimmed(long startOffset, int leaderEpoch) implements TrimResult {}

  /**
   * It was not trimmed, or may not have been.
   *
   * @param error {@link io.millrace.client.errors.OutcomeUnknownException} when it may have been;
   *     else it certainly was not
   */
  record Failed(MillraceException error) implements TrimResult {}
}
