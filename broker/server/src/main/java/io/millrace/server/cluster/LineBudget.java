package io.millrace.server.cluster;

/** So many lines in so much time; the rest are counted. Owner: whoever has it. */
final class LineBudget {
  /** Of {@link #take}: say nothing now. */
  static final long SPENT = -1;

  private final int lines;
  private final long periodNanos;
  private long periodBegan;
  private int taken;
  private long leftOut;

  LineBudget(int lines, long periodNanos) {
    this.lines = lines;
    this.periodNanos = periodNanos;
  }

  /** How many lines were left out since the last one, or {@link #SPENT}. */
  long take(long nowNanos) {
    if (taken == 0 || nowNanos - periodBegan >= periodNanos) {
      periodBegan = nowNanos;
      taken = 0;
    }
    if (taken == lines) {
      leftOut++;
      return SPENT;
    }
    taken++;
    long before = leftOut;
    leftOut = 0;
    return before;
  }
}
