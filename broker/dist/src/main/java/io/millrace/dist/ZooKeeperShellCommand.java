package io.millrace.dist;

import io.millrace.cli.ClusterOption;
import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Surroundings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.zookeeper.ZooKeeperMain;
import org.apache.zookeeper.cli.CliException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * ZooKeeper's own shell, connected to the cluster's ZooKeeper at the cluster's path. It writes to
 * the process's streams and may end the process by itself.
 */
@Command(
    name = "zk-shell",
    description = {
      "Look at the cluster with ZooKeeper's own shell; without a command it asks for some.",
      "Paths begin at the cluster's own: ls -R /, get /topics/NAME."
    })
final class ZooKeeperShellCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();
  @Mixin ClusterOption cluster = new ClusterOption();

  @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "One command of the shell.")
  List<String> words = new ArrayList<>();

  private ZooKeeperShellCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** What begins with a dash behind the shell's command belongs to that. */
  static CommandLine commandLine(Surroundings surroundings) {
    return new CommandLine(new ZooKeeperShellCommand(surroundings)).setStopAtPositional(true);
  }

  @Override
  public Integer call() throws IOException, InterruptedException, CliException {
    List<String> arguments = new ArrayList<>();
    arguments.add("-server");
    arguments.add(cluster.address(surroundings.environment()));
    arguments.addAll(words);
    ZooKeeperMain.main(arguments.toArray(new String[0]));
    return ExitCode.DONE.number();
  }
}
