package io.millrace.server.replica;

/** What a follower does with an answer of its leader. */
public sealed interface FollowerStep {
  /** The leader has nothing that is not here. */
  record Nothing() implements FollowerStep {}

  /** The data continues this log. */
  record Append() implements FollowerStep {}

  /** What is at or behind the offset is not in the leader's log: cut it off, and ask again. */
  record Truncate(long to) implements FollowerStep {}

  /** Nothing here is of use any more: an empty log that begins at this offset. */
  record StartOver(long at) implements FollowerStep {}

  /** Cannot be, whatever has happened: this log is not touched, and the text says what it was. */
  record Implausible(String why) implements FollowerStep {}
}
