package io.millrace.simulator;

import io.millrace.checker.history.Event;
import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.History;
import io.millrace.checker.history.Step;
import io.millrace.rpc.SimulatedScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The history of a run, as the clients in it saw it. Owner: the world's thread. */
final class Journal {
  private final SimulatedScheduler scheduler;
  private final List<Event> events = new ArrayList<>();
  private int processes;

  Journal(SimulatedScheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** Never given twice. */
  int newProcess() {
    return processes++;
  }

  void note(int process, Phase phase, Call call, List<Step> steps) {
    events.add(new Event(scheduler.nanoTime(), process, phase, call, steps));
  }

  /** The call that this process has just begun, and nobody anything since, is not told of. */
  void takeBack(int process) {
    Event last = events.get(events.size() - 1);
    if (last.process() != process || last.phase() != Phase.INVOKE) {
      throw new IllegalStateException("the last event is " + last);
    }
    events.remove(events.size() - 1);
  }

  /** Whether the last event is the beginning of that process' call. */
  boolean hasJustBegun(int process) {
    Event last = events.isEmpty() ? null : events.get(events.size() - 1);
    return last != null && last.process() == process && last.phase() == Phase.INVOKE;
  }

  History history() {
    return History.of(events);
  }

  List<Event> events() {
    return events;
  }

  /** What comes from here on is another history. Nobody may be within a call. */
  void forget() {
    events.clear();
  }

  /** Calls that have begun and not ended. */
  List<Event> open() {
    Map<Integer, Event> open = new TreeMap<>();
    for (Event event : events) {
      if (event.phase() == Phase.INVOKE) {
        open.put(event.process(), event);
      } else {
        open.remove(event.process());
      }
    }
    return List.copyOf(open.values());
  }
}
