package io.millrace.dist;

import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Surroundings;
import io.millrace.rpc.Tasks;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code class-data}: the launcher runs it under a JVM that writes down, when this ends, which
 * classes were used; later JVMs map that file instead of reading and checking the classes again.
 * Here the commands are rehearsed, so that their classes are used.
 */
@Command(
    name = "class-data",
    description = {
      "Make the commands start faster with this Java, and say where that is kept.",
      "Done by itself, in the background, at the first start of an installation; by hand it is for",
      "images and packages. MILLRACE_CLASS_DATA=off in the environment declines all of it."
    })
final class ClassDataCommand implements Callable<Integer> {
  private static final long PATIENCE_SECONDS = 60;

  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();

  @Option(names = "--rehearse-in", hidden = true, description = "For the launcher: a new folder.")
  Path directory = Path.of("rehearsal");

  ClassDataCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws InterruptedException {
    Tasks tasks = surroundings.tasks();
    RehearsedCommand dev = new RehearsedCommand(tasks, "");
    Tasks.Worker stage = tasks.worker("rehearsal");
    stage.execute(
        () ->
            dev.run(
                "dev",
                "--brokers",
                "2",
                "--dir",
                directory.toString(),
                "--port",
                "0",
                "--zk-port",
                "0"));
    try {
      String ready = readyLine(dev);
      String cluster = word("cluster", dev, ready);
      rehearse(cluster);
      scrape(word("metrics", dev, ready));
      new RehearsedFailover(surroundings, directory, cluster).run();
    } finally {
      dev.interrupt();
      stage.stop();
      stage.awaitStopped(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
    }
    return ExitCode.DONE.number();
  }

  private static String readyLine(RehearsedCommand dev) throws InterruptedException {
    try {
      return dev.firstWords().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw ServerExit.FAILED.because("the rehearsal did not start", e);
    }
  }

  /** The first of the values of {@code name=} in the line of a server that is ready. */
  private static String word(String name, RehearsedCommand dev, String ready) {
    for (String word : ready.split("[\\s,]", -1)) {
      if (word.startsWith(name + "=")) {
        return word.substring(name.length() + 1);
      }
    }
    throw ServerExit.FAILED.because("the rehearsal could not start: " + dev.complaints().strip());
  }

  /** As a monitoring system does. */
  private void scrape(String address) {
    try (InputStream text = URI.create("http://" + address + "/metrics").toURL().openStream()) {
      text.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      surroundings.error().println("the metrics could not be read: " + e.getMessage());
    }
  }

  /** What people and scripts call most; the order is a topic's life. */
  private void rehearse(String cluster) {
    String lines = "a line\n".repeat(1_000);
    run("", "--help");
    for (String help : List.of("broker", "zookeeper", "topic", "log")) {
      run("", help, "--help");
    }
    on(cluster, "", "topic", "create", "rehearsal", "--partitions", "2");
    on(cluster, lines, "produce", "rehearsal");
    on(cluster, lines, "produce", "rehearsal", "--compression", "zstd", "--key-delimiter", " ");
    on(cluster, "", "topic", "list");
    on(cluster, "", "topic", "describe", "rehearsal", "--output", "json");
    on(cluster, "", "consume", "rehearsal", "--from", "earliest", "--until-end");
    on(cluster, "", "cluster");
    on(cluster, "", "topic", "delete", "rehearsal", "--yes");
    run("", "log", "verify", directory.resolve("broker-1").toString());
  }

  private void on(String cluster, String input, String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.add("--cluster");
    all.add(cluster);
    run(input, all.toArray(new String[0]));
  }

  /** One that fails leaves its classes out, and is told to whoever looks at the launcher's log. */
  private void run(String input, String... words) {
    RehearsedCommand command = new RehearsedCommand(surroundings.tasks(), input);
    int exitCode = command.run(words);
    if (exitCode != ExitCode.DONE.number()) {
      surroundings
          .error()
          .println(
              String.join(" ", words) + " ended with " + exitCode + ": " + command.complaints());
    }
  }
}
