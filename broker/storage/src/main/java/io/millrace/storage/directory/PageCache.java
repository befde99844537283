package io.millrace.storage.directory;

/** What may be concluded from what can be read of a log that was not closed. */
public enum PageCache {
  /** The machine has restarted since: what is read is what the disk has. */
  FRESH,

  /** Only the process ended: all that it wrote is there, though not all may be on the disk yet. */
  WHOLE,

  /**
   * A force failed, or nothing tells. Bytes may be missing; and what is there may be on no disk,
   * although the kernel counts it as written, so that forcing it again does nothing.
   */
  DOUBTED
}
