package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Output;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** What the commands that look at files have in common. */
final class LogTool {
  private LogTool() {}

  /** A look at one path. */
  interface Look<T> {
    T at(Path path) throws IOException;
  }

  static <T> T look(Path path, Look<T> look) throws IOException {
    try {
      return look.at(path);
    } catch (IllegalArgumentException e) {
      // The tool's way to say that the path is of another kind, with a text for the user.
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE.number(), String.valueOf(e.getMessage()), e);
    }
  }

  /** For the tools' sinks, which take no checked exception. */
  static void print(Output output, Object line) {
    try {
      output.println(line.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
