package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Tells what a power loss leaves in a file that only grows from what befalls bytes later. A write
 * that has not reached the disk leaves zeros, up to the end of a sector; bytes that have rotted are
 * not zeros. Damage that a lost write does not explain may have been forced, and acknowledged.
 */
final class LostWrite {
  /** What disks write whole, if they write it. */
  private static final int SECTOR_BYTES = 512;

  /** Fewer zeros stand in any batch. */
  private static final int TELLING_BYTES = 64;

  private LostWrite() {}

  /** Whether such zeros stand among the damaged bytes. */
  static boolean explains(DiskFile log, int from, int to) throws IOException {
    int size = (int) log.size();
    ByteBuffer tail = ByteBuffer.allocate(TELLING_BYTES);
    int boundary = from - from % SECTOR_BYTES;
    while (boundary < to) {
      boundary = Math.min(boundary + SECTOR_BYTES, size);
      if (boundary > to) {
        return false;
      }
      int first = Math.max(from, boundary - TELLING_BYTES);
      if (boundary - first == TELLING_BYTES && isZero(log, first, tail)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isZero(DiskFile log, int position, ByteBuffer into) throws IOException {
    log.read(position, into.clear());
    boolean isZero = into.flip().hasRemaining();
    while (into.hasRemaining()) {
      isZero &= into.get() == 0;
    }
    return isZero;
  }
}
