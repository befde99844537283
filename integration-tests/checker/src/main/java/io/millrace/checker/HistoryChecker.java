package io.millrace.checker;

import io.millrace.checker.Anomaly.Kind;
import io.millrace.checker.history.History;
import io.millrace.checker.history.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Applies every rule to a history. */
public final class HistoryChecker {
  private HistoryChecker() {}

  /**
   * What contradicts the expectations; empty: nothing does.
   *
   * @throws io.millrace.checker.history.BadHistoryException two calls send the same value
   */
  public static List<Anomaly> errors(History history, Expectations expectations) {
    Set<Kind> permitted = expectations.permitted();
    return all(history, expectations).stream()
        .filter(anomaly -> !permitted.contains(anomaly.kind()))
        .toList();
  }

  /** Also what is allowed, for a person who wants to look. */
  public static List<Anomaly> all(History history, Expectations expectations) {
    Knowledge knowledge = new Knowledge(history);
    List<Anomaly> found = new ArrayList<>();
    new WriteRules(knowledge, found::add).apply();
    new ReadRules(knowledge, expectations, found::add).apply();
    new CycleRules(knowledge, found::add).apply();
    ends(history, expectations.deadlineNanos(), found::add);
    return found;
  }

  private static void ends(History history, long deadlineNanos, Consumer<Anomaly> found) {
    for (Operation operation : history.operations()) {
      if (!operation.ended()) {
        if (!history.crashed().contains(operation.process())) {
          found.accept(new Anomaly(Kind.NEVER_ENDED, "", "has no end", List.of(operation)));
        }
        continue;
      }
      long took = operation.endNanos() - operation.startNanos();
      if (deadlineNanos > 0 && took > deadlineNanos + deadlineNanos / 10) {
        found.accept(new Anomaly(Kind.LATE, "", "took " + took + " ns", List.of(operation)));
      }
    }
  }
}
