package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Looks for whole batches behind damage: if there are any, the damage is not the unfinished end of
 * the last write.
 */
final class LaterBatches {
  private static final int WINDOW_BYTES = 1 << 20;
  private static final byte BATCH_TAG = 0x0A;
  private static final byte BASE_OFFSET_TAG = 0x09;

  /** A batch's tag and length; its first field follows. */
  private static final int LONGEST_PREFIX = 5;

  private static final int NONE = -1;

  private final DiskFile log;
  private final int limit;
  private final long minOffset;
  private final BatchWalk walk = new BatchWalk(4096);
  private final ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);

  /**
   * @param limit where the file ends
   * @param minOffset batches before it are left-overs of something else
   */
  LaterBatches(DiskFile log, int limit, long minOffset) {
    this.log = log;
    this.limit = limit;
    this.minOffset = minOffset;
  }

  static long count(DiskFile log, int from, int to, long minOffset) throws IOException {
    LaterBatches later = new LaterBatches(log, to, minOffset);
    long count = 0;
    int position = later.next(from);
    while (position != NONE) {
      count++;
      position = later.next(position + later.walk.batch().sizeBytes());
    }
    return count;
  }

  /** Position of the next whole batch with a right checksum, -1 when there is none. */
  int next(int from) throws IOException {
    int position = from;
    while (position < limit) {
      window.clear().limit(Math.min(WINDOW_BYTES, limit - position));
      int read = log.read(position, window);
      if (read == 0) {
        return NONE;
      }
      for (int i = 0; i < read; i++) {
        if (window.get(i) == BATCH_TAG && mayBeBatch(i, read) && isBatch(position + i)) {
          return position + i;
        }
      }
      position += read;
    }
    return NONE;
  }

  /** Spares a read for nearly every byte that only happens to be a batch's tag. */
  private boolean mayBeBatch(int at, int read) {
    if (at + LONGEST_PREFIX >= read) {
      return true; // not to be told from here
    }
    for (int message = at + 2; message <= at + LONGEST_PREFIX; message++) {
      if (window.get(message) == BASE_OFFSET_TAG) {
        return true;
      }
    }
    return false;
  }

  private boolean isBatch(int position) throws IOException {
    return walk.headers(log, position, limit).next() == BatchScan.WHOLE
        && walk.batch().baseOffset() >= minOffset
        && walk.whole(log, position, limit).next() == BatchScan.WHOLE
        && walk.batch().checksumMatches();
  }
}
