package io.millrace.server.metrics;

import io.millrace.rpc.Clock;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;

/** A loop of which each task is timed. The recording is done on the loop itself. */
final class TimedLoop implements EventLoop {
  private final EventLoop loop;
  private final HdrReservoir.Writer waits;
  private final HdrReservoir.Writer runs;

  TimedLoop(EventLoop loop, HdrReservoir.Writer waits, HdrReservoir.Writer runs) {
    this.loop = loop;
    this.waits = waits;
    this.runs = runs;
  }

  @Override
  public void execute(Runnable task) {
    long askedNanos = clock().nanoTime();
    loop.execute(
        () -> {
          long beganNanos = clock().nanoTime();
          waits.record(beganNanos - askedNanos);
          try {
            task.run();
          } finally {
            runs.record(clock().nanoTime() - beganNanos);
          }
        });
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    return loop.schedule(delayNanos, task);
  }

  @Override
  public boolean inLoop() {
    return loop.inLoop();
  }

  @Override
  public Clock clock() {
    return loop.clock();
  }

  @Override
  public String name() {
    return loop.name();
  }
}
