package io.millrace.client;

/**
 * What an acknowledgement means. A topic has a level of its own, {@link #STANDARD} unless it was
 * created with another; a producer may ask for another one.
 */
public enum Durability {
  /** Nothing: fire and forget. No answer is waited for, and no offset is known. */
  NONE,
  /** In the leader's page cache: survives the crash of its process, not of its machine. */
  LEADER,
  /** Survives the sudden power loss of any one broker. */
  STANDARD,
  /** Flushed to disk by every in-sync replica, at least the topic's minimum number of them. */
  SYNCED;

  /** As in settings and on the command line: {@code standard}. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
