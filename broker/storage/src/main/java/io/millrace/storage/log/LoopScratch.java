package io.millrace.storage.log;

import io.millrace.wire.BatchView;
import io.millrace.wire.RecordCursor;
import java.util.Arrays;

/** Memory that all logs of one loop use in turn, within one call of one of them. */
final class LoopScratch {
  /** As much as the largest batch may decompress to. */
  private static final int MAX_DECOMPRESSED_BYTES = 256 << 20;

  final BatchView batch = new BatchView();
  final BatchWalk headers = new BatchWalk(4096);
  final Candidates candidates = new Candidates();

  /** Made at each call: it keeps what it decompressed, and is needed rarely. */
  RecordCursor newRecordCursor() {
    return new RecordCursor(MAX_DECOMPRESSED_BYTES);
  }

  /** Index entries of batches whose write is not yet known to have succeeded. */
  static final class Candidates {
    int[] offsetDeltas = new int[16];
    int[] positions = new int[16];
    long[] maxTimestamps = new long[16];
    int count;

    void add(int offsetDelta, int position, long maxTimestampBefore) {
      if (count == positions.length) {
        offsetDeltas = Arrays.copyOf(offsetDeltas, 2 * count);
        positions = Arrays.copyOf(positions, 2 * count);
        maxTimestamps = Arrays.copyOf(maxTimestamps, 2 * count);
      }
      offsetDeltas[count] = offsetDelta;
      positions[count] = position;
      maxTimestamps[count] = maxTimestampBefore;
      count++;
    }
  }
}
