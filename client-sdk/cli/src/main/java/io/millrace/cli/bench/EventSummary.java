package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** What the events of each kind came to, over all rounds. */
final class EventSummary {
  /** What is compared: of each event the worst one there was. */
  private record Column(String name, String heading, Function<EventOutcome, Spread> of) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("untouched", "stayed", EventOutcome::untouched),
          new Column("apart", "apart", EventOutcome::apart),
          new Column("led_elsewhere", "leader moved", EventOutcome::ledElsewhere),
          new Column("moved", "moved", EventOutcome::moved),
          new Column("members", "members", EventOutcome::ofMembers),
          new Column("commits", "commits", EventOutcome::ofCommits));

  private final List<EventOutcome> outcomes;

  EventSummary(List<EventOutcome> outcomes) {
    this.outcomes = List.copyOf(outcomes);
  }

  /** An object with a member for each kind of event. */
  void json(String name, JsonText json) {
    json.name(name).beginObject();
    for (Map.Entry<GroupEvent, List<EventOutcome>> each : byEvent().entrySet()) {
      json.name(each.getKey().label()).beginObject().field("events", each.getValue().size());
      for (Column column : COLUMNS) {
        worst(each.getValue(), column).json(column.name() + "_ms", json);
      }
      json.end();
    }
    json.end();
  }

  private Map<GroupEvent, List<EventOutcome>> byEvent() {
    Map<GroupEvent, List<EventOutcome>> sorted = new EnumMap<>(GroupEvent.class);
    outcomes.forEach(
        each -> sorted.computeIfAbsent(each.event(), event -> new ArrayList<>()).add(each));
    return sorted;
  }

  private static Spread worst(List<EventOutcome> outcomes, Column column) {
    return Spread.of(
        outcomes.stream()
            .map(column.of())
            .filter(spread -> spread.count() > 0)
            .map(Spread::worstNanos)
            .toList());
  }

  /** Lines for people. */
  String table() {
    StringBuilder out = new StringBuilder();
    out.append("longest time without a record (commits: without one that went through),\n");
    out.append("middle event / worst event:\n");
    out.append(String.format(Locale.ROOT, "  %-6s %6s %6s", "event", "times", "moved"));
    COLUMNS.forEach(column -> out.append(String.format(Locale.ROOT, "  %-17s", column.heading())));
    endLine(out);
    byEvent()
        .forEach(
            (event, all) -> {
              double moved = all.stream().mapToInt(EventOutcome::movedCount).average().orElse(0);
              out.append(
                  String.format(Locale.ROOT, "  %-6s %6d %6.1f", event.label(), all.size(), moved));
              COLUMNS.forEach(
                  column ->
                      out.append(String.format(Locale.ROOT, "  %-17s", worst(all, column).text())));
              endLine(out);
            });
    return out.toString();
  }

  private static void endLine(StringBuilder out) {
    while (out.charAt(out.length() - 1) == ' ') {
      out.setLength(out.length() - 1);
    }
    out.append('\n');
  }
}
