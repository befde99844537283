package io.millrace.dist;

import io.millrace.cli.CommonOptions;
import io.millrace.cli.ExitCode;
import io.millrace.cli.Surroundings;
import io.millrace.storage.files.NioDisk;
import io.millrace.storage.log.LogVerify;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code log verify}. */
@Command(
    name = "verify",
    description = {
      "Read every byte and tell what is not as it should be; changes nothing.",
      "Ends with 1 when records are damaged. What a broker writes meanwhile may look unfinished."
    })
final class LogVerifyCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description = "A data directory, a partition's folder or a segment (.log).")
  List<Path> paths = List.of();

  LogVerifyCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    LogVerify verify =
        new LogVerify(new NioDisk(), finding -> LogTool.print(surroundings.output(), finding));
    LogVerify.Summary sum = new LogVerify.Summary(0, 0, 0, 0, 0, 0);
    for (Path path : paths) {
      sum = LogTool.look(path, verify::verify); // of all so far
    }
    surroundings
        .output()
        .println(
            "%d partitions, %d segments, %d batches, %d records, %d bytes: %s"
                .formatted(
                    sum.partitions(),
                    sum.segments(),
                    sum.batches(),
                    sum.records(),
                    sum.bytes(),
                    sum.damages() == 0 ? "no damage" : sum.damages() + " DAMAGED places"));
    return (sum.damages() == 0 ? ExitCode.DONE : ExitCode.FAILED).number();
  }
}
