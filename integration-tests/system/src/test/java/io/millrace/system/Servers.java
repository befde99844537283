package io.millrace.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;

/**
 * A ZooKeeper process and broker processes on ports of the system's choice, and the commands a
 * person gives them, as processes or in this JVM. Whatever was started ends with it.
 */
final class Servers implements AutoCloseable {
  private final Path dir;
  private final List<MillraceProcess> running = new ArrayList<>();
  private String zooKeeper = "127.0.0.1:0";

  /**
   * @param dir for configuration, data and outputs
   */
  Servers(Path dir) {
    this.dir = dir;
  }

  /**
   * Starts ZooKeeper with these lines of configuration beside the usual, and waits for it. One that
   * follows another has the same data and the same port.
   */
  MillraceProcess zooKeeper(String... lines) {
    List<String> configuration =
        new ArrayList<>(
            List.of(
                "dataDir=" + dir.resolve("zookeeper"),
                "clientPort=" + zooKeeper.substring(zooKeeper.indexOf(':') + 1),
                "clientPortAddress=127.0.0.1",
                "4lw.commands.whitelist=dump"));
    configuration.addAll(List.of(lines));
    Path file = dir.resolve("zookeeper.properties");
    try {
      Files.write(file, configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    MillraceProcess process =
        remember(MillraceProcess.start(dir, "zookeeper", "--config", file.toString()));
    zooKeeper = process.awaitLine("^ready zookeeper=(\\S+)").group(1);
    return process;
  }

  /** The address that clients give to {@code --cluster}. */
  String cluster() {
    return zooKeeper + "/millrace";
  }

  /** Starts a broker and does not wait for it. Of two equal keys the later wins. */
  MillraceProcess start(int id, String... settings) {
    return startUnder(List.of(), id, settings);
  }

  /** Likewise, behind the words of another command, which runs it. */
  MillraceProcess startUnder(List<String> runner, int id, String... settings) {
    List<String> arguments = new ArrayList<>(List.of("broker"));
    List<String> all =
        new ArrayList<>(
            List.of(
                "broker.id=" + id,
                "cluster=" + cluster(),
                "data.directory=" + data(id),
                "listener.client=127.0.0.1:0",
                "listener.internal=127.0.0.1:0",
                "listener.metrics=127.0.0.1:0"));
    for (String setting : settings) {
      all.removeIf(other -> other.startsWith(setting.substring(0, setting.indexOf('=') + 1)));
      all.add(setting);
    }
    all.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    return remember(MillraceProcess.startUnder(runner, dir, arguments.toArray(new String[0])));
  }

  /** Starts a broker and waits until it serves. */
  MillraceProcess ready(int id, String... settings) {
    MillraceProcess broker = start(id, settings);
    awaitReady(broker);
    return broker;
  }

  /** The groups: the broker's id, its client listener's host, and port. */
  static MatchResult awaitReady(MillraceProcess broker) {
    return broker.awaitLine("^ready .*\\bbroker=(\\d+) client=(\\S+):(\\d+) ");
  }

  /** Where a broker started here keeps its data. */
  Path data(int id) {
    return dir.resolve("broker-" + id);
  }

  /** Starts a command with {@code --cluster} as a process. */
  MillraceProcess begin(String... arguments) {
    return remember(MillraceProcess.start(dir, withCluster(arguments)));
  }

  private String[] withCluster(String... arguments) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--cluster";
    all[arguments.length + 1] = cluster();
    return all;
  }

  /** Runs a client command with {@code --cluster} in this JVM to its end, whatever that is. */
  CommandRun attempt(String... arguments) {
    return CommandRun.of(withCluster(arguments));
  }

  /** Runs a client command with {@code --cluster} in this JVM; it must succeed. */
  CommandRun run(String... arguments) {
    return runWith("", arguments);
  }

  /** Likewise, with this on standard input. */
  CommandRun runWith(String input, String... arguments) {
    CommandRun run = CommandRun.with(input, withCluster(arguments));
    assertThat(run.exit()).as(() -> String.join(" ", arguments) + run.describe()).isZero();
    return run;
  }

  /** ZooKeeper's own shell, with a path below the cluster's. */
  String zkShell(String... command) {
    String[] all = new String[command.length + 3];
    all[0] = "zk-shell";
    all[1] = "--cluster";
    all[2] = cluster();
    System.arraycopy(command, 0, all, 3, command.length);
    MillraceProcess shell = MillraceProcess.run(dir, all);
    assertThat(shell.awaitExit()).as(shell.describe()).isZero();
    return shell.out();
  }

  /** ZooKeeper's four-letter command {@code dump}: its sessions, and the live nodes of each. */
  String zooKeeperSessions() {
    String[] address = zooKeeper.split(":", 2);
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address[0], Integer.parseInt(address[1])));
      socket.getOutputStream().write("dump".getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  MillraceProcess remember(MillraceProcess process) {
    running.add(process);
    return process;
  }

  @Override
  public void close() {
    for (int i = running.size(); --i >= 0; ) {
      running.get(i).close();
    }
  }
}
