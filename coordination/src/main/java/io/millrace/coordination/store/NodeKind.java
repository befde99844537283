package io.millrace.coordination.store;

/** How long a node lives. */
public enum NodeKind {
  PERSISTENT,
  /** Until its session ends; it has no children. */
  EPHEMERAL
}
