package io.millrace.server.partition;

import io.millrace.storage.log.EpochEnd;
import java.util.Optional;

/** Whether what a reader has read before an offset is what this log has there; section 4.4. */
final class DivergenceRules {
  private DivergenceRules() {}

  /** Everything that was read at or after the end in that epoch is not in this log. */
  record Divergence(int epoch, long endOffset) {}

  /**
   * @param lastEpoch of the record before {@code offset}, as the reader has it
   * @param end where this log's largest epoch that is not above {@code lastEpoch} ends
   * @param startOffset first retained offset
   */
  static Optional<Divergence> check(long offset, int lastEpoch, EpochEnd end, long startOffset) {
    if (!end.isKnown()) {
      // Nothing of that epoch or an older one is here: fine for a reader at the start, whose
      // records have been trimmed, and for nobody behind it.
      return offset > startOffset
          ? Optional.of(new Divergence(lastEpoch, startOffset))
          : Optional.empty();
    }
    boolean same = end.epoch() == lastEpoch && end.endOffset() >= offset;
    return same || offset <= startOffset
        ? Optional.empty()
        : Optional.of(new Divergence(end.epoch(), Math.min(end.endOffset(), offset)));
  }

  /**
   * The same for a replica: what it has before the beginning of this log must agree too, as far as
   * that can be told, since it may lead one day and show it.
   */
  static Optional<Divergence> checkReplica(
      long offset, int lastEpoch, EpochEnd end, long startOffset) {
    boolean parted = end.isKnown() && (end.epoch() != lastEpoch || end.endOffset() < offset);
    return parted
        ? Optional.of(new Divergence(end.epoch(), Math.min(end.endOffset(), offset)))
        : check(offset, lastEpoch, end, startOffset);
  }
}
