package io.millrace.simulator.explore;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a search has found.
 *
 * @param states different ones, up to the brokers' names
 * @param depth steps from the first state; all states so near were seen
 * @param isComplete there are no others within the scope
 * @param violation empty when there is none
 * @param trace the shortest way to the violation
 */
public record Finding(
    int states,
    int depth,
    boolean isComplete,
    long nanos,
    Optional<String> violation,
    List<String> trace) {
  public Finding {
    trace = List.copyOf(trace);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    violation.ifPresent(
        what -> {
          text.append(what).append(", after ").append(trace.size()).append(" steps:\n");
          for (int i = 0; i < trace.size(); i++) {
            text.append(String.format(Locale.ROOT, "%3d  %s%n", i + 1, trace.get(i)));
          }
        });
    return text.append(states)
        .append(" states, ")
        .append(isComplete ? "complete" : "all to depth " + depth)
        .append(violation.isPresent() ? "" : ", no violation")
        .append(String.format(Locale.ROOT, ", %.1f s", nanos / 1e9))
        .toString();
  }
}
