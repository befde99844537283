package io.millrace.cli;

import io.millrace.client.TopicChange;
import io.millrace.client.TopicDescription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code topic alter}. The cluster checks all of it, before a person is asked. */
@Command(
    name = "alter",
    description = "Change settings of a topic, or give it more partitions or replicas.")
final class TopicAlterCommand extends AdminCommand {
  private static final String WARNING =
      "WARNING: keys move. A record goes to another of the more partitions than the earlier ones of"
          + " its key did, so whoever relies on the order or the place of a key's records finds"
          + " both broken at this point. Partitions cannot be taken away again.";

  @Parameters(paramLabel = "NAME", description = "The topic.")
  String name = "";

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "What a setting shall be; may be repeated. See 'topic describe'.")
  Map<String, String> set = new LinkedHashMap<>();

  @Option(
      names = "--unset",
      paramLabel = "KEY",
      split = ",",
      description = "Back to the default; commas between keys, or repeated.")
  Set<String> unset = new LinkedHashSet<>();

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "So many, more than now. Keys then go to other partitions than before.")
  @Nullable Integer partitions;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description =
          "So many of each partition, more than now; nothing else in the same command. They copy"
              + " everything first: 'explain' tells how far they are.")
  @Nullable Integer replicas;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask before partitions are added; must be given where nobody can be.")
  boolean yes;

  private TopicChange wanted = TopicChange.of("");

  TopicAlterCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void prepare() {
    boolean isOther = !set.isEmpty() || !unset.isEmpty() || partitions != null;
    if (!isOther && replicas == null) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE,
          "nothing to change: give --set, --unset, --partitions or --replicas");
    }
    if (isOther && replicas != null) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE, "--replicas goes without other changes: give a command to each");
    }
    wanted = wanted();
  }

  @Override
  int run(AdminSession session) throws IOException, InterruptedException {
    if (partitions != null) {
      TopicChange check = wanted.validatedOnly();
      String id = session.change(admin -> admin.alterTopic(check)).topicId();
      surroundings.error().println(WARNING);
      String question = "Give topic " + name + " " + partitions + " partitions?";
      if (!yes && !Confirmation.ask(surroundings, question)) {
        throw new CommandFailedException(ExitCode.FAILED, "nothing was changed");
      }
      wanted = wanted.onlyIf(id);
    }
    TopicChange change = wanted;
    TopicDescription made = session.change(admin -> admin.alterTopic(change));
    surroundings.output().println(Printable.line("altered " + made.name() + ": " + done(made)));
    return ExitCode.DONE.number();
  }

  private TopicChange wanted() {
    try {
      return new TopicChange(
          name,
          Optional.empty(),
          set,
          unset,
          partitions == null ? OptionalInt.empty() : OptionalInt.of(partitions),
          replicas == null ? OptionalInt.empty() : OptionalInt.of(replicas),
          false);
    } catch (IllegalArgumentException e) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE.number(), String.valueOf(e.getMessage()), e);
    }
  }

  private String done(TopicDescription made) {
    List<String> parts = new ArrayList<>();
    set.forEach((key, value) -> parts.add(key + "=" + made.settings().getOrDefault(key, value)));
    unset.forEach(key -> parts.add(key + " is the default again"));
    if (partitions != null) {
      parts.add(Printable.counted(made.partitions().size(), "partition"));
    }
    if (replicas != null) {
      parts.add(
          "each partition has "
              + Printable.counted(replicas, "replica")
              + " now, and the new ones copy what there is");
    }
    return String.join(", ", parts);
  }
}
