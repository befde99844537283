package io.millrace.server.replica;

/** What a leader has to do next about its sets. */
public sealed interface Want {
  /** Write this, and say that it has been sent before anything else happens to the leader. */
  record Write(SetsChange change) implements Want {}

  /**
   * Force the log to its end first, and ask again when it has been forced to this offset: the write
   * would leave the leader as the only one that holds all of it.
   */
  record FlushFirst(long offset) implements Want {}
}
