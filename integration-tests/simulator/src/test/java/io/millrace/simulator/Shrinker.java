package io.millrace.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a schedule that fails down to one from which nothing can be taken without it passing (delta
 * debugging): first in large pieces, then in smaller ones, then act by act.
 */
final class Shrinker {
  private final Predicate<List<Act>> fails;
  private final int maxRuns;
  private int runs;

  /**
   * @param fails whether a schedule still shows what the whole one did
   * @param maxRuns after so many the smallest one so far must do
   */
  Shrinker(Predicate<List<Act>> fails, int maxRuns) {
    this.fails = fails;
    this.maxRuns = maxRuns;
  }

  /** The violation of a seed's run, in the fewest acts; the same rule must be broken. */
  static List<Act> shrink(Options options, List<Act> schedule, Violation.Rule rule, int maxRuns) {
    Shrinker shrinker =
        new Shrinker(
            acts ->
                Run.of(options, acts)
                    .violation()
                    .filter(violation -> violation.rule() == rule)
                    .isPresent(),
            maxRuns);
    return shrinker.shrink(schedule);
  }

  List<Act> shrink(List<Act> schedule) {
    List<Act> smallest = schedule;
    int pieces = 2;
    while (smallest.size() >= 2 && runs < maxRuns) {
      List<Act> smaller = withoutOnePiece(smallest, pieces);
      if (smaller != null) {
        smallest = smaller;
        pieces = Math.max(2, pieces - 1);
      } else if (pieces >= smallest.size()) {
        break;
      } else {
        pieces = Math.min(smallest.size(), pieces * 2);
      }
    }
    return smallest;
  }

  int runs() {
    return runs;
  }

  private @Nullable List<Act> withoutOnePiece(List<Act> acts, int pieces) {
    for (int piece = 0; piece < pieces && runs < maxRuns; piece++) {
      int from = (int) ((long) acts.size() * piece / pieces);
      int to = (int) ((long) acts.size() * (piece + 1) / pieces);
      List<Act> rest = new ArrayList<>(acts.subList(0, from));
      rest.addAll(acts.subList(to, acts.size()));
      runs++;
      if (to > from && fails.test(rest)) {
        return rest;
      }
    }
    return null;
  }
}
