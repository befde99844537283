package io.millrace.storage.directory;

/** What may be believed of the data at a start. */
public sealed interface StartState {
  /**
   * The last run stopped cleanly and every log stands as it left it.
   *
   * @param incarnation of the run that stopped: if the cluster knows a later one, this directory is
   *     an old copy, and doubtful
   */
  record Clean(int incarnation) implements StartState {}

  /**
   * The process ended somehow, but the machine has not restarted since: all that was written is in
   * the page cache. The same about {@code incarnation}.
   */
  record ProcessCrash(int incarnation) implements StartState {}

  /** What was written and not forced may be gone. */
  record Doubtful(String why) implements StartState {}
}
