package io.millrace.simulator.explore;

/**
 * A follower's fetch on its way.
 *
 * @param to -1 when nobody leads
 * @param lastEpoch -1 when it claims none
 */
record Fetch(int from, int to, int incarnation, int epoch, int offset, int lastEpoch, int flushed)
    implements Comparable<Fetch> {
  Fetch renamed(int[] names) {
    return new Fetch(names[from], names[to], incarnation, epoch, offset, lastEpoch, flushed);
  }

  /** What the follower says of its disk counts on some topics only. */
  Fetch withoutFlushed() {
    return new Fetch(from, to, incarnation, epoch, offset, lastEpoch, 0);
  }

  private int key() {
    return ((((from * 4 + to) * 16 + incarnation) * 16 + epoch) * 16 + offset) * 16 + lastEpoch + 1;
  }

  @Override
  public int compareTo(Fetch other) {
    int byKey = Integer.compare(key(), other.key());
    return byKey != 0 ? byKey : Integer.compare(flushed, other.flushed);
  }
}
