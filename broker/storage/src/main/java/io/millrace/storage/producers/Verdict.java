package io.millrace.storage.producers;

/** What to do with a batch that names its producer. */
public sealed interface Verdict {
  /** The one after the last: append it. */
  record Append() implements Verdict {}

  /** It is in the log: a success, with the offset and the time it got then. */
  record Duplicate(long baseOffset, long appendTimestampMillis) implements Verdict {}

  /** It was appended before what is remembered: a success, without an offset. */
  record OldDuplicate() implements Verdict {}

  /**
   * Behind what was staged in this turn and is not in the log yet: to be asked again once that is
   * written.
   */
  record AskAgain() implements Verdict {}

  /**
   * Something before it is missing.
   *
   * @param expected the sequence that comes next
   */
  record OutOfOrder(int expected) implements Verdict {}

  /**
   * Its epoch is over.
   *
   * @param epoch that holds now
   */
  record Fenced(int epoch) implements Verdict {}

  /**
   * Its sequences were used for other records.
   *
   * @param baseOffset of those
   */
  record Reused(long baseOffset) implements Verdict {}

  /** Nothing is known of its producer, and it is not that one's first batch. */
  record Unknown() implements Verdict {}

  /** Of a new producer, and there are too many already that were active of late. */
  record TooMany(int limit) implements Verdict {}
}
