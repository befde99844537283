package io.millrace.coordination.store;

import java.util.List;

/** What became of a write. */
public sealed interface WriteOutcome {
  /** A version that is none: of a node deleted or only checked. */
  int NO_VERSION = -1;

  /**
   * Done.
   *
   * @param versions what each step left its node at, in order
   */
  record Applied(List<Integer> versions) implements WriteOutcome {
    public Applied {
      versions = List.copyOf(versions);
    }

    public static Applied at(int version) {
      return new Applied(List.of(version));
    }

    /** Of the only, or the first step. */
    public int version() {
      return versions.get(0);
    }
  }

  /**
   * Certainly not applied: the store was not as expected.
   *
   * @param step which of the transaction's steps met the conflict, from 0
   */
  record Conflict(Kind kind, String path, int step) implements WriteOutcome {
    /** How the store differs. */
    public enum Kind {
      /** Of a create: it is there. That says nothing of who made it. */
      EXISTS,
      /** The node, or of a create its parent, is not there. */
      ABSENT,
      /** It has another version. */
      VERSION,
      /** Of a delete: it has children. */
      NOT_EMPTY
    }
  }

  /**
   * Contact was lost in the middle: it may have been applied, or may still be. Only a node whose
   * version has moved tells.
   */
  record Unknown(String cause) implements WriteOutcome {}

  /** Certainly not applied, whatever the store holds. */
  record Rejected(Reason reason, String why) implements WriteOutcome {
    /** Why nothing was tried, or why the server refused. */
    public enum Reason {
      /** No contact; nothing was sent. */
      NO_CONTACT,
      /** Over a limit of {@link StoreLimits}. */
      TOO_LARGE,
      /** These credentials may not. */
      NOT_ALLOWED,
      /** The store cannot do this at all: a child of an ephemeral node, a path that is none. */
      INVALID
    }
  }
}
