package io.millrace.dist;

import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Surroundings;
import io.millrace.storage.files.NioDisk;
import io.millrace.storage.log.LogDump;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code log dump}. */
@Command(name = "dump", description = "Show the batches of segments and the entries of indexes.")
final class LogDumpCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description = "A segment (.log), an index (.index) or a partition's folder.")
  List<Path> paths = List.of();

  @Option(names = "--records", description = "Show the records in the batches, too.")
  boolean records;

  LogDumpCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    LogDump dump =
        new LogDump(new NioDisk(), records, item -> LogTool.print(surroundings.output(), item));
    for (Path path : paths) {
      LogTool.look(
          path,
          any -> {
            dump.dump(any);
            return any;
          });
    }
    return ExitCode.DONE.number();
  }
}
