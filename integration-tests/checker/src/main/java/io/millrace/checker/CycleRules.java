package io.millrace.checker;

import io.millrace.checker.Anomaly.Kind;
import io.millrace.checker.history.Operation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Circles of calls that follow each other: an edge from the writer of a value to the writer of the
 * next one in its log (ww), and from a writer to each reader (wr).
 *
 * <p>A log orders writes of unrelated keys freely, so a circle with ww edges is allowed; one of wr
 * edges alone means that transactions read each other's unfinished work.
 */
final class CycleRules {
  private final Knowledge knowledge;
  private final Consumer<Anomaly> found;
  private final List<List<Integer>> follows = new ArrayList<>();
  private final List<BitSet> byReading = new ArrayList<>();

  CycleRules(Knowledge knowledge, Consumer<Anomaly> found) {
    this.knowledge = knowledge;
    this.found = found;
  }

  void apply() {
    report(true);
    report(false);
  }

  private void report(boolean onlyReading) {
    follows.clear();
    byReading.clear();
    knowledge
        .history()
        .operations()
        .forEach(
            o -> {
              follows.add(new ArrayList<>());
              byReading.add(new BitSet());
            });
    readEdges();
    if (!onlyReading) {
      writeEdges();
    }
    for (List<Integer> circle : circles()) {
      List<Operation> operations =
          circle.stream().sorted().map(knowledge.history().operations()::get).toList();
      boolean reading = hasReadEdge(circle);
      if (onlyReading || !withinReading(circle)) {
        Kind kind = onlyReading ? Kind.CYCLE_WR : reading ? Kind.CYCLE_WW_WR : Kind.CYCLE_WW;
        found.accept(new Anomaly(kind, "", circle.size() + " calls follow each other", operations));
      }
    }
  }

  private void readEdges() {
    knowledge
        .written()
        .forEach(
            (value, written) ->
                knowledge.readersOf(value).forEach(reader -> edge(written.by(), reader, true)));
  }

  private void writeEdges() {
    for (VersionLog log : knowledge.logs().values()) {
      Operation before = null;
      for (String value : log.order()) {
        Operation writer = knowledge.writer(value);
        if (before != null && writer != null) {
          edge(before, writer, false);
        }
        before = writer == null ? before : writer;
      }
    }
  }

  private void edge(Operation from, Operation to, boolean reading) {
    if (from.number() != to.number()) {
      follows.get(from.number()).add(to.number());
      if (reading) {
        byReading.get(from.number()).set(to.number());
      }
    }
  }

  private boolean hasReadEdge(List<Integer> circle) {
    return circle.stream()
        .anyMatch(from -> circle.stream().anyMatch(to -> byReading.get(from).get(to)));
  }

  /** Whether the circle would also close without its ww edges, and so was told of before. */
  private boolean withinReading(List<Integer> circle) {
    return circle.stream()
        .allMatch(
            from ->
                follows.get(from).stream()
                    .filter(circle::contains)
                    .allMatch(to -> byReading.get(from).get(to)));
  }

  /** Strongly connected components of more than one call (Tarjan's, without recursion). */
  private List<List<Integer>> circles() {
    int count = follows.size();
    int[] order = new int[count];
    int[] low = new int[count];
    int[] next = new int[count];
    BitSet onPath = new BitSet();
    Deque<Integer> path = new ArrayDeque<>();
    Deque<Integer> calls = new ArrayDeque<>();
    List<List<Integer>> circles = new ArrayList<>();
    int clock = 0;
    for (int root = 0; root < count; root++) {
      if (order[root] != 0) {
        continue;
      }
      calls.push(root);
      while (!calls.isEmpty()) {
        int node = calls.peek();
        if (order[node] == 0) {
          order[node] = low[node] = ++clock;
          path.push(node);
          onPath.set(node);
        }
        if (next[node] < follows.get(node).size()) {
          int to = follows.get(node).get(next[node]++);
          if (order[to] == 0) {
            calls.push(to);
          } else if (onPath.get(to)) {
            low[node] = Math.min(low[node], order[to]);
          }
          continue;
        }
        calls.pop();
        if (!calls.isEmpty()) {
          low[calls.peek()] = Math.min(low[calls.peek()], low[node]);
        }
        if (low[node] == order[node]) {
          List<Integer> circle = new ArrayList<>();
          int member;
          do {
            member = path.pop();
            onPath.clear(member);
            circle.add(member);
          } while (member != node);
          if (circle.size() > 1) {
            circles.add(circle);
          }
        }
      }
    }
    return circles;
  }
}
