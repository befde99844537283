package io.millrace.cli;

/** What a command's end tells the shell. */
public enum ExitCode {
  DONE(0),
  FAILED(1),
  WRONG_USAGE(2),
  NOT_FOUND(3),
  /** What was to be made exists, or what was to be changed has changed. */
  CONFLICT(4),
  /** The outcome is unknown: it may have happened, or may still. */
  TIMED_OUT(5),
  NOT_AUTHORISED(6),
  UNREACHABLE(7),
  /** What a shell reports for a process that Ctrl-C ended. */
  INTERRUPTED(130);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
