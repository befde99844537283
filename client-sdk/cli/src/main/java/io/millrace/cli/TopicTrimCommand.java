package io.millrace.cli;

import io.millrace.client.OffsetSpec;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.client.TrimResult;
import io.millrace.client.TrimSpec;
import java.io.IOException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code topic trim}. */
@Command(
    name = "trim",
    description = {
      "Delete the oldest records of a topic, for ever; its newer ones keep their offsets.",
      "Partitions fail one by one; each that does has a line on the error stream."
    })
final class TopicTrimCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The topic.")
  String name = "";

  @Option(
      names = "--before",
      required = true,
      paramLabel = "WHERE",
      converter = TrimPointConverter.class,
      description = "What comes before it goes: " + TrimPoint.ALLOWED + ".")
  TrimPoint before = new TrimPoint.Offset(0);

  @Option(
      names = "--partition",
      paramLabel = "P",
      split = ",",
      description = "Only these partitions; commas between them, or repeated. Default: all.")
  List<Integer> partitions = new ArrayList<>();

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask; must be given where nobody can be asked.")
  boolean yes;

  /** For picocli. */
  static final class TrimPointConverter implements ITypeConverter<TrimPoint> {
    @Override
    public TrimPoint convert(String text) {
      try {
        return TrimPoint.parse(text, ZoneId.systemDefault());
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  TopicTrimCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    List<PartitionInfo> all =
        session.ask(admin -> admin.describeTopics(List.of(name))).values().stream()
            .flatMap(topic -> topic.partitions().stream())
            .toList();
    List<TopicPartition> chosen = ChosenPartitions.of(name, all, partitions);
    Map<TopicPartition, Long> begins = TrimPoint.listed(session, chosen, OffsetSpec.earliest());
    Map<TopicPartition, Long> targets = before.offsets(session, chosen, surroundings.clock());
    long records = records(begins, targets);
    if (records == 0) {
      surroundings.output().println("there is nothing to delete before that");
      return ExitCode.DONE.number();
    }
    if (!yes && !Confirmation.ask(surroundings, question(records, targets.size()))) {
      throw new CommandFailedException(ExitCode.FAILED, "nothing was deleted");
    }
    Map<TopicPartition, TrimSpec> asked = new LinkedHashMap<>();
    targets.forEach((partition, offset) -> asked.put(partition, TrimSpec.before(offset)));
    return tell(session.change(admin -> admin.trim(asked)), begins);
  }

  private static long records(Map<TopicPartition, Long> begins, Map<TopicPartition, Long> targets) {
    return targets.entrySet().stream()
        .mapToLong(target -> target.getValue() - begins.getOrDefault(target.getKey(), 0L))
        .filter(count -> count > 0)
        .sum();
  }

  private String question(long records, int count) {
    return "Delete %s, the oldest of %s in topic %s, for ever?"
        .formatted(
            Printable.counted(records, "record"), Printable.counted(count, "partition"), name);
  }

  private int tell(Map<TopicPartition, TrimResult> results, Map<TopicPartition, Long> begins)
      throws IOException {
    int exitCode = ExitCode.DONE.number();
    for (Map.Entry<TopicPartition, TrimResult> each : results.entrySet()) {
      String partition = Printable.line(each.getKey().toString());
      if (each.getValue() instanceof TrimResult.Trimmed trimmed) {
        surroundings
            .output()
            .println(
                "%s begins at offset %d, before at %d"
                    .formatted(
                        partition, trimmed.startOffset(), begins.getOrDefault(each.getKey(), 0L)));
      } else if (each.getValue() instanceof TrimResult.Failed failed) {
        FailureReport report = FailureReport.of(failed.error());
        String why = report.line().replaceFirst("^" + Pattern.quote(partition + ": "), "");
        surroundings.error().println("millrace: " + partition + " was not trimmed: " + why);
        exitCode = exitCode == ExitCode.DONE.number() ? report.exitCode() : exitCode;
      }
    }
    return exitCode;
  }
}
