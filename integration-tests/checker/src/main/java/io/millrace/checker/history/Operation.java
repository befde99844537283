package io.millrace.checker.history;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import java.util.List;
import java.util.stream.Stream;

/**
 * A call from its beginning to its end.
 *
 * @param number its place in the history, by beginning
 * @param outcome never INVOKE; INFO also when the call never ended
 * @param endNanos {@link Long#MAX_VALUE} when it never ended
 * @param steps as known at the end; at the beginning, when it never ended
 */
public record Operation(
    int number,
    int process,
    Call call,
    Phase outcome,
    long startNanos,
    long endNanos,
    List<Step> steps) {

  public boolean ok() {
    return outcome == Phase.OK;
  }

  public boolean ended() {
    return endNanos != Long.MAX_VALUE;
  }

  public Stream<Step.Send> sends() {
    return steps.stream().filter(Step.Send.class::isInstance).map(Step.Send.class::cast);
  }

  public Stream<Step.Read> reads() {
    return steps.stream().filter(Step.Read.class::isInstance).map(Step.Read.class::cast);
  }

  @Override
  public String toString() {
    return "#" + number + " (" + call + " of process " + process + ", " + outcome + ")";
  }

  static Operation begun(int number, Event event) {
    return new Operation(
        number,
        event.process(),
        event.call(),
        Phase.INFO,
        event.timeNanos(),
        Long.MAX_VALUE,
        event.steps());
  }

  Operation ended(Event event) {
    // An end that names nothing, as a time-out, leaves standing what was begun.
    List<Step> known = event.steps().isEmpty() ? steps : event.steps();
    return new Operation(
        number, process, call, event.phase(), startNanos, event.timeNanos(), known);
  }
}
