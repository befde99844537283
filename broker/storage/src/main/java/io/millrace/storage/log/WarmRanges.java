package io.millrace.storage.log;

/**
 * What of a log was brought into memory lately by the cold-read worker. The oldest is forgotten
 * first, and all after a while: memory that nobody uses is the kernel's to take. Owned by the log's
 * loop.
 */
final class WarmRanges {
  private static final int RANGES = 16;
  private static final long EXPIRY_NANOS = 10_000_000_000L;

  private static final int MAX_BYTES = 4 * ColdRead.WARM_BYTES;

  private final long[] bases = new long[RANGES];
  private final int[] froms = new int[RANGES];
  private final int[] tos = new int[RANGES];
  private final long[] sinceNanos = new long[RANGES];
  private int count;
  private int next;

  /** Remembers a range of a segment, joined to one that it continues. */
  void add(long baseOffset, int from, int to, long nowNanos) {
    for (int i = 0; i < count; i++) {
      if (bases[i] == baseOffset && froms[i] <= from && from <= tos[i]) {
        tos[i] = Math.max(tos[i], to);
        froms[i] = Math.max(froms[i], tos[i] - MAX_BYTES); // the rest was read long ago
        sinceNanos[i] = nowNanos;
        return;
      }
    }
    bases[next] = baseOffset;
    froms[next] = from;
    tos[next] = to;
    sinceNanos[next] = nowNanos;
    next = (next + 1) % RANGES;
    count = Math.min(RANGES, count + 1);
  }

  /** Up to where the segment is in memory from a position on; -1 when it is not. */
  int warmTo(long baseOffset, int position, long nowNanos) {
    for (int i = 0; i < count; i++) {
      if (bases[i] == baseOffset
          && froms[i] <= position
          && position < tos[i]
          && nowNanos - sinceNanos[i] < EXPIRY_NANOS) {
        return tos[i];
      }
    }
    return -1;
  }
}
