package io.millrace.storage.log;

/** What a log tells of itself, on its owner loop. */
public interface LogListener {
  /** All below the offset is on disk now. */
  void onFlushed(long flushedOffset);

  /** Some of its bytes are not what was written; nothing of them is read. The rest is as ever. */
  default void onDamaged(LogDamage damage) {}

  /** The log is offline: its disk failed, or its bytes are not what was written. Once. */
  void onFailed(Throwable cause);
}
