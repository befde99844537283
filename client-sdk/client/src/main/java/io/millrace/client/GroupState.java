package io.millrace.client;

/** Where a group stands as a whole. */
public enum GroupState {
  /** Without members; committed offsets may remain. */
  EMPTY,
  /** Something has changed since it was last decided who gets what. */
  ASSIGNING,
  /** Some member has not come to what it shall have. */
  RECONCILING,
  /** Everybody reads what it shall read. */
  STABLE,
  /** One that this version does not know. */
  UNKNOWN
}
