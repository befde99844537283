package io.millrace.dist;

import io.millrace.cli.CommonOptions;
import io.millrace.cli.Surroundings;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code log}: looks at files, and at no cluster. */
@Command(
    name = "log",
    description = "Look at a broker's files without a broker.",
    synopsisSubcommandLabel = "COMMAND")
final class LogCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Mixin CommonOptions common = new CommonOptions();

  private LogCommand() {}

  static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new LogCommand())
        .addSubcommand(new LogDumpCommand(surroundings))
        .addSubcommand(new LogVerifyCommand(surroundings));
  }

  @Override
  public Integer call() {
    return CommonOptions.usageOfGroup(spec);
  }
}
