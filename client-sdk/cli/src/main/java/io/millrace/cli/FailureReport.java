package io.millrace.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * What the user and the shell are told of an exception: the one place where the client's exceptions
 * become exit codes.
 *
 * @param line what, where, what to do; nothing in it steers a terminal
 */
record FailureReport(int exitCode, String line) {
  static FailureReport of(Throwable e) {
    if (e instanceof CommandFailedException failed) {
      return new FailureReport(failed.exitCode(), message(failed));
    }
    if (e instanceof NoSuchFileException missing) {
      return failed("no such file: " + missing.getFile());
    }
    if (e instanceof AccessDeniedException denied) {
      return failed("no permission for " + denied.getFile());
    }
    if (e instanceof IOException) {
      return failed(message(e));
    }
    return failed(
        "unexpected error, please report it with the output of "
            + CommonOptions.VERBOSE
            + ": "
            + e.getClass().getSimpleName()
            + ": "
            + message(e));
  }

  private static FailureReport failed(String message) {
    return new FailureReport(ExitCode.FAILED.number(), Printable.line(message));
  }

  private static String message(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : Printable.line(message);
  }
}
