package io.millrace.dist;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The release archive, unpacked as a user would, and its program run as a process of its own. */
final class UnpackedArchive {
  private final Path home;
  private final Path launcher;
  private final Map<String, String> environment = new HashMap<>();

  private UnpackedArchive(Path home, Path launcher) {
    this.home = home;
    this.launcher = launcher;
  }

  static UnpackedArchive into(Path folder) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    String archive = System.getProperty("millrace.archive");
    Process tar =
        new ProcessBuilder("tar", "xzf", archive, "-C", folder.toString()).inheritIO().start();
    if (tar.waitFor() != 0) {
      throw new IOException("tar cannot unpack " + archive);
    }
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> top = entries.toList();
      if (top.size() != 1) {
        throw new IOException("one folder is expected in the archive, not " + top);
      }
      return new UnpackedArchive(top.get(0), top.get(0).resolve("bin/millrace"));
    }
  }

  /** What the archive was packed from, laid out where the module builds. */
  static UnpackedArchive notEvenPacked() {
    Path home = Path.of(System.getProperty("millrace.home")).toAbsolutePath().normalize();
    return new UnpackedArchive(home, home.resolve("bin/millrace"));
  }

  Path home() {
    return home;
  }

  /** The same installation, started by another name. */
  UnpackedArchive startedBy(Path link) {
    UnpackedArchive other = new UnpackedArchive(home, link);
    other.environment.putAll(environment);
    return other;
  }

  /** A variable that every process started from now on gets. */
  UnpackedArchive with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** Names of the files in {@code lib}. */
  List<String> libraries() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  record Run(int exit, String out, String err) {}

  /** Runs a command to its end. */
  Run run(Path directory, String... arguments) throws IOException, InterruptedException {
    Path errors = Files.createTempFile(directory, "run-", ".err");
    Process process = builder(directory, errors, arguments).start();
    process.getOutputStream().close();
    try (InputStream out = process.getInputStream()) {
      String text = new String(out.readAllBytes(), UTF_8);
      Run run = new Run(process.waitFor(), text, Files.readString(errors));
      Files.delete(errors);
      return run;
    }
  }

  /** Starts a server and waits for its ready line. */
  Server start(Path directory, String... arguments) throws IOException, InterruptedException {
    Path errors = Files.createTempFile(directory, "server-", ".err");
    Process process = builder(directory, errors, arguments).start();
    BufferedReader out = process.inputReader(UTF_8);
    String line = out.readLine();
    if (line == null || !line.startsWith("ready ")) {
      throw new IOException(
          "no ready line but " + line + "; exit " + process.waitFor() + Files.readString(errors));
    }
    return new Server(process, line, errors);
  }

  private ProcessBuilder builder(Path directory, Path errors, String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectError(errors.toFile());
    builder.environment().keySet().removeIf(name -> name.matches("(JAVA|MILLRACE|XDG)_.*"));
    builder.environment().putAll(environment);
    return builder;
  }

  record Server(Process process, String readyLine, Path errors) implements AutoCloseable {
    /** A field of the ready line. */
    String told(String name) {
      for (String word : readyLine.split(" ", -1)) {
        if (word.startsWith(name + "=")) {
          return word.substring(name.length() + 1);
        }
      }
      throw new AssertionError("no " + name + " in " + readyLine);
    }

    String log() throws IOException {
      return Files.readString(errors);
    }

    int stop() throws InterruptedException {
      process.destroy();
      return process.waitFor();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
