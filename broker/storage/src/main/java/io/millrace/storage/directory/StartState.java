package io.millrace.storage.directory;

import java.util.OptionalInt;

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

  /**
   * What was written and not forced may be gone.
   *
   * @param incarnation of the last run that is remembered, whichever boot that was of: the same
   *     about it, or the start after that run was cut short; empty where nothing is remembered
   */
  record Doubtful(String why, OptionalInt incarnation) implements StartState {}
}
