package io.millrace.client;

import java.util.OptionalLong;

/**
 * One reason why something is as it is.
 *
 * @param reason a word for programs, of the list in the broker's {@code EXPLAIN.md}
 * @param text what is so, with figures, for people
 * @param advice what a person may do; empty: nothing has to be done
 * @param sinceMillis since when, milliseconds since the epoch, where that is known
 */
public record Finding(
    String reason, Severity severity, String text, String advice, OptionalLong sinceMillis) {
  /** How bad it is. */
  public enum Severity {
    /** As it should be. */
    FINE,
    /** Works with less than was asked for, or waits for what will come by itself. */
    WAITING,
    /** Does not work, or will not by itself. */
    BROKEN
  }
}
