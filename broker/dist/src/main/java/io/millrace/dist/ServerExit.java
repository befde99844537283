package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import org.jspecify.annotations.Nullable;

/**
 * Why a server process ended by itself, for whoever supervises it. Not the numbers of {@link
 * io.millrace.cli.ExitCode}: a supervisor asks whether to start it again, a user what to type next.
 */
enum ServerExit {
  FAILED(1),
  /** Wrong configuration; starting again will not help. */
  MISCONFIGURED(2),
  NO_ZOOKEEPER(3),
  /** The data directory is in use, or belongs to another broker or cluster. */
  DIRECTORY_REFUSED(4);

  private final int number;

  ServerExit(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /**
   * @param message what, where, what to do
   */
  CommandFailedException because(String message, @Nullable Throwable cause) {
    return new CommandFailedException(number, message, cause);
  }

  CommandFailedException because(String message) {
    return because(message, null);
  }
}
