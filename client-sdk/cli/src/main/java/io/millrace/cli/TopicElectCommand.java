package io.millrace.cli;

import io.millrace.client.ElectionKind;
import io.millrace.client.ElectionResult;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code topic elect}. */
@Command(
    name = "elect",
    description = {
      "Give partitions other leaders: preferred ones, or, where nobody can lead, any.",
      "Partitions fail one by one; each that does has a line on the error stream."
    })
final class TopicElectCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The topic.")
  String name = "";

  @ArgGroup(multiplicity = "1")
  Whom whom = new Whom();

  @Option(
      names = "--partition",
      paramLabel = "P",
      split = ",",
      description = "Only these partitions; commas between them, or repeated. Default: all.")
  List<Integer> partitions = new ArrayList<>();

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask before an unclean election; needed where nobody can be asked.")
  boolean yes;

  /** One of the two. */
  static final class Whom {
    @Option(
        names = "--preferred",
        required = true,
        description = "The first replica, where it is live and in sync. Loses nothing.")
    boolean preferred;

    @Option(
        names = "--unclean",
        required = true,
        description =
            "Only where nobody leads: the live replica that has the most. What others had is lost.")
    boolean unclean;
  }

  TopicElectCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    List<PartitionInfo> all =
        session.ask(admin -> admin.describeTopics(List.of(name))).values().stream()
            .flatMap(topic -> topic.partitions().stream())
            .toList();
    List<Integer> chosen =
        ChosenPartitions.of(name, all, partitions).stream().map(TopicPartition::partition).toList();
    if (whom.unclean && !yes && !Confirmation.ask(surroundings, question(chosen.size()))) {
      throw new CommandFailedException(ExitCode.FAILED, "nobody was elected");
    }
    ElectionKind kind = whom.unclean ? ElectionKind.UNCLEAN : ElectionKind.PREFERRED;
    return tell(session.change(admin -> admin.electLeaders(name, chosen, kind)));
  }

  private String question(int count) {
    return "Of %s of topic %s, elect a leader for each that has none, and lose the records that only"
            .formatted(Printable.counted(count, "partition"), name)
        + " missing replicas have?";
  }

  private int tell(Map<TopicPartition, ElectionResult> results) throws IOException {
    int exitCode = ExitCode.DONE.number();
    for (Map.Entry<TopicPartition, ElectionResult> each : results.entrySet()) {
      String partition = Printable.line(each.getKey().toString());
      if (each.getValue() instanceof ElectionResult.Settled settled) {
        String leader =
            settled.leader().isPresent()
                ? "broker " + settled.leader().getAsInt() + " leads"
                : "nobody leads";
        surroundings
            .output()
            .println(
                "%s: %s in epoch %d: %s"
                    .formatted(
                        partition, leader, settled.leaderEpoch(), Printable.line(settled.what())));
      } else if (each.getValue() instanceof ElectionResult.Failed failed) {
        FailureReport report = FailureReport.of(failed.error());
        String why = report.line().replaceFirst("^" + Pattern.quote(partition + ": "), "");
        surroundings.error().println("millrace: " + partition + ": " + why);
        exitCode = exitCode == ExitCode.DONE.number() ? report.exitCode() : exitCode;
      }
    }
    return exitCode;
  }
}
