package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C, as in iSCSI: the JDK computes it with the processor's own instruction. */
final class Checksum {
  private Checksum() {}

  /** Uses the window's position and limit, and leaves it cleared. */
  static int of(CRC32C crc32c, ByteBuffer window, int start, int end) {
    crc32c.reset();
    crc32c.update(window.limit(end).position(start));
    window.clear();
    return (int) crc32c.getValue();
  }
}
