package io.millrace.dist;

import java.util.List;

/** The program as a function, for tests in other packages. */
public final class WholeCommandLine {
  private WholeCommandLine() {}

  /** Returns the exit code. */
  public static int run(List<String> words) {
    return new ServerCommandRun().exec(words.toArray(new String[0]));
  }
}
