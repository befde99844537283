package io.millrace.checker;

import io.millrace.checker.history.BadHistoryException;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.History;
import io.millrace.checker.history.Operation;
import io.millrace.checker.history.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a history tells, put in order once for all rules. */
final class Knowledge {
  private final History history;
  private final Map<String, Written> written = new HashMap<>();
  private final Map<String, List<Operation>> readers = new HashMap<>();
  private final Map<String, VersionLog> logs = new TreeMap<>();

  /** Who sent a value, and where to. */
  record Written(Operation by, Step.Send send) {}

  Knowledge(History history) {
    this.history = history;
    for (Operation operation : history.operations()) {
      operation.sends().forEach(send -> wrote(operation, send));
      operation.reads().forEach(read -> readers(read.value()).add(operation));
    }
    for (Operation operation : history.operations()) {
      // Readers must never be given what is not safe, whatever became of their own call.
      operation.reads().forEach(read -> log(read.key()).add(read.offset(), read.value()));
      if (mustHaveCommitted(operation)) {
        operation
            .sends()
            .filter(send -> send.offset() != Step.UNKNOWN)
            .forEach(send -> log(send.key()).add(send.offset(), send.value()));
      }
    }
    logs.values().forEach(VersionLog::close);
  }

  private void wrote(Operation operation, Step.Send send) {
    Written before = written.put(send.value(), new Written(operation, send));
    if (before != null) {
      throw new BadHistoryException(
          "value " + send.value() + " is sent by " + before.by() + " and again by " + operation);
    }
  }

  private List<Operation> readers(String value) {
    return readers.computeIfAbsent(value, v -> new ArrayList<>());
  }

  private VersionLog log(String key) {
    return logs.computeIfAbsent(key, k -> new VersionLog());
  }

  History history() {
    return history;
  }

  Map<String, VersionLog> logs() {
    return logs;
  }

  VersionLog logOf(String key) {
    return log(key);
  }

  Map<String, Written> written() {
    return written;
  }

  @Nullable Operation writer(String value) {
    Written w = written.get(value);
    return w == null ? null : w.by();
  }

  List<Operation> readersOf(String value) {
    return readers.getOrDefault(value, List.of());
  }

  boolean readOk(String value) {
    return readersOf(value).stream().anyMatch(Operation::ok);
  }

  /** It says so, or a trace of it was seen; then all of it must have. */
  boolean mustHaveCommitted(Operation operation) {
    return operation.ok()
        || (operation.outcome() == Phase.INFO
            && operation.sends().anyMatch(send -> readOk(send.value())));
  }
}
