package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedLoopTest extends EventLoopContract {
  private final SimulatedScheduler scheduler = new SimulatedScheduler(11);
  private final SimulatedTasks tasks = new SimulatedTasks(scheduler);
  private final Tasks.Worker worker = tasks.worker("housekeeping");

  @Override
  protected EventLoop loop() {
    return worker;
  }

  @Override
  protected void await(String what, BooleanSupplier condition) {
    scheduler.runUntil(what, condition, 10_000_000_000L);
  }

  @Override
  protected void forgiveThrown() {
    scheduler.forgiveThrown();
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(scheduler.thrown()).isEmpty();
  }

  @Test
  void finishesWhatWasSubmittedBeforeTheStopAndDropsTimersAndWhatComesAfter()
      throws InterruptedException {
    List<String> ran = new ArrayList<>();
    worker.execute(() -> ran.add("before"));
    var timer = worker.schedule(1, () -> ran.add("timer"));
    worker.stop();
    worker.execute(() -> ran.add("after"));
    assertThat(worker.awaitStopped(1)).isTrue();
    assertThat(scheduler.step()).as("the timer's event is left").isTrue();
    assertThat(scheduler.step()).isFalse();
    assertThat(ran).containsExactly("before");
    timer.cancel();
  }

  @Test
  void aPausedProcessDoesNothingAndThenAllThatQueued() {
    List<String> ran = new ArrayList<>();
    tasks.pause();
    worker.execute(() -> ran.add("task"));
    var timer = worker.schedule(1_000_000, () -> ran.add("timer"));
    scheduler.runFor(50_000_000);
    assertThat(ran).isEmpty();
    tasks.resume();
    await("both", () -> ran.size() == 2);
    timer.cancel();
  }

  @Test
  void aKilledProcessDoesNothingAnyMore() {
    List<String> ran = new ArrayList<>();
    worker.execute(() -> ran.add("task"));
    var timer = worker.schedule(1_000_000, () -> ran.add("timer"));
    tasks.kill();
    scheduler.runFor(50_000_000);
    assertThat(ran).isEmpty();
    timer.cancel();
  }

  @Test
  void whatAKilledProcessWaitedForIsForgotten() {
    var timer = worker.schedule(60_000_000_000L, () -> {});
    tasks.kill();
    assertThat(scheduler.step()).isFalse();
    assertThat(scheduler.nanoTime()).isZero();
    timer.cancel();
  }

  @Test
  void thousandsOfCancelledTimersAreNotKept() {
    List<String> ran = new ArrayList<>();
    var kept = worker.schedule(2_000_000_000L, () -> ran.add("kept"));
    for (int i = 0; i < 10_000; i++) {
      worker.schedule(1_000_000_000L, () -> ran.add("cancelled")).cancel();
    }
    assertThat(scheduler.waitingEvents()).isLessThan(1_000);
    await("the one that was not", () -> ran.contains("kept"));
    assertThat(ran).containsExactly("kept");
    kept.cancel();
  }

  @Test
  void theWallClockMayJumpAndTheMonotonicOneDoesNot() {
    Clock clock = tasks.clock();
    long nanos = clock.nanoTime();
    long millis = clock.wallMillis();
    tasks.shiftWallClock(-3_600_000);
    scheduler.runFor(2_000_000);
    assertThat(clock.wallMillis()).isEqualTo(millis - 3_600_000 + 2);
    assertThat(clock.nanoTime() - nanos).isEqualTo(2_000_000);
  }

  @Test
  void equalSeedsRunEquallyAndOthersDoNot() {
    assertThat(trace(5)).isEqualTo(trace(5)).isNotEqualTo(trace(6));
  }

  /** Two workers that keep each other busy, with timers and random numbers. */
  private static long trace(long seed) {
    SimulatedScheduler scheduler = new SimulatedScheduler(seed);
    SimulatedTasks tasks = new SimulatedTasks(scheduler);
    Tasks.Worker one = tasks.worker("one");
    Tasks.Worker two = tasks.worker("two");
    for (int i = 0; i < 100; i++) {
      one.execute(() -> two.execute(() -> {}));
      var timer = two.schedule(tasks.random().nextInt(1_000), () -> one.execute(() -> {}));
      assertThat(timer).isNotNull();
    }
    scheduler.runFor(1_000_000);
    return scheduler.trace();
  }
}
