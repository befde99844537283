package io.millrace.cli;

import io.millrace.client.CompactResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code topic compact}. */
@Command(
    name = "compact",
    description = {
      "Keep of each key the latest record only, now, on every broker that stores the topic.",
      "What the topic holds when it is asked for counts; that is waited for. Topics with"
          + " cleanup=compact or both do the same by themselves in time.",
      "Brokers and partitions fail one by one; each that does has a line on the error stream.",
      "Interrupted, or out of time, compaction that is under way goes on."
    })
final class TopicCompactCommand extends AdminCommand {
  private static final int MAX_SECONDS = 7 * 24 * 60 * 60;

  @Parameters(paramLabel = "NAME", description = "The topic.")
  String name = "";

  @Option(
      names = "--now",
      required = true,
      description = "Whatever share of it has not been compacted before, and however new it is.")
  boolean now;

  @Option(
      names = "--partition",
      paramLabel = "P",
      split = ",",
      description = "Only these partitions; commas between them, or repeated. Default: all.")
  List<Integer> partitions = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "3600",
      description = "The longest to wait; default: ${DEFAULT-VALUE}.")
  int timeoutSeconds;

  @Mixin OutputOption output = new OutputOption();

  TopicCompactCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void prepare() {
    if (timeoutSeconds < 1 || timeoutSeconds > MAX_SECONDS) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--timeout is 1 to " + MAX_SECONDS + " seconds");
    }
  }

  @Override
  int run(AdminSession session) throws Exception {
    List<CompactResult> results =
        session.change(
            admin ->
                admin.compactTopic(
                    name, List.copyOf(partitions), Duration.ofSeconds(timeoutSeconds)));
    List<CompactResult.Compacted> done = new ArrayList<>();
    int exitCode = ExitCode.DONE.number();
    for (CompactResult each : results) {
      if (each instanceof CompactResult.Compacted compacted) {
        done.add(compacted);
      } else if (each instanceof CompactResult.Failed failed) {
        exitCode = exitCode == ExitCode.DONE.number() ? exitCode(failed) : exitCode;
      }
    }
    print(done);
    for (CompactResult each : results) {
      if (each instanceof CompactResult.Failed failed) {
        tell(failed);
      }
    }
    return exitCode;
  }

  private static int exitCode(CompactResult.Failed failed) {
    return FailureReport.of(failed.error()).exitCode();
  }

  private void print(List<CompactResult.Compacted> done) throws IOException {
    switch (output.format) {
      case table -> {
        if (!done.isEmpty()) {
          surroundings.output().print(table(done));
        }
      }
      case json -> surroundings.output().println(json(done));
      case name -> {
        for (CompactResult.Compacted each : done) {
          surroundings.output().println(Printable.line(each.partition().toString()));
        }
      }
    }
  }

  private String table(List<CompactResult.Compacted> done) {
    TextTable table =
        new TextTable("PARTITION", "BROKER", "DROPPED", "FILES", "SIZE", "COMPACTED TO");
    for (CompactResult.Compacted each : done) {
      table.row(
          each.partition(),
          each.brokerId(),
          Printable.count(each.droppedRecords()),
          change(Printable.count(each.before().count()), Printable.count(each.after().count())),
          change(size(each.before()), size(each.after())),
          Printable.count(each.cleanedTo()));
    }
    return table.render(surroundings.coloursOutput());
  }

  private static String size(CompactResult.Files files) {
    return Printable.size((double) files.sizeBytes());
  }

  private static String change(String before, String after) {
    return before.equals(after) ? after : before + " -> " + after;
  }

  private static String json(List<CompactResult.Compacted> done) {
    JsonText json = new JsonText().beginArray();
    for (CompactResult.Compacted each : done) {
      json.beginObject()
          .field("topic", each.partition().topic())
          .field("partition", each.partition().partition())
          .field("broker", each.brokerId())
          .field("compactedTo", each.cleanedTo())
          .field("droppedRecords", each.droppedRecords())
          .field("filesBefore", each.before().count())
          .field("filesAfter", each.after().count())
          .field("bytesBefore", each.before().sizeBytes())
          .field("bytesAfter", each.after().sizeBytes())
          .end();
    }
    return json.end().toString();
  }

  private void tell(CompactResult.Failed failed) {
    String partition = Printable.line(failed.partition().toString());
    String why =
        FailureReport.of(failed.error())
            .line()
            .replaceFirst("^" + Pattern.quote(partition + ": "), "");
    surroundings
        .error()
        .println(
            "millrace: %s on broker %d was not compacted: %s"
                .formatted(partition, failed.brokerId(), why));
  }
}
