package io.millrace.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Why something is as it is. */
@Command(
    name = "explain",
    description = {
      "Say why a partition, a group or a broker is in the state it is in.",
      "EXPLAIN.md lists all reasons there are."
    },
    synopsisSubcommandLabel = "COMMAND")
final class ExplainCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Mixin CommonOptions common = new CommonOptions();

  private ExplainCommand() {}

  static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new ExplainCommand())
        .addSubcommand(new ExplainPartitionCommand(surroundings))
        .addSubcommand(new ExplainGroupCommand(surroundings))
        .addSubcommand(new ExplainBrokerCommand(surroundings));
  }

  @Override
  public Integer call() {
    return CommonOptions.usageOfGroup(spec);
  }
}
