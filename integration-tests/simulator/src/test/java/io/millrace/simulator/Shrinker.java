package io.millrace.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a schedule that fails down to one from which nothing can be taken without it passing (delta
 * debugging): first in large pieces, then in smaller ones, then act by act.
 */
final class Shrinker<T> {
  private final Predicate<List<T>> fails;
  private final int maxRuns;
  private int runs;

  /**
   * @param fails whether a schedule still shows what the whole one did
   * @param maxRuns after so many the smallest one so far must do
   */
  Shrinker(Predicate<List<T>> fails, int maxRuns) {
    this.fails = fails;
    this.maxRuns = maxRuns;
  }

  /** An act, and the round it belongs to. */
  private record Placed(int round, Act act) {}

  /**
   * The violation of a run, in the fewest rounds and acts; the same rule must be broken.
   *
   * @param rounds those that were begun
   */
  static List<Round> shrink(List<Round> rounds, Violation.Rule rule, int maxRuns) {
    Predicate<List<Round>> fails =
        fewer ->
            Run.of(fewer).violation().filter(violation -> violation.rule() == rule).isPresent();
    // Most failures need nothing of what was before their own round.
    List<Round> last = rounds.subList(rounds.size() - 1, rounds.size());
    List<Round> whole = rounds.size() > 1 && fails.test(last) ? last : rounds;
    List<Placed> acts = new ArrayList<>();
    for (int i = 0; i < whole.size(); i++) {
      for (Act act : whole.get(i).acts()) {
        acts.add(new Placed(i, act));
      }
    }
    Shrinker<Placed> shrinker =
        new Shrinker<>(fewer -> fails.test(withActs(whole, fewer)), maxRuns);
    return withActs(whole, shrinker.shrink(acts));
  }

  /** Rounds of which nothing is left are left out, but for the last. */
  private static List<Round> withActs(List<Round> rounds, List<Placed> acts) {
    List<Round> fewer = new ArrayList<>();
    for (int i = 0; i < rounds.size(); i++) {
      int number = i;
      List<Act> its =
          acts.stream().filter(each -> each.round() == number).map(Placed::act).toList();
      if (!its.isEmpty() || (fewer.isEmpty() && i == rounds.size() - 1)) {
        fewer.add(new Round(rounds.get(i).options(), its));
      }
    }
    return fewer;
  }

  List<T> shrink(List<T> schedule) {
    List<T> smallest = schedule;
    int pieces = 2;
    while (smallest.size() >= 2 && runs < maxRuns) {
      List<T> smaller = withoutOnePiece(smallest, pieces);
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

  private @Nullable List<T> withoutOnePiece(List<T> acts, int pieces) {
    for (int piece = 0; piece < pieces && runs < maxRuns; piece++) {
      int from = (int) ((long) acts.size() * piece / pieces);
      int to = (int) ((long) acts.size() * (piece + 1) / pieces);
      List<T> rest = new ArrayList<>(acts.subList(0, from));
      rest.addAll(acts.subList(to, acts.size()));
      runs++;
      if (to > from && fails.test(rest)) {
        return rest;
      }
    }
    return null;
  }
}
