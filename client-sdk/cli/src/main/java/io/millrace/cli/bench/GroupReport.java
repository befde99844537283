package io.millrace.cli.bench;

import io.millrace.cli.JsonText;
import io.millrace.cli.Surroundings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
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
    EventSummary summary = new EventSummary(outcomes);
    summary.json("by_event", json);
    json.name("events").beginArray();
    outcomes.forEach(each -> each.json(json));
    json.end();
    if (commits != null) {
      commits.json(json);
    }
    end(json, conditions, summary.table() + (commits == null ? "" : commits.text()));
  }

  /** Of many groups. */
  void print(int groups, ManyGroups many, Consumer<JsonText> conditions) throws IOException {
    JsonText json = begin(many.hasFormed() ? 0 : 1).field("groups", groups);
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
}
