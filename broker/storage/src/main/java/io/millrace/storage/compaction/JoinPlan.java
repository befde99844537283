package io.millrace.storage.compaction;

import java.util.List;
import java.util.Optional;

/**
 * Which neighbouring segments are to become one: compaction makes them small, and each costs a
 * file, an index and a look at every start. Decides; does nothing.
 */
public final class JoinPlan {
  /** So small that writing it again costs nothing. */
  private static final long SMALL_BYTES = 1 << 20;

  /** Bounds what one step deletes. */
  private static final int MOST_SEGMENTS = 1_000;

  private JoinPlan() {}

  /**
   * Closed segments by their places in the list.
   *
   * @param to exclusive
   */
  public record Run(int from, int to) {}

  /**
   * The first run that is worth it: one whose largest is not most of it, so that nothing is written
   * again and again because something small has come to it.
   *
   * @param closed ascending
   * @param limitOffset what ends behind it is left alone: not compacted, not committed, not forced,
   *     or damaged
   * @param segmentBytes the most that one may become
   */
  public static Optional<Run> decide(
      List<CompactionPlan.Closed> closed, long limitOffset, long segmentBytes) {
    int from = 0;
    while (from + 1 < closed.size()) {
      int to = longest(closed, from, limitOffset, segmentBytes);
      if (to - from > 1 && isWorthIt(closed.subList(from, to))) {
        return Optional.of(new Run(from, to));
      }
      from++;
    }
    return Optional.empty();
  }

  /** Where the longest run that begins there ends. */
  private static int longest(
      List<CompactionPlan.Closed> closed, int from, long limitOffset, long segmentBytes) {
    long bytes = 0;
    int to = from;
    while (to < closed.size() && to - from < MOST_SEGMENTS) {
      CompactionPlan.Closed next = closed.get(to);
      bytes += next.sizeBytes();
      boolean fits =
          bytes <= segmentBytes
              && next.endOffset() <= limitOffset
              // An index counts offsets from the segment's first in 31 bits.
              && next.endOffset() - closed.get(from).baseOffset() <= Integer.MAX_VALUE;
      if (!fits) {
        break;
      }
      to++;
    }
    return to;
  }

  private static boolean isWorthIt(List<CompactionPlan.Closed> run) {
    long total = run.stream().mapToLong(CompactionPlan.Closed::sizeBytes).sum();
    long largest = run.stream().mapToLong(CompactionPlan.Closed::sizeBytes).max().orElse(0);
    return largest <= SMALL_BYTES || 2 * largest <= total;
  }
}
