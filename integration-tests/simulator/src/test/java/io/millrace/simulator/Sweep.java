package io.millrace.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** Runs many seeds on several threads, each run in a world of its own. */
final class Sweep {
  private final long firstSeed;
  private final long count;
  private final LongFunction<Verdict> run;
  private final AtomicLong next;
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final List<Verdict> failed = new ArrayList<>();
  private final Reach reach = new Reach();
  private long done;
  private long rounds;
  private long faults;
  private long steps;
  private long virtualNanos;

  Sweep(long firstSeed, long count, LongFunction<Verdict> run) {
    this.firstSeed = firstSeed;
    this.count = count;
    this.run = run;
    next = new AtomicLong(firstSeed);
  }

  /** Returns when all have run, or {@link #stop} was called and those begun have ended. */
  void go(int threads, Consumer<Verdict> onFailure) throws InterruptedException {
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker = new Thread(() -> work(onFailure), "sweep-" + i);
      workers.add(worker);
      worker.start();
    }
    for (Thread worker : workers) {
      worker.join();
    }
  }

  void stop() {
    stopped.set(true);
  }

  private void work(Consumer<Verdict> onFailure) {
    for (long seed = next.getAndIncrement();
        seed < firstSeed + count && !stopped.get();
        seed = next.getAndIncrement()) {
      Verdict verdict = run.apply(seed);
      note(verdict);
      if (!verdict.passed()) {
        onFailure.accept(verdict);
      }
    }
  }

  private synchronized void note(Verdict verdict) {
    done++;
    rounds += verdict.rounds();
    faults += verdict.faults();
    steps += verdict.steps();
    virtualNanos += verdict.virtualNanos();
    reach.add(verdict.reach());
    if (!verdict.passed()) {
      failed.add(verdict);
    }
  }

  synchronized List<Verdict> failed() {
    return List.copyOf(failed);
  }

  synchronized long done() {
    return done;
  }

  /** Schedules that were run, several a seed. */
  synchronized long rounds() {
    return rounds;
  }

  synchronized long faults() {
    return faults;
  }

  synchronized long steps() {
    return steps;
  }

  synchronized long virtualNanos() {
    return virtualNanos;
  }

  /** Of all runs; after they have ended. */
  Reach reach() {
    return reach;
  }
}
