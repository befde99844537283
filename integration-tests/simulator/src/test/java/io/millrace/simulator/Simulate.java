package io.millrace.simulator;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The command line of the simulator; see the module's README. */
public final class Simulate {
  private static final int SHRINK_RUNS = 400;
  private static final int LONGEST_WHAT = 1_000;
  private static final String TRACE_LINE = "seed %d has trace %016x";

  private static final String USAGE =
      """
      usage: simulate [--seeds N] [--seed S] [--step D] [--threads T] [--without RULE] [--keep-going]
                        [--faults KIND,...] [--traces]
             simulate --schedule FILE [--without RULE]
        --seeds N       run so many seeds; default 1000, or 1 when --seed is given. Each is one
                        cluster that goes through up to 8 schedules, one after the other
        --seed S        begin with this one; default: one that the clock gives
        --step D        from one seed to the next; default 1; less than 0: backwards
        --threads T     default: one for each processor
        --without RULE  leave out a safety rule of the brokers, which must then lose data: R5, H13 ...
        --faults KINDS  draw from these kinds of faults alone: KILL,LOSE_POWER ...
        --traces        tell of each seed the hash of all its steps: equal wherever it runs
        --keep-going    do not stop at the first seed that fails
        --schedule FILE run that schedule, in the words in which a failing one is printed
      """;

  private final PrintStream out;
  private long firstSeed = System.nanoTime() & Integer.MAX_VALUE;
  private long count = -1;
  private long step = 1;
  private int threads = Runtime.getRuntime().availableProcessors();
  private @Nullable SafetyRule without;
  private boolean keepGoing;
  private boolean tellsTraces;
  private Swarm swarm = Swarm.ASKED;
  private @Nullable Path schedule;

  private Simulate(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] args) throws InterruptedException {
    Simulate simulate = new Simulate(System.out);
    String wrong = simulate.read(args);
    if (wrong != null) {
      System.err.println("simulate: " + wrong);
      System.err.print(USAGE);
      System.exit(2);
    }
    System.exit(simulate.go() ? 0 : 1);
  }

  /** What is wrong with the arguments, or null. */
  private @Nullable String read(String[] args) {
    boolean hasSeed = false;
    List<String> all = new ArrayList<>(List.of(args));
    keepGoing = all.remove("--keep-going");
    tellsTraces = all.remove("--traces");
    for (int i = 0; i < all.size(); i += 2) {
      String option = all.get(i);
      if (i + 1 == all.size()) {
        return "unknown option, or one without its value: " + option;
      }
      String value = all.get(i + 1);
      try {
        switch (option) {
          case "--seeds" -> count = Long.parseLong(value);
          case "--seed" -> {
            firstSeed = Long.parseLong(value);
            hasSeed = true;
          }
          case "--step" -> step = Long.parseLong(value);
          case "--schedule" -> schedule = Path.of(value);
          case "--faults" -> swarm = new Swarm(Swarm.kinds(value), swarm.leavesSick());
          case "--threads" -> threads = Integer.parseInt(value);
          case "--without" -> without = SafetyRule.valueOf(value.toUpperCase(Locale.ROOT));
          default -> {
            return "unknown option " + option;
          }
        }
      } catch (NumberFormatException e) {
        return option + " wants a number, not " + value;
      } catch (IllegalArgumentException e) {
        return "there is no "
            + value
            + "; rules are "
            + Arrays.toString(SafetyRule.values())
            + ", kinds of faults "
            + Arrays.toString(Options.Fault.values());
      }
    }
    if (count < 0) {
      count = hasSeed ? 1 : 1_000;
    }
    return count < 1 || step == 0 || threads < 1
        ? "at least one seed, one step and one thread"
        : null;
  }

  /** False when a seed failed. */
  private boolean go() throws InterruptedException {
    SafetyRule leftOut = without;
    if (leftOut == null) {
      return run();
    }
    out.println("without " + leftOut + ": " + leftOut.without());
    try (WithoutRule open = new WithoutRule(leftOut)) {
      return run();
    }
  }

  private boolean run() throws InterruptedException {
    return schedule == null ? sweep() : play(schedule);
  }

  private boolean play(Path file) {
    KeptSchedule kept;
    try {
      kept = KeptSchedule.read(String.valueOf(file.getFileName()), Files.readString(file));
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("simulate: " + file + " is no schedule that can be read: " + e);
      return false;
    }
    Optional<Violation> violation = kept.firstViolation();
    out.println(kept + ": " + violation.map(Violation::toString).orElse("passed"));
    return violation.isEmpty();
  }

  private boolean sweep() throws InterruptedException {
    Sweep sweep = new Sweep(firstSeed, count, step, seed -> Run.of(seed, swarm));
    sweep.go(
        threads,
        verdict -> {
          out.println(
              "seed " + verdict.seed() + ", round " + verdict.rounds() + ": " + what(verdict));
          if (!keepGoing) {
            sweep.stop();
          }
        });
    if (!sweep.failed().isEmpty() && !keepGoing) {
      explain(sweep.failed().get(0));
    }
    if (tellsTraces) {
      new TreeMap<>(sweep.traces())
          .forEach((seed, trace) -> out.printf(TRACE_LINE + "%n", seed, trace));
    }
    out.println(sweep.figures());
    return sweep.failed().isEmpty();
  }

  private static String what(Verdict verdict) {
    String what = verdict.violation().map(Violation::toString).orElse("passed");
    return what.length() > LONGEST_WHAT ? what.substring(0, LONGEST_WHAT) + "..." : what;
  }

  /** The shortest schedule that shows it. */
  private void explain(Verdict verdict) {
    Optional<Violation> violation = verdict.violation();
    if (violation.isEmpty()) {
      return;
    }
    out.println("looking for the shortest schedule that does it");
    List<Round> begun = Round.ofSeed(verdict.seed(), swarm).subList(0, verdict.rounds());
    List<Round> shortest = Shrinker.shrink(begun, violation.get().rule(), SHRINK_RUNS);
    Run.of(shortest).violation().ifPresent(out::println);
    for (Round round : shortest) {
      out.print(KeptSchedule.text(round.options(), round.acts()));
    }
    out.println("again: integration-tests/simulate --seed " + verdict.seed());
  }
}
