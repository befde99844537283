package io.millrace.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code millrace} itself: only its subcommands do anything. */
@Command(
    name = "millrace",
    description = "Millrace: producers append records to topics, consumers read them back.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 exists or conflicts,",
      "5 timed out (outcome unknown), 6 not authorised, 7 cluster unreachable, 130 interrupted.",
      "The cluster is --cluster, else $MILLRACE_CLUSTER, else 127.0.0.1:2181/millrace."
    })
final class RootCommand implements Callable<Integer> {
  @Spec CommandSpec spec = CommandSpec.create();

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version and exit.")
  boolean version;

  @Override
  public Integer call() {
    return CommonOptions.usageOfGroup(spec);
  }

  /** Names what the jar's manifest says. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = RootCommand.class.getPackage().getImplementationVersion();
      return new String[] {"millrace " + (version == null ? "(unpackaged)" : version)};
    }
  }
}
