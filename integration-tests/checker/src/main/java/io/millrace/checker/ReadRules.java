package io.millrace.checker;

import io.millrace.checker.Anomaly.Kind;
import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Whether what each process read, and was told, goes on from what it knew. */
final class ReadRules {
  private final Knowledge knowledge;
  private final Expectations expectations;
  private final Consumer<Anomaly> found;

  private final Map<Integer, Reader> readers = new HashMap<>();
  private final Map<String, Step.Commit> commits = new HashMap<>();

  /** What one process remembers, by key. */
  private static final class Reader {
    final Map<String, Step.Read> last = new HashMap<>();
    final Map<String, Step.Seen> seen = new HashMap<>();
  }

  ReadRules(Knowledge knowledge, Expectations expectations, Consumer<Anomaly> found) {
    this.knowledge = knowledge;
    this.expectations = expectations;
    this.found = found;
  }

  void apply() {
    for (Operation operation : knowledge.history().operations()) {
      Reader reader = readers.computeIfAbsent(operation.process(), p -> new Reader());
      Set<String> moved = moved(operation, reader);
      polls(operation, reader, moved);
      told(operation, reader);
      if (operation.ok()) {
        commits(operation);
      }
    }
  }

  private static Set<String> moved(Operation operation, Reader reader) {
    Set<String> moved = new HashSet<>();
    for (Step step : operation.steps()) {
      if (step instanceof Step.Moved) {
        moved.add(step.key());
      }
    }
    if (operation.call() == Call.SUBSCRIBE) {
      reader.last.clear();
    }
    reader.last.keySet().removeAll(moved);
    return moved;
  }

  private void polls(Operation operation, Reader reader, Set<String> moved) {
    if (!operation.ok()) {
      // What it was given before it failed is not where it goes on from.
      operation.reads().forEach(read -> reader.last.remove(read.key()));
      return;
    }
    Map<String, Step.Read> inside = new HashMap<>();
    operation
        .reads()
        .filter(read -> !moved.contains(read.key()))
        .forEach(
            read -> {
              Step.Read before = inside.put(read.key(), read);
              if (before != null) {
                compare(before, read, operation, Kind.INT_POLL_SKIP, Kind.INT_NONMONOTONIC_POLL);
              } else if (reader.last.containsKey(read.key())) {
                compare(
                    reader.last.get(read.key()),
                    read,
                    operation,
                    Kind.POLL_SKIP,
                    Kind.NONMONOTONIC_POLL);
              }
            });
    reader.last.putAll(inside);
  }

  private void compare(
      Step.Read before, Step.Read now, Operation operation, Kind skip, Kind nonmonotonic) {
    VersionLog log = knowledge.logOf(now.key());
    int delta = log.index(now.offset()) - log.index(before.offset());
    if (delta != 1) {
      add(
          delta > 1 ? skip : nonmonotonic,
          now.key(),
          "read offset " + now.offset() + " after offset " + before.offset(),
          operation);
    }
  }

  private void told(Operation operation, Reader reader) {
    Map<String, Long> bounds = new HashMap<>();
    for (Step step : operation.steps()) {
      if (step instanceof Step.Seen now) {
        Step.Seen before = reader.seen.put(now.key(), now);
        if (before != null) {
          compare(before, now, operation);
        }
        bounds.merge(
            now.key(), expectations.readCommitted() ? now.stable() : now.watermark(), Math::max);
      }
    }
    operation
        .reads()
        .forEach(
            read -> {
              long bound = bounds.getOrDefault(read.key(), Step.UNKNOWN);
              if (bound != Step.UNKNOWN && read.offset() >= bound) {
                add(
                    Kind.SERVED_BEYOND_WATERMARK,
                    read.key(),
                    "offset " + read.offset() + " was served below " + bound,
                    operation);
              }
            });
  }

  private void compare(Step.Seen before, Step.Seen now, Operation operation) {
    if (now.epoch() != Step.UNKNOWN && now.epoch() < before.epoch()) {
      add(
          Kind.EPOCH_BACK,
          now.key(),
          "told epoch " + now.epoch() + " after " + before.epoch(),
          operation);
    } else if (back(before.watermark(), now.watermark()) || back(before.stable(), now.stable())) {
      add(
          Kind.WATERMARK_BACK,
          now.key(),
          "told "
              + now.watermark()
              + " and "
              + now.stable()
              + " after "
              + before.watermark()
              + " and "
              + before.stable(),
          operation);
    }
  }

  private static boolean back(long before, long now) {
    return now != Step.UNKNOWN && now < before;
  }

  private void commits(Operation operation) {
    for (Step step : operation.steps()) {
      if (step instanceof Step.Commit now) {
        Step.Commit before = commits.put(now.group() + ":" + now.key(), now);
        if (before != null && now.offset() < before.offset()) {
          add(
              Kind.COMMIT_BACK,
              now.key(),
              "group " + now.group() + " committed " + now.offset() + " after " + before.offset(),
              operation);
        }
      }
    }
  }

  private void add(Kind kind, String key, String what, Operation operation) {
    found.accept(new Anomaly(kind, key, what, List.of(operation)));
  }
}
