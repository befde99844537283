package io.millrace.cli;

import io.millrace.client.PartitionInfo;
import io.millrace.client.SettingDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.errors.UnsupportedFeatureException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code topic describe}. */
@Command(name = "describe", description = "Show the partitions and settings of topics.")
final class TopicDescribeCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  @Parameters(arity = "1..*", paramLabel = "NAME", description = "One or more topics.")
  List<String> names = List.of();

  /** By topic; empty where only names are wanted. */
  private Map<String, List<SettingDescription>> settings = Map.of();

  TopicDescribeCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    Collection<TopicDescription> topics =
        session.ask(admin -> admin.describeTopics(new LinkedHashSet<>(names))).values();
    if (output.format != OutputOption.Format.name) {
      settings = settings(session, topics);
    }
    surroundings
        .output()
        .print(
            switch (output.format) {
              case table -> topics.stream().map(this::table).collect(Collectors.joining("\n"));
              case json -> json(topics) + "\n";
              case name ->
                  topics.stream()
                      .flatMap(topic -> topic.partitions().stream())
                      .map(partition -> Printable.line(partition.topicPartition() + "") + "\n")
                      .collect(Collectors.joining());
            });
    return ExitCode.DONE.number();
  }

  private static Map<String, List<SettingDescription>> settings(
      AdminSession session, Collection<TopicDescription> topics) throws Exception {
    List<String> found = topics.stream().map(TopicDescription::name).toList();
    try {
      return session.ask(admin -> admin.describeTopicSettings(found));
    } catch (UnsupportedFeatureException e) {
      // A broker of an earlier version: what was set is known, and nothing else.
      return topics.stream()
          .collect(Collectors.toMap(TopicDescription::name, TopicDescribeCommand::whatWasSet));
    }
  }

  private static List<SettingDescription> whatWasSet(TopicDescription topic) {
    return new TreeMap<>(topic.settings())
        .entrySet().stream()
            .map(
                set ->
                    new SettingDescription(
                        set.getKey(),
                        set.getValue(),
                        "",
                        SettingDescription.Source.TOPIC,
                        "",
                        "",
                        false))
            .toList();
  }

  private String table(TopicDescription topic) {
    StringBuilder out = new StringBuilder();
    out.append(
        "topic %s  id %s  %s each%n"
            .formatted(
                Printable.line(topic.name()),
                Printable.line(topic.topicId()),
                Printable.counted(topic.replicationFactor(), "replica"))
            .replace(System.lineSeparator(), "\n"));
    TextTable table =
        new TextTable(
            "PARTITION", "LEADER", "EPOCH", "REPLICAS", "IN SYNC", "ELIGIBLE", "LAST CHANGE");
    for (PartitionInfo partition : topic.partitions()) {
      table.row(
          partition.partition(),
          leader(partition.leader()),
          partition.leaderEpoch(),
          ids(partition.replicas()),
          ids(partition.inSync()),
          ids(partition.eligible()),
          partition.lastChange().isEmpty() ? "-" : partition.lastChange());
    }
    out.append(table.render(surroundings.coloursOutput()));
    for (PartitionInfo partition : topic.partitions()) {
      if (!partition.possibleLoss().isEmpty()) {
        out.append(
            Printable.line(
                "POSSIBLE LOSS in "
                    + partition.topicPartition()
                    + ": "
                    + partition.possibleLoss()));
        out.append('\n');
      }
    }
    List<SettingDescription> of = settings.getOrDefault(topic.name(), List.of());
    if (!of.isEmpty()) {
      out.append('\n').append(SettingsText.table(of, surroundings.coloursOutput()));
    }
    return out.toString();
  }

  private static String leader(OptionalInt leader) {
    return leader.isPresent() ? Integer.toString(leader.getAsInt()) : "none";
  }

  private static String ids(List<Integer> brokers) {
    return brokers.isEmpty()
        ? "-"
        : brokers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  private JsonText json(Collection<TopicDescription> topics) {
    JsonText json = new JsonText().beginArray();
    for (TopicDescription topic : topics) {
      json.beginObject().field("name", topic.name()).field("id", topic.topicId());
      json.field("replicas", topic.replicationFactor()).name("settings");
      SettingsText.json(settings.getOrDefault(topic.name(), List.of()), json);
      json.name("partitions").beginArray();
      for (PartitionInfo partition : topic.partitions()) {
        json.beginObject().field("partition", partition.partition()).name("leader");
        partition.leader().ifPresentOrElse(json::value, json::nullValue);
        json.field("epoch", partition.leaderEpoch());
        ids(json.name("replicas"), partition.replicas());
        ids(json.name("inSync"), partition.inSync());
        ids(json.name("eligible"), partition.eligible());
        json.field("lastChange", partition.lastChange());
        json.field("possibleLoss", partition.possibleLoss());
        json.end();
      }
      json.end().end();
    }
    return json.end();
  }

  private static void ids(JsonText json, List<Integer> brokers) {
    json.beginArray();
    brokers.forEach(json::value);
    json.end();
  }
}
