package io.millrace.cli;

import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMemberDescription;
import io.millrace.client.GroupProgress;
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
      "COMMITTED is the next offset to be read, LAG how many records there are from there on, and",
      "BEHIND how long the first of them has been there. STUCK: a member has held it for five",
      "minutes, in which there was something to read and the committed offset did not move."
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
    surroundings
        .output()
        .print(
            switch (output.format) {
              case table -> table(found);
              case json -> json(found);
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

  private String table(GroupDescription found) {
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
    if (!found.progress().isEmpty()) {
      out.append('\n').append(progress(found).render(surroundings.coloursOutput()));
    }
    found.progress().stream()
        .filter(each -> !each.unknown().isEmpty())
        .forEach(
            each ->
                out.append(
                    "%s/%d: %s%n"
                        .formatted(
                            Printable.line(each.partition().topic()),
                            each.partition().partition(),
                            Printable.line(each.unknown()))));
    return out.toString();
  }

  private static TextTable progress(GroupDescription found) {
    TextTable table =
        new TextTable("TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "BEHIND", "STATE", "MEMBER");
    for (GroupProgress each : found.progress()) {
      table.row(
          each.partition().topic(),
          each.partition().partition(),
          number(each.committed()),
          number(each.end()),
          number(each.lag()),
          each.committed().isPresent()
              ? each.waiting().map(time -> Printable.seconds(time.toNanos())).orElse("-")
              : "-",
          word(each),
          each.memberId().orElse("-"));
    }
    return table;
  }

  private static String word(GroupProgress progress) {
    if (progress.isStuck()) {
      return "STUCK";
    } else if (progress.memberId().isEmpty()) {
      return "unread";
    } else if (progress.lag().isEmpty()) {
      return "-";
    }
    return progress.lag().getAsLong() == 0 ? "at end" : "behind";
  }

  private static String number(OptionalLong value) {
    return value.isPresent() ? Printable.count(value.getAsLong()) : "-";
  }

  private static String json(GroupDescription found) {
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
    for (GroupProgress each : found.progress()) {
      json.beginObject()
          .field("topic", each.partition().topic())
          .field("partition", each.partition().partition())
          .field("member", each.memberId().orElse(""))
          .field("stuck", each.isStuck());
      each.committed().ifPresent(it -> json.field("committed", it));
      each.start().ifPresent(it -> json.field("start", it));
      each.end().ifPresent(it -> json.field("end", it));
      each.lag().ifPresent(it -> json.field("lag", it));
      each.waiting().ifPresent(it -> json.field("lagMillis", it.toMillis()));
      each.still().ifPresent(it -> json.field("stillMillis", it.toMillis()));
      if (!each.unknown().isEmpty()) {
        json.field("unknown", each.unknown());
      }
      json.end();
    }
    return json.end().end() + "\n";
  }
}
