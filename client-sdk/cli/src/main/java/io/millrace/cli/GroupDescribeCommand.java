package io.millrace.cli;

import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMemberDescription;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code group describe}. */
@Command(
    name = "describe",
    description = {
      "Show a group: its members, who reads what, and how far it is behind.",
      "COMMITTED is the next offset to be read, LAG how many records there are from there on."
    })
final class GroupDescribeCommand extends AdminCommand {
  @Parameters(paramLabel = "GROUP", description = "The group.")
  String group = "";

  @Mixin OutputOption output = new OutputOption();

  GroupDescribeCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  int run(AdminSession session) throws Exception {
    GroupDescription found = session.ask(admin -> admin.describeGroup(group));
    List<GroupLag> lags = GroupLag.of(found, session);
    surroundings
        .output()
        .print(
            switch (output.format) {
              case table -> table(found, lags);
              case json -> json(found, lags);
              case name -> members(found);
            });
    return ExitCode.DONE.number();
  }

  private static String state(GroupDescription found) {
    return found.state().name().toLowerCase(Locale.ROOT);
  }

  private static String members(GroupDescription found) {
    return found.members().stream()
        .map(member -> Printable.line(member.memberId()) + "\n")
        .collect(Collectors.joining());
  }

  private String table(GroupDescription found, List<GroupLag> lags) {
    StringBuilder out = new StringBuilder();
    out.append(
        "group %s: %s, %s, epoch %d%n"
            .formatted(
                Printable.line(found.groupId()),
                state(found),
                Printable.counted(found.members().size(), "member"),
                found.epoch()));
    if (!found.alarm().isEmpty()) {
      out.append("ALARM: ").append(Printable.line(found.alarm())).append('\n');
    }
    if (!found.members().isEmpty()) {
      TextTable table =
          new TextTable("MEMBER", "CLIENT", "HOST", "EPOCH", "PARTITIONS", "SHALL HAVE", "SILENT");
      for (GroupMemberDescription member : found.members()) {
        table.row(
            member.memberId(),
            member
                .instanceId()
                .map(it -> member.clientId() + " (" + it + ")")
                .orElse(member.clientId()),
            member.host(),
            member.epoch() < 0 ? "away" : member.epoch(),
            member.assigned().size() + member.giving().size(),
            member.target().size(),
            Printable.seconds(member.silent().toNanos()));
      }
      out.append('\n').append(table.render(surroundings.coloursOutput()));
    }
    if (!lags.isEmpty()) {
      TextTable table = new TextTable("TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER");
      for (GroupLag lag : lags) {
        table.row(
            lag.partition().topic(),
            lag.partition().partition(),
            number(lag.committed()),
            number(lag.end()),
            number(lag.records()),
            lag.member().isEmpty() ? "-" : lag.member());
      }
      out.append('\n').append(table.render(surroundings.coloursOutput()));
    }
    return out.toString();
  }

  private static String number(OptionalLong value) {
    return value.isPresent() ? Printable.count(value.getAsLong()) : "-";
  }

  private static String json(GroupDescription found, List<GroupLag> lags) {
    JsonText json =
        new JsonText()
            .beginObject()
            .field("group", found.groupId())
            .field("state", state(found))
            .field("epoch", found.epoch())
            .field("alarm", found.alarm())
            .name("members")
            .beginArray();
    for (GroupMemberDescription member : found.members()) {
      json.beginObject()
          .field("member", member.memberId())
          .field("instance", member.instanceId().orElse(""))
          .field("client", member.clientId())
          .field("host", member.host())
          .field("epoch", member.epoch())
          .field("silentMillis", member.silent().toMillis())
          .field("topics", String.join(",", new TreeSet<>(member.topics())))
          .end();
    }
    json.end().name("partitions").beginArray();
    for (GroupLag lag : lags) {
      json.beginObject()
          .field("topic", lag.partition().topic())
          .field("partition", lag.partition().partition())
          .field("member", lag.member());
      if (lag.committed().isPresent()) {
        json.field("committed", lag.committed().getAsLong());
      }
      if (lag.end().isPresent()) {
        json.field("end", lag.end().getAsLong());
      }
      if (lag.records().isPresent()) {
        json.field("lag", lag.records().getAsLong());
      }
      json.end();
    }
    return json.end().end() + "\n";
  }
}
