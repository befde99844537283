package io.millrace.cli;

/** Tells a command that the user, or whoever runs the process, wants it to end: Ctrl-C, SIGTERM. */
public interface Interrupts {
  /**
   * Asks to be told. The process ends when the action has returned, whatever the command is doing:
   * an action that lets the command finish waits for it, for some seconds at most.
   *
   * @param action runs on another thread, at once when it has happened already
   */
  void onInterrupt(Runnable action);

  /** From any thread. */
  boolean interrupted();
}
