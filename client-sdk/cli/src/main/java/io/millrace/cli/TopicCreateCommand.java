package io.millrace.cli;

import io.millrace.client.NewTopic;
import io.millrace.client.TopicDescription;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code topic create}. The cluster checks name, numbers and settings; it knows its limits. */
@Command(name = "create", description = "Create a topic.")
final class TopicCreateCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "1 to 200 of A-Z a-z 0-9 . _ -")
  String name = "";

  @Option(names = "--partitions", paramLabel = "N", description = "Default: the cluster's.")
  @Nullable Integer partitions;

  @Option(names = "--replicas", paramLabel = "N", description = "Default: the cluster's.")
  @Nullable Integer replicas;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting that differs from the cluster's; may be repeated.")
  Map<String, String> settings = new LinkedHashMap<>();

  TopicCreateCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws IOException, InterruptedException {
    NewTopic wanted = new NewTopic(name, optional(partitions), optional(replicas), settings, false);
    TopicDescription made = session.change(admin -> admin.createTopic(wanted));
    surroundings
        .output()
        .println(
            "created %s with %s and %s each, id %s"
                .formatted(
                    Printable.line(made.name()),
                    Printable.counted(made.partitions().size(), "partition"),
                    Printable.counted(made.replicationFactor(), "replica"),
                    Printable.line(made.topicId())));
    return ExitCode.DONE.number();
  }

  private static OptionalInt optional(@Nullable Integer number) {
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }
}
