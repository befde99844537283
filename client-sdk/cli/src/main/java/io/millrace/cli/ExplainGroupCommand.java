package io.millrace.cli;

import io.millrace.client.Explanation;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code explain group}. */
@Command(
    name = "group",
    description = {
      "Say who coordinates a group, which of its members wait, and for what, and where it is stuck.",
      "The coordinator is asked; when it does not answer, any broker."
    })
final class ExplainGroupCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  @Parameters(paramLabel = "GROUP", description = "The group.")
  String group = "";

  ExplainGroupCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    Explanation found = session.ask(admin -> admin.explainGroup(group));
    ExplanationText text = new ExplanationText("group", Map.of("group " + group, found));
    surroundings.output().print(text.in(output.format, surroundings.coloursOutput()));
    return ExitCode.DONE.number();
  }
}
