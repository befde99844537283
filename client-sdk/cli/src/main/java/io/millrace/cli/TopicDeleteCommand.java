package io.millrace.cli;

import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code topic delete}. */
@Command(name = "delete", description = "Delete topics with all their records.")
final class TopicDeleteCommand extends AdminCommand {
  @Parameters(arity = "1..*", paramLabel = "NAME", description = "One or more topics.")
  List<String> names = List.of();

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask; must be given where nobody can be asked.")
  boolean yes;

  TopicDeleteCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void prepare() throws IOException {
    String what = names.size() == 1 ? "topic " + names.get(0) : names.size() + " topics";
    if (!yes && !Confirmation.ask(surroundings, "Delete " + what + " with all records?")) {
      throw new CommandFailedException(ExitCode.FAILED, "nothing was deleted");
    }
  }

  @Override
  int run(AdminSession session) throws IOException, InterruptedException {
    for (String name : names) {
      String id = session.change(admin -> admin.deleteTopic(name));
      surroundings
          .output()
          .println("deleted " + Printable.line(name) + ", id " + Printable.line(id));
    }
    return ExitCode.DONE.number();
  }
}
