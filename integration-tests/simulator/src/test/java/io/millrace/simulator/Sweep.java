package io.millrace.simulator;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** Runs many seeds on several threads, each in a world of its own. */
final class Sweep {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final long firstSeed;
  private final long count;
  private final long step;
  private final LongFunction<Verdict> run;
  private final AtomicLong next;
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final List<Verdict> failed = new ArrayList<>();
  private final Map<Long, Long> traces = new HashMap<>();
  private final Reach reach = new Reach();
  private long done;
  private long rounds;
  private long faults;
  private long steps;
  private long virtualNanos;

  /** Of the runs alone: says more than the clock where others want the processors too. */
  private long processorNanos;

  private int threads;
  private long wallNanos;

  /**
   * @param step from one seed to the next
   */
  Sweep(long firstSeed, long count, long step, LongFunction<Verdict> run) {
    this.firstSeed = firstSeed;
    this.count = count;
    this.step = step;
    this.run = run;
    next = new AtomicLong();
  }

  /** Returns when all have run, or {@link #stop} was called and those begun have ended. */
  void go(int threads, Consumer<Verdict> onFailure) throws InterruptedException {
    this.threads = threads;
    long begin = System.nanoTime();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker = new Thread(() -> work(onFailure), "sweep-" + i);
      workers.add(worker);
      worker.start();
    }
    for (Thread worker : workers) {
      worker.join();
    }
    wallNanos = System.nanoTime() - begin;
  }

  void stop() {
    stopped.set(true);
  }

  private void work(Consumer<Verdict> onFailure) {
    for (long i = next.getAndIncrement(); i < count && !stopped.get(); i = next.getAndIncrement()) {
      long seed = firstSeed + i * step;
      long before = THREADS.getCurrentThreadCpuTime();
      Verdict verdict = run.apply(seed);
      note(verdict, THREADS.getCurrentThreadCpuTime() - before);
      if (!verdict.passed()) {
        onFailure.accept(verdict);
      }
    }
  }

  private synchronized void note(Verdict verdict, long nanos) {
    done++;
    traces.put(verdict.seed(), verdict.trace());
    processorNanos += nanos;
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

  /** By seed: the hash of every step it took. */
  synchronized Map<Long, Long> traces() {
    return Map.copyOf(traces);
  }

  /** For people: how much was done, and how fast. After all have ended. */
  synchronized String figures() {
    double each = Math.max(1, rounds);
    return String.format(
        Locale.ROOT,
        "%d seeds from %d, %d schedules: %d failed; %.1f schedules/s with %d threads%n"
            + "a schedule: %.0f steps, %.1f faults, %.2f virtual seconds, %.1f ms of a processor%n"
            + "reached %s",
        done,
        firstSeed,
        rounds,
        failed.size(),
        rounds / (wallNanos / 1e9),
        threads,
        steps / each,
        faults / each,
        virtualNanos / 1e9 / each,
        processorNanos / 1e6 / each,
        reach);
  }

  /** Of all runs; after they have ended. */
  Reach reach() {
    return reach;
  }
}
