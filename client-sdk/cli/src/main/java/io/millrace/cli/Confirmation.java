package io.millrace.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Asks before something is destroyed. */
final class Confirmation {
  private static final int MAX_ANSWER_SIZE = 1_000;

  private Confirmation() {}

  /**
   * True for yes; no is the default.
   *
   * @throws CommandFailedException wrong usage: nobody is there to be asked
   */
  static boolean ask(Surroundings surroundings, String question) throws IOException {
    if (!surroundings.terminals().input() || !surroundings.terminals().error()) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, Printable.line(question) + " Nobody is there to ask; say --yes");
    }
    surroundings.error().print(Printable.line(question) + " [y/N] ");
    surroundings.error().flush();
    LineReader answer = new LineReader(surroundings.input(), MAX_ANSWER_SIZE);
    if (!answer.next()) {
      return false;
    }
    String text =
        new String(answer.copy(), StandardCharsets.UTF_8).strip().toLowerCase(Locale.ROOT);
    return text.equals("y") || text.equals("yes");
  }
}
