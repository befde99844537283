package io.millrace.client;

/** Which offset is asked for. */
public sealed interface OffsetSpec {
  /** The first record there is. */
  record Earliest() implements OffsetSpec {}

  /** Behind the last committed record. */
  record Latest() implements OffsetSpec {}

  /** The first record whose timestamp is at or after this, milliseconds since the epoch, UTC. */
  record ForTimestamp(long timestamp) implements OffsetSpec {}

  /** The first record there is. */
  static OffsetSpec earliest() {
    return new Earliest();
  }

  /** Behind the last committed record. */
  static OffsetSpec latest() {
    return new Latest();
  }

  /** The first record at or after this, milliseconds since the epoch, UTC. */
  static OffsetSpec forTimestamp(long timestamp) {
    return new ForTimestamp(timestamp);
  }
}
