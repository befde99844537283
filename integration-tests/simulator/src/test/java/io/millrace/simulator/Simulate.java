package io.millrace.simulator;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** The command line of the simulator; see the module's README. */
public final class Simulate {
  private Simulate() {}

  public static void main(String[] args) throws InterruptedException {
    long first = 1;
    long count = 1_000;
    int threads = Runtime.getRuntime().availableProcessors();
    for (int i = 0; i + 1 < args.length; i += 2) {
      switch (args[i]) {
        case "--seeds" -> count = Long.parseLong(args[i + 1]);
        case "--seed" -> first = Long.parseLong(args[i + 1]);
        case "--threads" -> threads = Integer.parseInt(args[i + 1]);
        default -> throw new IllegalArgumentException("unknown option " + args[i]);
      }
    }
    PrintStream out = System.out;
    long begin = System.nanoTime();
    AtomicLong next = new AtomicLong(first);
    AtomicLong steps = new AtomicLong();
    AtomicLong virtual = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    Reach reach = new Reach();
    long end = first + count;
    Thread[] workers = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      workers[i] =
          new Thread(
              () -> {
                for (long seed = next.getAndIncrement();
                    seed < end;
                    seed = next.getAndIncrement()) {
                  Verdict verdict = Run.of(seed);
                  steps.addAndGet(verdict.steps());
                  virtual.addAndGet(verdict.virtualNanos());
                  synchronized (reach) {
                    reach.add(verdict.reach());
                  }
                  if (!verdict.passed()) {
                    failed.incrementAndGet();
                    String what = verdict.violation().toString();
                    out.println(
                        "seed " + seed + ": " + what.substring(0, Math.min(600, what.length())));
                  }
                }
              });
      workers[i].start();
    }
    for (Thread worker : workers) {
      worker.join();
    }
    if (count == 1) {
      Options options = Options.of(first);
      out.println(options);
      Schedule.of(options).stream().filter(act -> !act.kind().isWork()).forEach(out::println);
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    out.printf(
        Locale.ROOT,
        "%d seeds, %d failed, %.1f s, %.1f seeds/s, %.0f steps and %.2f virtual s a seed%n%s%n",
        count,
        failed.get(),
        seconds,
        count / seconds,
        (double) steps.get() / count,
        virtual.get() / 1e9 / count,
        reach);
  }
}
