package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.GroupListing;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code group list}. */
@Command(name = "list", description = "List all groups.")
final class GroupListCommand extends AdminCommand {
  @Mixin OutputOption output = new OutputOption();

  GroupListCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    surroundings.output().print(render(session.ask(Admin::listGroups)));
    return ExitCode.DONE.number();
  }

  private String render(List<GroupListing> groups) {
    return switch (output.format) {
      case table -> {
        TextTable table = new TextTable("GROUP", "STATE", "MEMBERS");
        for (GroupListing group : groups) {
          table.row(group.groupId(), state(group), group.members());
        }
        yield table.render(surroundings.coloursOutput());
      }
      case json -> {
        JsonText json = new JsonText().beginArray();
        for (GroupListing group : groups) {
          json.beginObject()
              .field("group", group.groupId())
              .field("state", state(group))
              .field("members", group.members())
              .end();
        }
        yield json.end() + "\n";
      }
      case name -> {
        StringBuilder names = new StringBuilder();
        groups.forEach(group -> names.append(Printable.line(group.groupId())).append('\n'));
        yield names.toString();
      }
    };
  }

  private static String state(GroupListing group) {
    return group.state().name().toLowerCase(Locale.ROOT);
  }
}
