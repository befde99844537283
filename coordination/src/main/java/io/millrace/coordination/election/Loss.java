package io.millrace.coordination.election;

/** What a replica that leaves in doubt may have lost. */
public enum Loss {
  /** What it had not flushed when the machine went down. */
  UNFLUSHED,
  /** Also of what it had flushed: its log was cut where no power loss cuts, or before its end. */
  FLUSHED,
  /** All since somebody copied its disk, flushed or not. */
  SINCE_A_COPY,
  /** Everything: its data directory is gone. */
  ALL,
  /** What a damaged log held: nothing of it can be trusted. */
  LOG
}
