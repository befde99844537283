package io.millrace.wire;

/** What {@link BatchView#scan} found at a position. */
public enum BatchScan {
  /** A batch with a canonical header, all of it within the limit. */
  WHOLE,
  /** A batch with a canonical header, whose records go on behind the limit. */
  HEADER,
  /** The beginning of what may be a batch: too few bytes to tell. */
  INCOMPLETE,
  /** No batch: nothing before the limit, or a zero byte, as in a file's zero-filled tail. */
  END,
  /** No batch can begin with these bytes; {@link BatchView#problem} says why. */
  MALFORMED
}
