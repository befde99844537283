package io.millrace.checker;

import io.millrace.checker.Anomaly.Kind;
import io.millrace.checker.Knowledge.Written;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What became of each value that was sent. */
final class WriteRules {
  private final Knowledge knowledge;
  private final Consumer<Anomaly> found;

  WriteRules(Knowledge knowledge, Consumer<Anomaly> found) {
    this.knowledge = knowledge;
    this.found = found;
  }

  void apply() {
    knowledge.logs().forEach(this::contradictions);
    Map<String, Integer> bounds = bounds();
    knowledge.written().values().forEach(written -> fate(written, bounds));
    readers();
    order();
  }

  private void contradictions(String key, VersionLog log) {
    log.values()
        .forEach(
            (offset, values) -> {
              if (values.size() > 1) {
                add(Kind.INCONSISTENT_OFFSETS, key, "offset " + offset + " holds " + values);
              }
            });
    log.offsets()
        .forEach(
            (value, offsets) -> {
              if (offsets.size() > 1) {
                add(Kind.DUPLICATE, key, value + " stands at " + offsets);
              }
            });
  }

  /**
   * For each key how far readers have come: the highest of the first places of all that was read.
   * The first, so that a value which stands twice does not pretend that all between was passed.
   */
  private Map<String, Integer> bounds() {
    Map<String, Integer> bounds = new HashMap<>();
    for (Operation operation : knowledge.history().operations()) {
      if (operation.ok()) {
        operation
            .reads()
            .forEach(
                read ->
                    bounds.merge(
                        read.key(),
                        knowledge.logOf(read.key()).firstIndex(read.value()),
                        Math::max));
      }
    }
    return bounds;
  }

  private void fate(Written written, Map<String, Integer> bounds) {
    Step.Send send = written.send();
    if (written.by().outcome() == Phase.FAIL) {
      if (!knowledge.readersOf(send.value()).isEmpty()) {
        add(
            Kind.ABORTED_READ,
            send.key(),
            send.value() + " was read, and its send had failed for certain",
            written.by(),
            knowledge.readersOf(send.value()).get(0));
      }
      return;
    }
    if (!knowledge.mustHaveCommitted(written.by()) || knowledge.readOk(send.value())) {
      return;
    }
    VersionLog log = knowledge.logOf(send.key());
    int bound = bounds.getOrDefault(send.key(), -1);
    if (log.knows(send.value()) && log.lastIndex(send.value()) <= bound) {
      add(
          Kind.LOST_WRITE,
          send.key(),
          send.value() + " was passed by readers and read by none",
          written.by());
    } else if (knowledge.readersOf(send.value()).isEmpty()) {
      add(Kind.UNSEEN, send.key(), send.value() + " was never read", written.by());
    }
  }

  private void readers() {
    for (Operation operation : knowledge.history().operations()) {
      operation.reads().forEach(read -> source(operation, read));
    }
  }

  private void source(Operation reader, Step.Read read) {
    Written written = knowledge.written().get(read.value());
    if (written == null) {
      add(Kind.PHANTOM, read.key(), read.value() + " was never sent", reader);
    } else if (!written.send().key().equals(read.key())) {
      add(
          Kind.PHANTOM,
          read.key(),
          read.value() + " was sent to " + written.send().key(),
          written.by(),
          reader);
    } else if (written.by().number() == reader.number()) {
      add(Kind.PRECOMMITTED_READ, read.key(), read.value() + " is the reader's own", reader);
    }
  }

  /** Sends of one process, in the order of the calls and within each call. */
  private void order() {
    Map<Integer, Map<String, Placed>> latest = new HashMap<>();
    for (Operation operation : knowledge.history().operations()) {
      Map<String, Placed> mine = latest.computeIfAbsent(operation.process(), p -> new HashMap<>());
      List<Step.Send> sends = new ArrayList<>();
      operation
          .sends()
          .filter(send -> knowledge.logOf(send.key()).knows(send.value()))
          .forEach(sends::add);
      for (Step.Send send : sends) {
        int index = knowledge.logOf(send.key()).firstIndex(send.value());
        Placed before = mine.get(send.key());
        if (before != null) {
          compare(before, new Placed(operation, send.value(), index), send.key());
        }
        if (before == null || index > before.index) {
          mine.put(send.key(), new Placed(operation, send.value(), index));
        }
      }
    }
  }

  /** Where a value that a process sent has landed. */
  private record Placed(Operation by, String value, int index) {}

  private void compare(Placed before, Placed now, String key) {
    boolean inside = before.by.number() == now.by.number();
    if (now.index < before.index) {
      add(
          inside ? Kind.INT_NONMONOTONIC_SEND : Kind.NONMONOTONIC_SEND,
          key,
          now.value + " was sent after " + before.value + " and stands before it",
          before.by,
          now.by);
    } else if (inside && now.index > before.index + 1) {
      add(
          Kind.INT_SEND_SKIP,
          key,
          "something stands between " + before.value + " and " + now.value,
          now.by);
    }
  }

  private void add(Kind kind, String key, String what, Operation... operations) {
    found.accept(new Anomaly(kind, key, what, List.of(operations)));
  }
}
