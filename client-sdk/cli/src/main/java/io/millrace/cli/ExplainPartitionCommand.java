package io.millrace.cli;

import io.millrace.client.Explanation;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code explain partition}. */
@Command(
    name = "partition",
    description = {
      "Say who leads a partition or why nobody does, which replicas lag, and what it waits for.",
      "The leader is asked; when it does not answer, the other replicas, then any broker."
    })
final class ExplainPartitionCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  @Parameters(
      paramLabel = "TOPIC[/PARTITION]",
      description = "As in orders/3; without a partition, all of the topic.")
  String what = "";

  ExplainPartitionCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    Map<String, Explanation> found = new LinkedHashMap<>();
    for (TopicPartition partition : partitions(session)) {
      found.put(partition.toString(), session.ask(admin -> admin.explainPartition(partition)));
    }
    ExplanationText text = new ExplanationText("partition", found);
    surroundings.output().print(text.in(output.format, surroundings.coloursOutput()));
    return ExitCode.DONE.number();
  }

  private List<TopicPartition> partitions(AdminSession session) throws Exception {
    int slash = what.lastIndexOf('/');
    String topic = slash < 0 ? what : what.substring(0, slash);
    List<Integer> numbers = slash < 0 ? List.of() : List.of(number(what.substring(slash + 1)));
    List<PartitionInfo> all =
        session.ask(admin -> admin.describeTopics(List.of(topic))).values().stream()
            .flatMap(described -> described.partitions().stream())
            .toList();
    return ChosenPartitions.of(topic, all, numbers);
  }

  private int number(String digits) {
    try {
      return Integer.parseUnsignedInt(digits);
    } catch (NumberFormatException e) {
      throw new CommandFailedException(
          ExitCode.WRONG_USAGE,
          "'%s' names no partition; write TOPIC/NUMBER, as in orders/3".formatted(what));
    }
  }
}
