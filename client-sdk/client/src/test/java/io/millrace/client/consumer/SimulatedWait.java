package io.millrace.client.consumer;

import io.millrace.rpc.SimulatedScheduler;

/** Lets virtual time pass while the one thread there is would sleep. */
public final class SimulatedWait implements PollWait {
  private final SimulatedScheduler scheduler;
  private boolean woken;

  public SimulatedWait(SimulatedScheduler scheduler) {
    this.scheduler = scheduler;
  }

  @Override
  public void await(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    long end = scheduler.nanoTime() + Math.min(nanos, Long.MAX_VALUE / 2);
    scheduler.at(end, () -> {});
    while (!woken && scheduler.nanoTime() < end && scheduler.step()) {
      // Everybody else has a turn.
    }
    woken = false;
  }

  @Override
  public void wake() {
    woken = true;
  }
}
