package io.millrace.checker.history;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything that happened.
 *
 * @param operations by their beginnings
 * @param crashed processes whose last call may never have ended
 */
public record History(List<Operation> operations, Set<Integer> crashed) {
  public History {
    operations = List.copyOf(operations);
    crashed = Set.copyOf(crashed);
  }

  /**
   * Pairs beginnings with ends.
   *
   * @throws BadHistoryException an end without a beginning, two calls of one process at a time, a
   *     process that lives on after its crash
   */
  public static History of(List<Event> events) {
    List<Operation> operations = new ArrayList<>();
    Map<Integer, Integer> open = new HashMap<>();
    Set<Integer> crashed = new HashSet<>();
    for (Event event : events) {
      int process = event.process();
      if (crashed.contains(process)) {
        throw new BadHistoryException("process " + process + " goes on after it crashed");
      }
      if (event.call() == Call.CRASH) {
        crashed.add(process);
        open.remove(process);
      } else if (event.phase() == Phase.INVOKE) {
        if (open.put(process, operations.size()) != null) {
          throw new BadHistoryException("process " + process + " makes two calls at a time");
        }
        operations.add(Operation.begun(operations.size(), event));
      } else {
        Integer begun = open.remove(process);
        if (begun == null || operations.get(begun).call() != event.call()) {
          throw new BadHistoryException(
              "process " + process + " ends a " + event.call() + " that it did not begin");
        }
        operations.set(begun, operations.get(begun).ended(event));
      }
    }
    return new History(operations, crashed);
  }
}
