package io.millrace.cli.bench;

import io.millrace.cli.Printable;
import io.millrace.cli.Surroundings;

/** One line on a terminal that is drawn again and again; nothing where nobody looks. */
final class ProgressLine {
  private static final long INTERVAL_NANOS = 200_000_000;
  private static final String REDRAW = "\r\u001b[K";

  private final Surroundings surroundings;
  private final boolean shown;
  private long nextNanos = INTERVAL_NANOS;
  private boolean drawn;

  ProgressLine(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.shown = surroundings.terminals().error();
  }

  /** Whether anybody looks. */
  boolean isShown() {
    return shown;
  }

  /**
   * Called often.
   *
   * @param total 0: nobody knows
   */
  void look(long sinceStartNanos, long done, long total) {
    if (!shown || sinceStartNanos < nextNanos) {
      return;
    }
    nextNanos = sinceStartNanos + INTERVAL_NANOS;
    String of = total > 0 ? " of " + Printable.count(total) : "";
    double rate = done / (sinceStartNanos / 1e9);
    surroundings
        .error()
        .print(
            REDRAW
                + Printable.count(done)
                + of
                + " records, "
                + Printable.count(Math.round(rate))
                + "/s");
    surroundings.error().flush();
    drawn = true;
  }

  /** Takes the line away, and writes what is left to be seen. */
  void end(String text) {
    if (shown) {
      surroundings.error().print((drawn ? REDRAW : "") + text);
      surroundings.error().flush();
    }
  }
}
