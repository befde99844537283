package io.millrace.simulator.explore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Breadth first through all states of a scope, until one breaks a law or there are no more. */
public final class Search {
  private final byte[] first;
  private final List<Integer> beginning;
  private final int maxStates;
  private final boolean isTelling;

  private final Codec codec = new Codec();
  private final SeenStates seen = new SeenStates();
  private final Moves moves;

  /** Null where only safety is looked at. */
  private final @Nullable Healing healing;

  // Of each state in the order found: where it came from, and how.
  private int[] parents = new int[1 << 16];
  private short[] steps = new short[1 << 16];

  private List<byte[]> frontier = new ArrayList<>();
  private int frontierBegin;
  private List<byte[]> found = new ArrayList<>();
  private int maxDepth = Integer.MAX_VALUE;
  private Consumer<Cluster> onlooker = state -> {};
  private @Nullable String violation;
  private int violator;

  /**
   * @param beginning steps to where the search begins
   * @param maxStates the search ends there, incomplete
   * @param isTelling the trace shows the state after each step
   */
  public Search(Scope scope, List<Step> beginning, int maxStates, boolean isTelling) {
    this(scope, beginning, maxStates, isTelling, new Moves(scope, true));
  }

  /** With every difference between states that there is. */
  static Search ofAllDifferences(Scope scope, int maxStates) {
    return new Search(scope, List.of(), maxStates, false, new Moves(scope, false));
  }

  private Search(Scope scope, List<Step> beginning, int maxStates, boolean isTelling, Moves moves) {
    this.beginning = beginning.stream().map(Step::number).toList();
    this.maxStates = maxStates;
    this.isTelling = isTelling;
    this.moves = moves;
    this.healing = scope.isRecovering() ? new Healing(scope) : null;
    Cluster begun = Cluster.first(scope);
    moves.forget(begun);
    this.first = codec.encode(begun);
  }

  /** No further than so many steps. */
  Search within(int depth) {
    maxDepth = depth;
    return this;
  }

  /** Each state that is found is shown, once. */
  Search showing(Consumer<Cluster> onlooker) {
    this.onlooker = onlooker;
    return this;
  }

  public Finding run() {
    long begin = System.nanoTime();
    int depth = 0;
    Cluster begun = codec.decode(first);
    for (int step : beginning) {
      begun = after(begun, step);
    }
    visit(-1, 0, begun);
    advance();
    while (violation == null
        && !frontier.isEmpty()
        && seen.size() < maxStates
        && depth < maxDepth) {
      for (int k = 0; k < frontier.size() && violation == null && seen.size() < maxStates; k++) {
        int parent = frontierBegin + k;
        if (frontier.get(k).length == 0) {
          continue;
        }
        moves.from(codec.decode(frontier.get(k)), (step, next) -> visit(parent, step, next));
      }
      if (violation == null && seen.size() < maxStates) {
        depth++;
      }
      advance();
    }
    return new Finding(
        seen.size(),
        depth,
        violation == null && frontier.isEmpty() && seen.size() < maxStates,
        System.nanoTime() - begin,
        Optional.ofNullable(violation),
        violation == null ? List.of() : trace());
  }

  private void advance() {
    frontierBegin += frontier.size();
    frontier = found;
    found = new ArrayList<>();
  }

  private void visit(int parent, int step, Cluster state) {
    if (violation != null || !seen.add(codec.fingerprint(state))) {
      return;
    }
    onlooker.accept(state);
    int number = seen.size() - 1;
    if (number == parents.length) {
      parents = Arrays.copyOf(parents, number * 2);
      steps = Arrays.copyOf(steps, number * 2);
    }
    parents[number] = parent;
    steps[number] = (short) step;
    String what = state.violation;
    if (what == null && healing != null && !state.hasToldALoss) {
      what = healing.missing(state);
    }
    if (what != null) {
      violation = what;
      violator = number;
    }
    // Where a loss was told there is nothing left to look for; its place is kept nevertheless.
    found.add(state.hasToldALoss ? new byte[0] : codec.encode(state));
  }

  private List<String> trace() {
    List<Integer> way = new ArrayList<>();
    for (int at = violator; parents[at] >= 0; at = parents[at]) {
      way.add((int) steps[at]);
    }
    Collections.reverse(way);
    way.addAll(0, beginning);
    List<String> lines = new ArrayList<>();
    Cluster now = codec.decode(first);
    for (int step : way) {
      now = after(now, step);
      lines.add(Step.of(step) + (isTelling ? "\n" + now : ""));
    }
    return lines;
  }

  private Cluster after(Cluster now, int step) {
    List<Cluster> results = new ArrayList<>();
    moves.from(
        now,
        (number, next) -> {
          if (number == step) {
            results.add(next);
          }
        });
    if (results.isEmpty()) {
      throw new IllegalArgumentException(Step.of(step) + " cannot happen in\n" + now);
    }
    return results.get(0);
  }
}
