package io.millrace.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups of consumers. */
@Command(
    name = "group",
    description = "List and describe groups of consumers, send them elsewhere, delete them.",
    synopsisSubcommandLabel = "COMMAND")
final class GroupCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Mixin CommonOptions common = new CommonOptions();

  private GroupCommand() {}

  static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new GroupCommand())
        .addSubcommand(new GroupListCommand(surroundings))
        .addSubcommand(new GroupDescribeCommand(surroundings))
        .addSubcommand(new GroupResetCommand(surroundings))
        .addSubcommand(new GroupDeleteCommand(surroundings));
  }

  @Override
  public Integer call() {
    return CommonOptions.usageOfGroup(spec);
  }
}
