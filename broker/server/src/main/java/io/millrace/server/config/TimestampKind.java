package io.millrace.server.config;

/** Whose clock the records of a topic are dated by. */
public enum TimestampKind {
  /** The producer's. */
  CREATE,
  /** The broker's, when it appends them. */
  APPEND
}
