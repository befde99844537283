package io.millrace.server.replica;

/** What an acknowledgement promises; the wire has the same under the name of durability. */
public enum Level {
  /** In the leader's page cache. */
  LEADER,
  /**
   * Survives the sudden power loss of any one broker: held by all of the in-sync set, and forced
   * where only one replica is in it, or may be.
   */
  STANDARD,
  /** Forced by every member of the in-sync set. */
  SYNCED
}
