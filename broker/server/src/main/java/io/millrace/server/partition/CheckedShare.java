package io.millrace.server.partition;

import io.millrace.wire.BatchIterator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A share that is appended, or of which some or all has been appended before.
 *
 * @param toAppend what is not in the log yet, in order: the whole share, mostly
 * @param known the offset of each batch that is, {@link #NEW} of each that is not; empty when none
 *     is
 * @param knownEnd behind the last batch that is
 * @param knownMillis when that was appended
 */
record CheckedShare(
    ProduceShare share,
    List<ByteBuffer> toAppend,
    List<Long> known,
    long knownEnd,
    long knownMillis) {
  static final long NEW = -1;

  /** Nothing of it is known. */
  static CheckedShare ofNew(ProduceShare share) {
    return new CheckedShare(share, List.of(share.batches().duplicate()), List.of(), 0, 0);
  }

  /** Whether nothing of it is left to append. */
  boolean isRepetition() {
    return toAppend.isEmpty();
  }

  int appendedBytes() {
    int size = 0;
    for (ByteBuffer run : toAppend) {
      size += run.remaining();
    }
    return size;
  }

  /** Once what is to be appended has been stamped: where each batch stands. */
  Placed placed(BatchIterator batches) {
    List<Long> offsets = new ArrayList<>(1);
    long end = knownEnd;
    long records = 0;
    int count = 0;
    batches.over(share.batches());
    for (int i = 0; batches.next(); i++) {
      if (!known.isEmpty() && known.get(i) != NEW) {
        offsets.add(known.get(i));
      } else {
        offsets.add(batches.batch().baseOffset());
        end = batches.batch().nextOffset();
        records += end - batches.batch().baseOffset();
        count++;
      }
    }
    return new Placed(offsets, end, records, count);
  }

  /**
   * Where a share stands in the log.
   *
   * @param baseOffsets of all its batches
   * @param endOffset behind the last of them
   * @param newRecords that were appended now
   * @param newBatches likewise
   */
  record Placed(List<Long> baseOffsets, long endOffset, long newRecords, int newBatches) {}
}
