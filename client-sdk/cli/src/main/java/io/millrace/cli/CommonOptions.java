package io.millrace.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What every command takes. */
public final class CommonOptions {
  static final String VERBOSE = "--verbose";

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this text and exit.")
  boolean help;

  /** Looked for by {@link MillraceCommand} itself, so that it counts for wrong usage too. */
  @Option(names = VERBOSE, description = "Show the stack trace of an error.")
  boolean verbose;

  /** The end of a command that needs a subcommand and got none. */
  public static int usageOfGroup(CommandSpec group) {
    CommandLine commandLine = group.commandLine();
    commandLine.usage(commandLine.getErr());
    return ExitCode.WRONG_USAGE.number();
  }
}
