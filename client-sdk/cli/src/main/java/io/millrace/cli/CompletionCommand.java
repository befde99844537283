package io.millrace.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Prints a script for the user's shell; it knows every command, option and enumerated value. */
@Command(
    name = "completion",
    description = "Print a script that completes millrace's commands.",
    footer = {"", "For this shell: source <(millrace completion bash)"})
final class CompletionCommand implements Callable<Integer> {
  /** The script serves both: in zsh it turns on bash's completion first. */
  enum Shell {
    bash,
    zsh
  }

  private final Surroundings surroundings;
  private final Supplier<CommandLine> allCommands;

  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
  Shell shell = Shell.bash;

  CompletionCommand(Surroundings surroundings, Supplier<CommandLine> allCommands) {
    this.surroundings = surroundings;
    this.allCommands = allCommands;
  }

  @Override
  public Integer call() throws IOException {
    surroundings.output().print(AutoComplete.bash("millrace", allCommands.get()));
    return ExitCode.DONE.number();
  }
}
