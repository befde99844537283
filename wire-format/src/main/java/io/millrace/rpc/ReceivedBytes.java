package io.millrace.rpc;

import java.nio.ByteBuffer;

/**
 * Bytes that came in, in memory that is used again: valid until released.
 *
 * <p>Whoever holds one owns one reference and releases it exactly once, on any thread.
 */
public interface ReceivedBytes {
  /** A view of its own position and limit at each call; not to be written to but by the owner. */
  ByteBuffer buffer();

  /** Bytes in it. */
  default int size() {
    return buffer().remaining();
  }

  /** One more reference, for one more owner. */
  ReceivedBytes retain();

  void release();
}
