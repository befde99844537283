package io.millrace.cli;

import io.millrace.cli.bench.BenchCommand;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.ParameterException;

/**
 * The whole command line: from arguments to an exit code. Whatever goes wrong ends here, as one
 * line for the user and a number for the shell; what an interrupt broke ends without a word.
 */
public final class MillraceCommand {
  private static final String ERROR = "Error: ";

  private final Surroundings surroundings;
  private final List<CommandEntry> entries;

  /**
   * @param more commands besides those of this module
   */
  public MillraceCommand(Surroundings surroundings, List<CommandEntry> more) {
    this.surroundings = surroundings;
    // In the order in which help lists them.
    List<CommandEntry> all = new ArrayList<>();
    all.add(new CommandEntry("topic", () -> TopicCommand.commandLine(surroundings)));
    all.add(CommandEntry.of("produce", () -> new ProduceCommand(surroundings)));
    all.add(CommandEntry.of("consume", () -> new ConsumeCommand(surroundings)));
    all.add(new CommandEntry("group", () -> GroupCommand.commandLine(surroundings)));
    all.add(CommandEntry.of("cluster", () -> new ClusterCommand(surroundings)));
    all.add(new CommandEntry("explain", () -> ExplainCommand.commandLine(surroundings)));
    all.add(new CommandEntry("bench", () -> BenchCommand.commandLine(surroundings)));
    all.addAll(more);
    all.add(
        CommandEntry.of(
            "completion", () -> new CompletionCommand(surroundings, this::assembleAll)));
    this.entries = List.copyOf(all);
  }

  /** Runs one command on the calling thread and returns the exit code. */
  public int run(String... args) {
    boolean verbose = Arrays.asList(args).contains(CommonOptions.VERBOSE);
    try {
      int exitCode = execute(args, verbose);
      surroundings.output().flush();
      return exitCode;
    } catch (IOException e) {
      return report(e, verbose);
    }
  }

  /**
   * Loads only the command that the first word names. What that cannot make sense of is judged
   * again with all commands, so that help and "did you mean" know them.
   */
  private int execute(String[] args, boolean verbose) {
    String first = Arrays.stream(args).filter(word -> !word.startsWith("-")).findFirst().orElse("");
    List<CommandEntry> named =
        entries.stream().filter(entry -> entry.name().equals(first)).toList();
    CommandLine some = assemble(named, verbose);
    if (!named.isEmpty() && parses(some, args)) {
      return some.execute(args);
    }
    return assemble(entries, verbose).execute(args);
  }

  private static boolean parses(CommandLine commandLine, String[] args) {
    try {
      CommandLine.ParseResult result = commandLine.parseArgs(args);
      return result.hasSubcommand();
    } catch (ParameterException e) {
      return false;
    }
  }

  /** With every command's classes: for help, completion and tests. */
  CommandLine assembleAll() {
    return assemble(entries, false);
  }

  private CommandLine assemble(List<CommandEntry> wanted, boolean verbose) {
    CommandLine root = new CommandLine(new RootCommand());
    for (CommandEntry entry : wanted) {
      root.addSubcommand(entry.name(), entry.maker().get());
    }
    return root.setOut(writer(surroundings.output()))
        .setErr(new PrintWriter(surroundings.error(), true, StandardCharsets.UTF_8))
        .setColorScheme(
            Help.defaultColorScheme(surroundings.coloursOutput() ? Help.Ansi.ON : Help.Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(100)
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(
            (e, args) -> {
              wrongUsage(e);
              return ExitCode.WRONG_USAGE.number();
            })
        .setExecutionExceptionHandler((e, command, parsed) -> report(e, verbose));
  }

  private static PrintWriter writer(Output output) {
    return new PrintWriter(new OutputStreamWriter(output, StandardCharsets.UTF_8), true);
  }

  private void wrongUsage(ParameterException e) {
    CommandLine command = e.getCommandLine();
    surroundings.error().println("millrace: " + Printable.line(whatIsWrong(e)));
    CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr());
    surroundings.error().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
  }

  private static String whatIsWrong(ParameterException e) {
    boolean hasSubcommands = !e.getCommandLine().getSubcommands().isEmpty();
    if (hasSubcommands && e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().get(0);
      return (first.startsWith("-") ? "unknown option '" : "unknown command '") + first + "'";
    }
    String message = String.valueOf(e.getMessage());
    // Where one of several options is missing, the library says that it is an error, too.
    return message.startsWith(ERROR) ? message.substring(ERROR.length()) : message;
  }

  private int report(Exception failure, boolean verbose) {
    Exception e = failure;
    if (failure instanceof UncheckedIOException && failure.getCause() instanceof IOException io) {
      e = io;
    }
    if (e instanceof Output.ReaderGoneException) {
      return ExitCode.DONE.number();
    }
    if (surroundings.interrupts().interrupted()) {
      return ExitCode.INTERRUPTED.number();
    }
    FailureReport report = FailureReport.of(e);
    surroundings.error().println("millrace: " + report.line());
    if (verbose) {
      e.printStackTrace(surroundings.error());
    }
    return report.exitCode();
  }
}
