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
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
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
      names = "--dry-run",
      description = "Show where the group would go on, and change nothing.")
  boolean dryRun;

  @Mixin OutputOption output = new OutputOption();

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
    Optional<GroupDescription> found = found(session);
    int members = found.map(each -> each.members().size()).orElse(0);
    if (members > 0 && !dryRun) {
      throw new CommandFailedException(
          ExitCode.CONFLICT,
          "group %s has %s: stop them first, or they would go on from where they are"
              .formatted(group, Printable.counted(members, "member")));
    }
    List<Move> moves = moves(session, committed(found));
    if (!dryRun) {
      if (!yes) {
        surroundings.error().print(table(moves).render(false));
        if (!Confirmation.ask(surroundings, "Have group " + group + " go on there?")) {
          throw new CommandFailedException(ExitCode.FAILED, "nothing was changed");
        }
      }
      Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
      moves.forEach(each -> offsets.put(each.partition(), new CommittedOffset(each.to())));
      session.change(admin -> admin.resetGroup(group, offsets));
    }
    surroundings.output().print(render(moves));
    if (dryRun) {
      surroundings
          .error()
          .println(
              "nothing was changed"
                  + (members > 0
                      ? "; before it is, the group's %s must be stopped"
                          .formatted(Printable.counted(members, "member"))
                      : ""));
    }
    return ExitCode.DONE.number();
  }

  /** Where the group goes on in a partition, and where it would have without. */
  private record Move(TopicPartition partition, @Nullable Long from, long to) {}

  private List<Move> moves(AdminSession session, Map<TopicPartition, Long> before)
      throws Exception {
    List<TopicPartition> chosen = chosen(session, before);
    Map<TopicPartition, Long> first = TrimPoint.listed(session, chosen, OffsetSpec.earliest());
    Map<TopicPartition, Long> end = TrimPoint.listed(session, chosen, OffsetSpec.latest());
    Map<TopicPartition, Long> wanted =
        to.offsets(session, chosen, new ResetPoint.Now(before, first, end), surroundings.clock());
    List<Move> moves = new ArrayList<>();
    for (TopicPartition each : chosen) {
      long lowest = first.getOrDefault(each, 0L);
      long highest = Math.max(lowest, end.getOrDefault(each, lowest));
      long target = Math.min(highest, Math.max(lowest, wanted.getOrDefault(each, highest)));
      moves.add(new Move(each, before.get(each), target));
    }
    return moves;
  }

  private String render(List<Move> moves) {
    return switch (output.format) {
      case table -> table(moves).render(surroundings.coloursOutput());
      case json -> {
        JsonText json = new JsonText().beginArray();
        for (Move move : moves) {
          json.beginObject()
              .field("topic", move.partition().topic())
              .field("partition", move.partition().partition());
          Long from = move.from();
          if (from != null) {
            json.field("committed", from);
          }
          json.field("new", move.to()).end();
        }
        yield json.end() + "\n";
      }
      case name ->
          moves.stream()
              .map(move -> Printable.line(move.partition().toString()) + "\n")
              .collect(Collectors.joining());
    };
  }

  private static TextTable table(List<Move> moves) {
    TextTable table = new TextTable("TOPIC", "PARTITION", "COMMITTED", "NEW");
    for (Move move : moves) {
      Long from = move.from();
      table.row(
          move.partition().topic(),
          move.partition().partition(),
          from == null ? "-" : Printable.count(from),
          Printable.count(move.to()));
    }
    return table;
  }

  /** Empty: there is no such group yet. */
  private Optional<GroupDescription> found(AdminSession session) throws Exception {
    try {
      return Optional.of(session.ask(admin -> admin.describeGroup(group)));
    } catch (UnknownGroupException e) {
      if (topic == null) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private static Map<TopicPartition, Long> committed(Optional<GroupDescription> found) {
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    found.ifPresent(
        each -> each.offsets().forEach((at, offset) -> offsets.put(at, offset.offset())));
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
