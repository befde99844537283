package io.millrace.storage.producers;

/** Arithmetic of sequences, which count records from 0 to 2^31 - 1 and then begin again at 0. */
final class Sequences {
  private static final int LAST = Integer.MAX_VALUE;

  /** Further ahead than this is taken for behind: half of all sequences. */
  private static final int FURTHEST_AHEAD = 1 << 30;

  private Sequences() {}

  /** The sequence so many records behind another one. */
  static int plus(int sequence, int records) {
    return (sequence + records) & LAST;
  }

  static boolean isAhead(int sequence, int of) {
    int distance = distance(of, sequence);
    return distance > 0 && distance < FURTHEST_AHEAD;
  }

  /** How many records lie between, counted forwards. */
  static int distance(int from, int to) {
    return (to - from) & LAST;
  }
}
