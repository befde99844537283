package io.millrace.cli;

import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code group delete}. */
@Command(
    name = "delete",
    description = "Forget groups that have no members, and how far they have come.")
final class GroupDeleteCommand extends AdminCommand {
  @Parameters(arity = "1..*", paramLabel = "GROUP", description = "One or more groups.")
  List<String> groups = List.of();

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask; must be given where nobody can be asked.")
  boolean yes;

  GroupDeleteCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void prepare() throws IOException {
    String what = groups.size() == 1 ? "group " + groups.get(0) : groups.size() + " groups";
    if (!yes
        && !Confirmation.ask(surroundings, "Delete " + what + " with the committed offsets?")) {
      throw new CommandFailedException(ExitCode.FAILED, "nothing was deleted");
    }
  }

  @Override
  int run(AdminSession session) throws IOException, InterruptedException {
    for (String group : groups) {
      session.change(admin -> admin.deleteGroup(group));
      surroundings.output().println("deleted " + Printable.line(group));
    }
    return ExitCode.DONE.number();
  }
}
