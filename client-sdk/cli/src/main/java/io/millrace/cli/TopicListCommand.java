package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.TopicListing;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code topic list}. */
@Command(name = "list", description = "List all topics.")
final class TopicListCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  TopicListCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    surroundings.output().print(render(session.ask(Admin::listTopics)));
    return ExitCode.DONE.number();
  }

  private String render(List<TopicListing> topics) {
    return switch (output.format) {
      case table -> {
        TextTable table = new TextTable("TOPIC", "PARTITIONS", "REPLICAS", "ID");
        for (TopicListing topic : topics) {
          table.row(topic.name(), topic.partitions(), topic.replicationFactor(), topic.topicId());
        }
        yield table.render(surroundings.coloursOutput());
      }
      case json -> {
        JsonText json = new JsonText().beginArray();
        for (TopicListing topic : topics) {
          json.beginObject()
              .field("name", topic.name())
              .field("id", topic.topicId())
              .field("partitions", topic.partitions())
              .field("replicas", topic.replicationFactor())
              .end();
        }
        yield json.end() + "\n";
      }
      case name -> {
        StringBuilder names = new StringBuilder();
        topics.forEach(topic -> names.append(Printable.line(topic.name())).append('\n'));
        yield names.toString();
      }
    };
  }
}
