package io.millrace.dist;

import io.millrace.cli.ClientFactory;
import io.millrace.cli.CommandEntry;
import io.millrace.cli.MillraceCommand;
import io.millrace.cli.Output;
import io.millrace.cli.Surroundings;
import io.millrace.cli.Surroundings.Terminals;
import io.millrace.rpc.SystemTasks;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Where the launcher enters: hands the process's own streams, clock and signals to a command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    StopSignal signal = StopSignal.install();
    Surroundings surroundings =
        new Surroundings(
            new FileInputStream(FileDescriptor.in),
            new Output(new FileOutputStream(FileDescriptor.out)),
            new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
            System.getenv(),
            Terminals.parse(System.getProperty("millrace.terminals", "")),
            new SystemTasks(),
            signal,
            ClientFactory.ofCluster());
    int exitCode = new MillraceCommand(surroundings, commands(surroundings)).run(args);
    signal.finished();
    if (!signal.interrupted()) {
      // A client's or a server's thread may still be there.
      System.exit(exitCode);
    }
  }

  /** In the order in which help lists them. */
  static List<CommandEntry> commands(Surroundings surroundings) {
    List<CommandEntry> commands = new ArrayList<>();
    commands.add(CommandEntry.of("dev", () -> new DevCommand(surroundings)));
    commands.add(new CommandEntry("broker", () -> BrokerCommand.commandLine(surroundings)));
    commands.add(CommandEntry.of("zookeeper", () -> new ZooKeeperCommand(surroundings)));
    commands.add(
        new CommandEntry("zk-shell", () -> ZooKeeperShellCommand.commandLine(surroundings)));
    commands.add(new CommandEntry("log", () -> LogCommand.commandLine(surroundings)));
    commands.add(CommandEntry.of("class-data", () -> new ClassDataCommand(surroundings)));
    return commands;
  }
}
