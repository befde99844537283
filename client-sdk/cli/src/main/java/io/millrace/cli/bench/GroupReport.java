package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import io.millrace.cli.Surroundings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells how a run with groups goes and what it came to. The main thread's.
 *
 * <p>Each event is told on the error stream as it begins, also where nobody looks: a script that
 * does something to the cluster meanwhile goes by it.
 */
final class GroupReport {
  private final Surroundings surroundings;
  private final Deliveries deliveries;
  private final long startNanos;
  private final List<EventOutcome> outcomes = new ArrayList<>();
  private long assembledNanos = -1;
  private boolean unsettled;

  GroupReport(Surroundings surroundings, Deliveries deliveries) {
    this.surroundings = surroundings;
    this.deliveries = deliveries;
    this.startNanos = surroundings.clock().nanoTime();
  }

  void assembled(int members, long settledNanos) {
    assembledNanos = settledNanos;
    unsettled |= settledNanos < 0;
    say(
        settledNanos < 0
            ? members + " members have not come to share the partitions"
            : members + " members read all partitions after " + Latencies.duration(settledNanos));
  }

  /**
   * @param coordinator the broker, where a script wants to know; negative: it does not
   */
  void begins(GroupEvent event, int coordinator) {
    say(event.label() + (coordinator < 0 ? "" : " coordinator=" + coordinator));
  }

  private void say(String what) {
    double seconds = (surroundings.clock().nanoTime() - startNanos) / 1e9;
    surroundings.error().println(String.format(Locale.ROOT, "%.1f s: %s", seconds, what));
  }

  void ended(EventOutcome outcome) {
    outcomes.add(outcome);
    unsettled |= !outcome.isSettled();
  }

  boolean isGood() {
    return !unsettled && deliveries.missed() == 0;
  }

  // ---- The result ------------------------------------------------------------------------------

  /** Of one group. */
  void print(
      long failedCommits,
      @Nullable String firstError,
      @Nullable CommitRate commits,
      Consumer<JsonText> conditions)
      throws IOException {
    JsonText json = begin(isGood() && firstError == null ? 0 : 1);
    if (firstError == null) {
      json.name("first_error").nullValue();
    } else {
      json.field("first_error", firstError);
    }
    json.field("repeated", deliveries.repeated()).field("missed", deliveries.missed());
    json.field("failed_commits", failedCommits).field("assembled_ms", assembledNanos / 1e6);
    json.name("by_event").beginObject();
    for (Map.Entry<GroupEvent, List<EventOutcome>> each : byEvent().entrySet()) {
      json.name(each.getKey().label()).beginObject().field("events", each.getValue().size());
      for (Column column : COLUMNS) {
        worst(each.getValue(), column).json(column.name() + "_ms", json);
      }
      json.end();
    }
    json.end().name("events").beginArray();
    outcomes.forEach(each -> each.json(json));
    json.end();
    if (commits != null) {
      commits.json(json);
    }
    end(json, conditions, table() + (commits == null ? "" : commits.text()));
  }

  /** Of many groups. */
  void print(int groups, ManyGroups many, Consumer<JsonText> conditions) throws IOException {
    JsonText json = begin(0).field("groups", groups);
    many.json(json);
    end(json, conditions, many.text());
  }

  private JsonText begin(long errors) {
    return BenchReport.beginReading(
        "group",
        deliveries.records(),
        deliveries.bytes(),
        surroundings.clock().nanoTime() - startNanos,
        errors);
  }

  private void end(JsonText json, Consumer<JsonText> conditions, String forPeople)
      throws IOException {
    conditions.accept(json);
    if (surroundings.terminals().error()) {
      surroundings.error().print(forPeople);
      surroundings.error().flush();
    }
    surroundings.output().println(json.end().toString());
    surroundings.output().flush();
  }

  // ---- Over all events of a kind ---------------------------------------------------------------

  /** What is compared: of each event the worst one there was. */
  private record Column(String name, String heading, Function<EventOutcome, Spread> of) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("untouched", "stayed", EventOutcome::untouched),
          new Column("led_elsewhere", "leader moved", EventOutcome::ledElsewhere),
          new Column("moved", "moved", EventOutcome::moved),
          new Column("members", "members", EventOutcome::ofMembers),
          new Column("commits", "commits", EventOutcome::ofCommits));

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
