package io.millrace.cli.bench;

import io.millrace.cli.CommonOptions;
import io.millrace.cli.Surroundings;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bench} itself: only its subcommands do anything. */
@Command(
    name = "bench",
    description = "Put load on a cluster, measure it, and check that nothing was lost.",
    synopsisSubcommandLabel = "COMMAND")
public final class BenchCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Mixin CommonOptions common = new CommonOptions();

  private BenchCommand() {}

  public static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new BenchCommand())
        .addSubcommand(new BenchProduceCommand(surroundings))
        .addSubcommand(new BenchConsumeCommand(surroundings))
        .addSubcommand(new BenchLatencyCommand(surroundings))
        .addSubcommand(new BenchProbeCommand(surroundings))
        .addSubcommand(new BenchGroupCommand(surroundings))
        .addSubcommand(new BenchWatchCommand(surroundings))
        .addSubcommand(new BenchCheckCommand(surroundings));
  }

  @Override
  public Integer call() {
    return CommonOptions.usageOfGroup(spec);
  }
}
