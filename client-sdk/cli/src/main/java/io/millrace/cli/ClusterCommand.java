package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.Broker;
import io.millrace.client.ClusterDescription;
import io.millrace.client.SettingDescription;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cluster}. */
@Command(name = "cluster", description = "Show the brokers and how the partitions are.")
final class ClusterCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  @Option(
      names = "--settings",
      paramLabel = "BROKER",
      description = "Show instead what settings this broker runs with, and where each is from.")
  @Nullable Integer settingsOf;

  ClusterCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    ClusterDescription found = session.ask(Admin::describeCluster);
    if (settingsOf != null) {
      return settings(session, found, settingsOf);
    }
    TroubledPartitions troubled = TroubledPartitions.find(session, found);
    List<Broker> brokers =
        found.brokers().stream().sorted(Comparator.comparingInt(Broker::id)).toList();
    surroundings
        .output()
        .print(
            switch (output.format) {
              case table -> table(found, brokers) + troubled.lines();
              case json -> json(found, brokers, troubled) + "\n";
              case name ->
                  brokers.stream().map(broker -> broker.id() + "\n").collect(Collectors.joining());
            });
    return ExitCode.DONE.number();
  }

  private int settings(AdminSession session, ClusterDescription described, int broker)
      throws Exception {
    LiveBrokers.require(described, broker);
    List<SettingDescription> found = session.ask(admin -> admin.describeBrokerSettings(broker));
    surroundings
        .output()
        .print(
            switch (output.format) {
              case table -> SettingsText.table(found, surroundings.coloursOutput());
              case json -> {
                JsonText json = new JsonText();
                SettingsText.json(found, json);
                yield json + "\n";
              }
              case name ->
                  found.stream()
                      .map(setting -> Printable.line(setting.key()) + "\n")
                      .collect(Collectors.joining());
            });
    return ExitCode.DONE.number();
  }

  private String table(ClusterDescription found, List<Broker> brokers) {
    TextTable table = new TextTable("BROKER", "ADDRESS", "LEADS", "RACK", "VERSION", "LIFE");
    for (Broker broker : brokers) {
      table.row(
          broker.id(),
          broker.host() + ":" + broker.port(),
          found.leaders().getOrDefault(broker.id(), 0),
          broker.rack().isEmpty() ? "-" : broker.rack(),
          broker.version(),
          broker.incarnation());
    }
    return "cluster "
        + Printable.line(found.clusterId())
        + "\n"
        + table.render(surroundings.coloursOutput())
        + health(found)
        + "\n";
  }

  private static String health(ClusterDescription found) {
    boolean healthy =
        found.offlinePartitions() == 0
            && found.underReplicatedPartitions() == 0
            && found.belowMinimumPartitions() == 0
            && !found.brokers().isEmpty()
            && !found.isWithoutZooKeeper();
    return "%s: %s, %s, %s, %d offline, %d below minimum, %d under-replicated"
            .formatted(
                healthy ? "healthy" : "UNHEALTHY",
                Printable.counted(found.brokers().size(), "broker"),
                Printable.counted(found.topics(), "topic"),
                Printable.counted(found.partitions(), "partition"),
                found.offlinePartitions(),
                found.belowMinimumPartitions(),
                found.underReplicatedPartitions())
        + (found.isWithoutZooKeeper()
            ? "; the broker asked has no contact with ZooKeeper: this is what it knew last"
            : "");
  }

  private static JsonText json(
      ClusterDescription found, List<Broker> brokers, TroubledPartitions troubled) {
    JsonText json = new JsonText().beginObject();
    json.field("clusterId", found.clusterId()).field("formatVersion", found.formatVersion());
    json.name("brokers").beginArray();
    for (Broker broker : brokers) {
      json.beginObject()
          .field("id", broker.id())
          .field("incarnation", broker.incarnation())
          .field("host", broker.host())
          .field("port", broker.port())
          .field("rack", broker.rack())
          .field("version", broker.version())
          .field("leads", found.leaders().getOrDefault(broker.id(), 0))
          .end();
    }
    json.end().field("topics", found.topics()).field("partitions", found.partitions());
    names(json.name("offlinePartitions"), troubled.offline());
    names(json.name("belowMinimumPartitions"), troubled.belowMinimum());
    names(json.name("underReplicatedPartitions"), troubled.underReplicated());
    json.field("withoutZooKeeper", found.isWithoutZooKeeper());
    return json.end();
  }

  private static void names(JsonText json, List<String> partitions) {
    json.beginArray();
    partitions.forEach(json::value);
    json.end();
  }
}
