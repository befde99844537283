package io.millrace.cli.bench;

import io.millrace.cli.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How many records ended in each stretch of a run. Belongs to the thread that sends, which looks in
 * now and then; stretches grow as the run does, so that the chart of any run fits a screen.
 */
final class Throughput {
  private static final long FIRST_STRETCH_NANOS = 250_000_000;
  private static final int MAX_STRETCHES = 20;
  private static final int CHART_WIDTH = 50;

  /** Until {@code endNanos} since the start, so many in all. */
  private record Mark(long endNanos, long count) {}

  private List<Mark> marks = new ArrayList<>();
  private long stretchNanos = FIRST_STRETCH_NANOS;
  private long nextNanos = FIRST_STRETCH_NANOS;

  /**
   * Called often.
   *
   * @param sinceStartNanos how long the run has lasted
   * @param count records that have ended by now
   */
  void look(long sinceStartNanos, long count) {
    if (sinceStartNanos < nextNanos) {
      return;
    }
    marks.add(new Mark(sinceStartNanos, count));
    if (marks.size() == MAX_STRETCHES) {
      List<Mark> half = new ArrayList<>();
      for (int i = 1; i < marks.size(); i += 2) {
        half.add(marks.get(i));
      }
      marks = half;
      stretchNanos *= 2;
    }
    nextNanos = sinceStartNanos - sinceStartNanos % stretchNanos + stretchNanos;
  }

  /** A line for each stretch; nothing for a run too short to have several. */
  String chart(long endNanos, long count) {
    List<Mark> all = new ArrayList<>(marks);
    if (all.isEmpty() || endNanos - all.get(all.size() - 1).endNanos() > stretchNanos / 10) {
      all.add(new Mark(endNanos, count));
    }
    if (all.size() < 2) {
      return "";
    }
    double fastest = 1;
    Mark before = new Mark(0, 0);
    for (Mark mark : all) {
      fastest = Math.max(fastest, rate(before, mark));
      before = mark;
    }
    StringBuilder out = new StringBuilder("records/s over time:\n");
    before = new Mark(0, 0);
    for (Mark mark : all) {
      double rate = rate(before, mark);
      out.append(
          String.format(
                  Locale.ROOT,
                  "  %7.1f s %13s  %s",
                  mark.endNanos() / 1e9,
                  Printable.count(Math.round(rate)),
                  "#".repeat((int) Math.round(CHART_WIDTH * rate / fastest)))
              .stripTrailing());
      out.append('\n');
      before = mark;
    }
    return out.toString();
  }

  private static double rate(Mark from, Mark to) {
    return (to.count() - from.count()) / (Math.max(1, to.endNanos() - from.endNanos()) / 1e9);
  }
}
