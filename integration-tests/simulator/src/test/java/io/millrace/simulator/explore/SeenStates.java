package io.millrace.simulator.explore;

/** A set of fingerprints that grows, open addressing. */
final class SeenStates {
  private long[] slots = new long[1 << 16];
  private int size;

  /** False when it was there. */
  boolean add(long fingerprint) {
    if (size * 2 >= slots.length) {
      grow();
    }
    return insert(fingerprint == 0 ? 1 : fingerprint);
  }

  int size() {
    return size;
  }

  private boolean insert(long value) {
    int mask = slots.length - 1;
    int at = (int) (value >>> 20) & mask;
    while (slots[at] != 0) {
      if (slots[at] == value) {
        return false;
      }
      at = at + 1 & mask;
    }
    slots[at] = value;
    size++;
    return true;
  }

  private void grow() {
    long[] old = slots;
    slots = new long[old.length * 2];
    size = 0;
    for (long value : old) {
      if (value != 0) {
        insert(value);
      }
    }
  }
}
