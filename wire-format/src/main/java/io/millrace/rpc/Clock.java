package io.millrace.rpc;

/**
 * The two clocks. Durations and deadlines come from the monotonic one, record times from the other.
 */
public interface Clock {
  /** Nanoseconds from an arbitrary origin; never goes back; differences only. */
  long nanoTime();

  /** Milliseconds since the epoch, UTC; may jump. */
  long wallMillis();
}
