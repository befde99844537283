package io.millrace.cli;

import io.millrace.client.Explanation;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code explain broker}. */
@Command(
    name = "broker",
    description =
        "Say how a live broker is: its disk, ZooKeeper, its partitions, what they wait for.")
final class ExplainBrokerCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  @Parameters(paramLabel = "ID", description = "The broker's number.")
  int id;

  ExplainBrokerCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    LiveBrokers.require(session, id);
    Explanation found = session.ask(admin -> admin.explainBroker(id));
    ExplanationText text = new ExplanationText("broker", Map.of("broker " + id, found));
    surroundings.output().print(text.in(output.format, surroundings.coloursOutput()));
    return ExitCode.DONE.number();
  }
}
