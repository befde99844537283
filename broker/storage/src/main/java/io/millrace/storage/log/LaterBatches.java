package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Looks for whole batches behind damage: if there are any, the damage is not the unfinished end of
 * the last write.
 */
final class LaterBatches {
  private static final int WINDOW_BYTES = 1 << 20;

  private LaterBatches() {}

  /** Counts whole batches with a right checksum and an offset that is not before the given one. */
  static long count(DiskFile log, int from, int to, long minOffset) throws IOException {
    BatchWalk walk = new BatchWalk(4096);
    ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
    long count = 0;
    int position = from;
    while (position < to) {
      window.clear().limit(Math.min(WINDOW_BYTES, to - position));
      int read = log.read(position, window);
      if (read == 0) {
        return count;
      }
      int candidate = nextTag(window, read);
      if (candidate < 0) {
        position += read;
        continue;
      }
      position += candidate;
      walk.whole(log, position, to);
      BatchView batch = walk.batch();
      boolean good =
          walk.next() == BatchScan.WHOLE
              && batch.checksumMatches()
              && batch.baseOffset() >= minOffset;
      count += good ? 1 : 0;
      position += good ? batch.sizeBytes() : 1;
    }
    return count;
  }

  private static int nextTag(ByteBuffer window, int length) {
    for (int i = 0; i < length; i++) {
      if (window.get(i) == 0x0A) {
        return i;
      }
    }
    return -1;
  }
}
