package io.millrace.checker.history;

import java.util.List;

/**
 * One line of a history.
 *
 * @param timeNanos of one clock for all processes
 * @param process what made the call, one call at a time; after a crash it has another number
 */
public record Event(long timeNanos, int process, Phase phase, Call call, List<Step> steps) {
  public Event {
    steps = List.copyOf(steps);
  }

  /** Where in its life the call is. */
  public enum Phase {
    INVOKE,
    OK,
    /** It is known for certain that nothing was written. */
    FAIL,
    /** Time-outs, disconnections, everything else: it may have happened, or may still. */
    INFO
  }

  /** What was called. */
  public enum Call {
    SEND,
    POLL,
    TXN,
    ASSIGN,
    SUBSCRIBE,
    COMMIT,
    JOIN,
    LEAVE,
    CRASH,
    ADMIN
  }
}
