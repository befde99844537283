package io.millrace.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Everything about topics but their records. */
@Command(
    name = "topic",
    description =
        "Create, list, describe, alter, trim, compact and delete topics; elect their leaders.",
    synopsisSubcommandLabel = "COMMAND")
final class TopicCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Mixin CommonOptions common = new CommonOptions();

  private TopicCommand() {}

  static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new TopicCommand())
        .addSubcommand(new TopicCreateCommand(surroundings))
        .addSubcommand(new TopicListCommand(surroundings))
        .addSubcommand(new TopicDescribeCommand(surroundings))
        .addSubcommand(new TopicAlterCommand(surroundings))
        .addSubcommand(new TopicTrimCommand(surroundings))
        .addSubcommand(new TopicCompactCommand(surroundings))
        .addSubcommand(new TopicElectCommand(surroundings))
        .addSubcommand(new TopicDeleteCommand(surroundings));
  }

  @Override
  public Integer call() {
    return CommonOptions.usageOfGroup(spec);
  }
}
