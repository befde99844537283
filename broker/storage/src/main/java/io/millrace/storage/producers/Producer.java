package io.millrace.storage.producers;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One producer, as one partition knows it: its epoch and its last batches in that epoch. Owner: the
 * loop of the log.
 *
 * <p>The batches stand in a ring of four longs each, which grows with need: most producers that
 * come and go have sent few.
 *
 * <pre>
 *  | base offset | append time, ms | first sequence (32) record count (32) | crc |
 * </pre>
 */
final class Producer {
  /** As many as a client has under way to a partition at most. */
  static final int REMEMBERED = 32;

  /**
   * In the place of a checksum: compaction has written the batch again, so that its producer's
   * checksum is not known any more, and any will do.
   */
  static final long ANY_CRC = 1L << Integer.SIZE;

  private static final int OFFSET = 0;
  private static final int TIME = OFFSET + 1;
  private static final int SEQUENCES = TIME + 1;
  private static final int CRC = SEQUENCES + 1;
  private static final int WIDTH = CRC + 1;

  private static final long[] NOTHING = {};

  private final long id;

  // In the log.
  private int epoch;
  private long[] ring = NOTHING;
  private int oldest;
  private int count;

  // Staged in this turn, and not in the log yet.
  private @Nullable Staged staged;

  /** What it will be once the turn is written. */
  record Staged(int epoch, int next) {}

  Producer(long id, int epoch) {
    this.id = id;
    this.epoch = epoch;
  }

  Producer copy() {
    Producer copy = new Producer(id, epoch);
    copy.ring = ring.clone();
    copy.oldest = oldest;
    copy.count = count;
    return copy;
  }

  long id() {
    return id;
  }

  int epoch() {
    return epoch;
  }

  /** Batches that are remembered. */
  int count() {
    return count;
  }

  // ---- A remembered batch, 0 the oldest --------------------------------------------------------

  private long field(int batch, int field) {
    int capacity = ring.length / WIDTH;
    int slot = (oldest + batch) % capacity;
    return ring[slot * WIDTH + field];
  }

  long baseOffset(int batch) {
    return field(batch, OFFSET);
  }

  long timeMillis(int batch) {
    return field(batch, TIME);
  }

  int firstSequence(int batch) {
    return (int) (field(batch, SEQUENCES) >>> Integer.SIZE);
  }

  int recordCount(int batch) {
    return (int) field(batch, SEQUENCES);
  }

  /** Or {@link #ANY_CRC}. */
  long crc(int batch) {
    return field(batch, CRC);
  }

  /** When it appended last; the least time there is when it never did. */
  long lastMillis() {
    return count == 0 ? Long.MIN_VALUE : timeMillis(count - 1);
  }

  /** What comes next; only when something is remembered. */
  private int nextSequence() {
    return Sequences.plus(firstSequence(count - 1), recordCount(count - 1));
  }

  // ---- Changes ---------------------------------------------------------------------------------

  /** A batch of it stands in the log. */
  void add(int ofEpoch, int firstSequence, int records, long offset, long timeMillis, long crc) {
    if (ofEpoch != epoch) {
      epoch = ofEpoch;
      oldest = 0;
      count = 0;
    }
    int capacity = ring.length / WIDTH;
    if (count == capacity && capacity < REMEMBERED) {
      grow(capacity == 0 ? 1 : 2 * capacity);
      capacity = ring.length / WIDTH;
    }
    if (count == capacity) {
      oldest = (oldest + 1) % capacity;
      count--;
    }
    int slot = ((oldest + count) % capacity) * WIDTH;
    ring[slot + OFFSET] = offset;
    ring[slot + TIME] = timeMillis;
    ring[slot + SEQUENCES] = ((long) firstSequence << Integer.SIZE) | records;
    ring[slot + CRC] = crc;
    count++;
  }

  private void grow(int capacity) {
    int size = ring.length;
    long[] larger = Arrays.copyOf(ring, capacity * WIDTH);
    // The oldest first again.
    System.arraycopy(ring, oldest * WIDTH, larger, 0, size - oldest * WIDTH);
    System.arraycopy(ring, 0, larger, size - oldest * WIDTH, oldest * WIDTH);
    ring = larger;
    oldest = 0;
  }

  /** A batch of it goes into the log with this turn, or the turn is undone. */
  void stage(int ofEpoch, int nextSequence) {
    staged = new Staged(ofEpoch, nextSequence);
  }

  @Nullable Staged staged() {
    return staged;
  }

  /** As it was before. */
  void restage(@Nullable Staged before) {
    staged = before;
  }

  // ---- Decisions -------------------------------------------------------------------------------

  /** What to do with a batch of this producer; changes nothing. */
  Verdict check(int ofEpoch, int firstSequence, int records, int crc) {
    Staged turn = staged;
    if (turn == null && count == 0) {
      // New in this turn, and undone.
      return firstSequence == 0 ? ProducerTable.APPEND : ProducerTable.UNKNOWN;
    }
    int current = turn == null ? epoch : turn.epoch();
    if (ofEpoch < current) {
      return new Verdict.Fenced(current);
    }
    if (ofEpoch > current) {
      return firstSequence == 0 ? ProducerTable.APPEND : new Verdict.OutOfOrder(0);
    }
    int expected = turn == null ? nextSequence() : turn.next();
    if (firstSequence == expected) {
      return ProducerTable.APPEND;
    }
    if (Sequences.isAhead(firstSequence, expected)) {
      return new Verdict.OutOfOrder(expected);
    }
    Verdict remembered = ofEpoch == epoch ? remembered(firstSequence, records, crc) : null;
    if (remembered != null) {
      return remembered;
    }
    return turn == null ? new Verdict.OldDuplicate() : new Verdict.AskAgain();
  }

  private @Nullable Verdict remembered(int firstSequence, int records, int crc) {
    for (int i = count - 1; i >= 0; i--) {
      int first = firstSequence(i);
      int size = recordCount(i);
      boolean overlaps =
          Sequences.distance(first, firstSequence) < size
              || Sequences.distance(firstSequence, first) < records;
      if (overlaps) {
        boolean sameBytes = crc(i) == crc || crc(i) == ANY_CRC;
        boolean same = first == firstSequence && size == records && sameBytes;
        return same
            ? new Verdict.Duplicate(baseOffset(i), timeMillis(i))
            : new Verdict.Reused(baseOffset(i));
      }
    }
    return null;
  }
}
