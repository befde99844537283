package io.millrace.cli;

/** A line on a terminal that is drawn again and again; nothing where nobody looks. */
public final class ProgressLine {
  private static final long INTERVAL_NANOS = 200_000_000;
  private static final String REDRAW = "\r\u001b[K";

  private final Surroundings surroundings;
  private final boolean shown;
  private long lastNanos;
  private long lastDone;
  private boolean drawn;

  public ProgressLine(Surroundings surroundings) {
    this(surroundings, surroundings.terminals().error());
  }

  private ProgressLine(Surroundings surroundings, boolean shown) {
    this.surroundings = surroundings;
    this.shown = shown;
  }

  /**
   * Where results go elsewhere: they would be torn apart by it, and show themselves how it goes.
   */
  static ProgressLine besideOutput(Surroundings surroundings) {
    Surroundings.Terminals terminals = surroundings.terminals();
    return new ProgressLine(surroundings, terminals.error() && !terminals.output());
  }

  /** Whether anybody looks. */
  public boolean isShown() {
    return shown;
  }

  /**
   * Called often.
   *
   * @param total 0: nobody knows
   */
  public void look(long sinceStartNanos, long done, long total) {
    if (!isDue(sinceStartNanos)) {
      return;
    }
    double seconds = (sinceStartNanos - lastNanos) / 1e9;
    long rate = Math.round((done - lastDone) / Math.max(1e-9, seconds));
    lastDone = done;
    String of = total > 0 ? " of " + Printable.count(total) : "";
    draw(sinceStartNanos, Printable.count(done) + of + " records, " + Printable.count(rate) + "/s");
  }

  /** Whether it is time to draw again. */
  boolean isDue(long sinceStartNanos) {
    return shown && sinceStartNanos - lastNanos >= INTERVAL_NANOS;
  }

  void draw(long sinceStartNanos, String text) {
    lastNanos = sinceStartNanos;
    surroundings.error().print(REDRAW + text);
    surroundings.error().flush();
    drawn = true;
  }

  /** Takes the line away, and writes what is left to be seen. */
  public void end(String text) {
    if (shown) {
      surroundings.error().print((drawn ? REDRAW : "") + text);
      surroundings.error().flush();
    }
  }
}
