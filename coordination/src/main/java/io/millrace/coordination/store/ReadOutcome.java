package io.millrace.coordination.store;

/** What a read found. */
public sealed interface ReadOutcome<T> {
  record Found<T>(T value) implements ReadOutcome<T> {}

  /** There is no such node. */
  record Absent<T>() implements ReadOutcome<T> {}

  /** Nothing is known: no contact within the retries, or not allowed. */
  record Unavailable<T>(String why) implements ReadOutcome<T> {}
}
