package io.millrace.rpc;

import org.jspecify.annotations.Nullable;

/** What a link tells its user, always on the link's loop. */
public interface LinkHandler {
  /** Bytes in the order they were sent, cut anywhere. The handler owns a reference. */
  void onBytes(ReceivedBytes bytes);

  /** What this turn of the loop had for this link has been delivered. */
  default void onReadEnd() {}

  /**
   * {@link Link#pendingBytes} has fallen below the low mark after having been above the high one.
   */
  default void onWritable() {}

  /**
   * Last, once.
   *
   * @param cause null when either side closed in an orderly way
   */
  void onClosed(@Nullable Throwable cause);
}
