package io.millrace.server.config;

/** What goes from a topic by itself. */
public enum CleanupPolicy {
  /** What is too old or too much. */
  DELETE,
  /** All but the latest record of each key. */
  COMPACT,
  /** Both. */
  BOTH;

  public boolean deletes() {
    return this != COMPACT;
  }

  public boolean compacts() {
    return this != DELETE;
  }
}
