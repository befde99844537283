package io.millrace.cli;

/** Ends a command with a line for the user; thrown by commands, caught by MillraceCommand alone. */
public final class CommandFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  /**
   * @param message one line: what, where, what to do
   */
  public CommandFailedException(ExitCode exitCode, String message) {
    this(exitCode.number(), message, null);
  }

  public CommandFailedException(
      int exitCode, String message, @org.jspecify.annotations.Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
