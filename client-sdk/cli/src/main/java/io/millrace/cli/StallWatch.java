package io.millrace.cli;

import io.millrace.rpc.Clock;
import io.millrace.rpc.Tasks;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells a person who sends records that none has ended for a while, and when some do again. Looks
 * once a second, on a thread of its own.
 */
final class StallWatch implements AutoCloseable {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Surroundings surroundings;
  private final Clock clock;
  private final LongSupplier sent;
  private final LongSupplier ended;
  private final Tasks.Worker worker;

  // The worker's.
  private long lastEnded = -1;
  private long lastNanos;
  private boolean told;

  StallWatch(Surroundings surroundings, LongSupplier sent, LongSupplier ended) {
    this(surroundings, sent, ended, surroundings.tasks().worker("stall-watch"));
    later();
  }

  /** For tests, which look themselves. */
  StallWatch(
      Surroundings surroundings, LongSupplier sent, LongSupplier ended, Tasks.Worker worker) {
    this.surroundings = surroundings;
    this.clock = surroundings.clock();
    this.sent = sent;
    this.ended = ended;
    this.worker = worker;
  }

  private void later() {
    var unused =
        worker.schedule(
            INTERVAL_NANOS,
            () -> {
              look();
              later();
            });
  }

  void look() {
    long now = clock.nanoTime();
    long count = ended.getAsLong();
    if (count != lastEnded || sent.getAsLong() == count) {
      lastEnded = count;
      lastNanos = now;
      tell(false, "acknowledgements come again");
    } else if (now - lastNanos >= PATIENCE_NANOS) {
      tell(
          true,
          "no acknowledgement for %d s, %s waiting; still trying, Ctrl-C gives up"
              .formatted(
                  TimeUnit.NANOSECONDS.toSeconds(now - lastNanos),
                  Printable.counted(sent.getAsLong() - count, "record")));
    }
  }

  private void tell(boolean stalled, String text) {
    if (stalled != told) {
      told = stalled;
      surroundings.error().println((surroundings.terminals().error() ? "\r\u001b[K" : "") + text);
    }
  }

  @Override
  public void close() {
    worker.stop();
  }
}
