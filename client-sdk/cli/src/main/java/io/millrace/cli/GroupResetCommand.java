package io.millrace.cli;

import io.millrace.client.CommittedOffset;
import io.millrace.client.GroupDescription;
import io.millrace.client.OffsetSpec;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.UnknownGroupException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code group reset}. */
@Command(
    name = "reset",
    description = {
      "Say where a group without members goes on.",
      "Offsets beyond what a partition has are moved to its first record or its end."
    })
final class GroupResetCommand extends AdminCommand {
  @Parameters(paramLabel = "GROUP", description = "The group; it need not exist yet.")
  String group = "";

  @Option(
      names = "--to",
      required = true,
      paramLabel = "WHERE",
      converter = ResetPointConverter.class,
      description = ResetPoint.ALLOWED + ".")
  ResetPoint to = new ResetPoint.Shift(0);

  @Option(
      names = "--topic",
      paramLabel = "T",
      description = "Only this topic. Default: all in which the group has committed anything.")
  @Nullable String topic;

  @Option(
      names = "--partition",
      paramLabel = "P",
      split = ",",
      description = "Only these partitions of --topic; commas between them, or repeated.")
  List<Integer> partitions = new ArrayList<>();

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask; must be given where nobody can be asked.")
  boolean yes;

  /** For picocli. */
  static final class ResetPointConverter implements ITypeConverter<ResetPoint> {
    @Override
    public ResetPoint convert(String text) {
      try {
        return ResetPoint.parse(text, ZoneId.systemDefault());
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  GroupResetCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void prepare() {
    if (topic == null && !partitions.isEmpty()) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--partition needs --topic: of which topic are they?");
    }
  }

  @Override
  int run(AdminSession session) throws Exception {
    Map<TopicPartition, Long> before = committed(session);
    List<TopicPartition> chosen = chosen(session, before);
    Map<TopicPartition, Long> first = TrimPoint.listed(session, chosen, OffsetSpec.earliest());
    Map<TopicPartition, Long> end = TrimPoint.listed(session, chosen, OffsetSpec.latest());
    Map<TopicPartition, Long> wanted =
        to.offsets(session, chosen, new ResetPoint.Now(before, first, end), surroundings.clock());
    Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
    TextTable table = new TextTable("TOPIC", "PARTITION", "COMMITTED", "NEW");
    for (TopicPartition each : chosen) {
      long lowest = first.getOrDefault(each, 0L);
      long highest = Math.max(lowest, end.getOrDefault(each, lowest));
      long target = Math.min(highest, Math.max(lowest, wanted.getOrDefault(each, highest)));
      offsets.put(each, new CommittedOffset(target));
      Long was = before.get(each);
      table.row(
          each.topic(),
          each.partition(),
          was == null ? "-" : Printable.count(was),
          Printable.count(target));
    }
    if (!yes) {
      surroundings.error().print(table.render(false));
      if (!Confirmation.ask(surroundings, "Have group " + group + " go on there?")) {
        throw new CommandFailedException(ExitCode.FAILED, "nothing was changed");
      }
    }
    session.change(admin -> admin.resetGroup(group, offsets));
    surroundings.output().print(table.render(surroundings.coloursOutput()));
    return ExitCode.DONE.number();
  }

  private Map<TopicPartition, Long> committed(AdminSession session) throws Exception {
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    try {
      GroupDescription found = session.ask(admin -> admin.describeGroup(group));
      found.offsets().forEach((partition, offset) -> offsets.put(partition, offset.offset()));
    } catch (UnknownGroupException e) {
      if (topic == null) {
        throw e;
      }
    }
    return offsets;
  }

  private List<TopicPartition> chosen(AdminSession session, Map<TopicPartition, Long> before)
      throws Exception {
    if (topic == null) {
      List<TopicPartition> all = new ArrayList<>(before.keySet());
      if (all.isEmpty()) {
        throw new CommandFailedException(
            ExitCode.NOT_FOUND, "the group has committed nothing; name a --topic");
      }
      return all;
    }
    String name = topic;
    List<PartitionInfo> all =
        session.ask(admin -> admin.describeTopics(List.of(name))).values().stream()
            .flatMap(each -> each.partitions().stream())
            .toList();
    return ChosenPartitions.of(name, all, partitions);
  }
}
