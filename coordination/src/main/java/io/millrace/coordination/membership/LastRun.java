package io.millrace.coordination.membership;

import java.util.OptionalInt;

/**
 * What a data directory remembers of the run before this one.
 *
 * @param isInDoubt the page cache of that run may be lost
 * @param incarnation that run had; empty where nothing is remembered
 */
public record LastRun(boolean isInDoubt, OptionalInt incarnation) {
  /** There was none, or there is nothing to be believed about it. */
  public static final LastRun NONE = new LastRun(false, OptionalInt.empty());

  public static final LastRun IN_DOUBT = inDoubt(OptionalInt.empty());

  /**
   * The machine has restarted since. Where the cluster knows a later run than that one, more is
   * gone than a page cache: the directory is an old copy, and nothing that a later run has vouched
   * for holds for it.
   */
  public static LastRun inDoubt(OptionalInt incarnation) {
    return new LastRun(true, incarnation);
  }

  /** It ended cleanly, or only its process died: believed unless the cluster knows a later one. */
  public static LastRun believed(int incarnation) {
    return new LastRun(false, OptionalInt.of(incarnation));
  }
}
