package io.millrace.cli;

/** Tells a command that the user, or whoever runs the process, wants it to end: Ctrl-C, SIGTERM. */
public interface Interrupts {
  /**
   * Asks to be told. The process then ends once the action and the command have returned, or after
   * a grace of some seconds; where nobody asks it ends at once.
   *
   * @param action runs on another thread, at once when it has happened already
   */
  void onInterrupt(Runnable action);

  /** From any thread. */
  boolean interrupted();
}
