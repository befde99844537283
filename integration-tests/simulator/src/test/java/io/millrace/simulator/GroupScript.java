package io.millrace.simulator;

import io.millrace.simulator.Act.Kind;
import java.util.SplittableRandom;

/** Draws what happens to the members of a group in a round, beside what happens to brokers. */
final class GroupScript {
  private static final long MILLI = 1_000_000;

  /** Of which half goes again. */
  static final int STORM = 50;

  private final Options options;
  private final SplittableRandom random;
  private final Acts acts;

  /** Takes an act; those behind the phase's end are not done. */
  @FunctionalInterface
  interface Acts {
    void add(long at, Kind kind, int who, int other);
  }

  GroupScript(Options options, Acts acts) {
    this.options = options;
    this.random =
        new SplittableRandom(Options.mixed(options.seed(), options.round()) ^ 0x47726F7570L);
    this.acts = acts;
  }

  void write() {
    if (options.round() == 1 && random.nextInt(4) == 0) {
      storm();
      return;
    }
    int count = random.nextInt(7);
    for (int i = 0; i < count; i++) {
      one(random.nextLong(options.safetyNanos()), random.nextInt(GroupWorkload.MEMBERS));
    }
    if (random.nextInt(3) == 0) {
      // In each step there is: what happens to the group is counted, and the coordinator dies then.
      acts.add(
          random.nextLong(options.safetyNanos() / 2), Kind.KILL_COORDINATOR, random.nextInt(12), 0);
    }
  }

  private void one(long at, int member) {
    switch (random.nextInt(6)) {
      case 0 -> acts.add(at, Kind.KILL_MEMBER, member, 0);
      case 1 -> acts.add(at, Kind.STOP_MEMBER, member, 0);
      case 2 -> acts.add(at, Kind.ADD_MEMBERS, 1, 0);
      case 3 -> {
        acts.add(at, Kind.PAUSE_MEMBER, member, 0);
        acts.add(at + away(), Kind.RESUME_MEMBER, member, 0);
      }
      case 4 -> {
        int broker = random.nextInt(options.brokers());
        acts.add(at, Kind.CUT_MEMBER, member, broker);
        acts.add(at + away(), Kind.HEAL_MEMBER, member, broker);
      }
      default -> acts.add(at, Kind.STALL_MEMBER, member, random.nextInt(100, 2_000));
    }
  }

  private void storm() {
    acts.add(random.nextLong(100 * MILLI), Kind.ADD_MEMBERS, STORM, 0);
    for (int i = 0; i < STORM / 2; i++) {
      long at = random.nextLong(options.safetyNanos());
      acts.add(at, random.nextBoolean() ? Kind.KILL_MEMBER : Kind.STOP_MEMBER, i, 1);
    }
  }

  /** Shorter and longer than a session. */
  private long away() {
    return switch (random.nextInt(3)) {
      case 0 -> random.nextLong(5 * MILLI, 300 * MILLI);
      case 1 -> random.nextLong(300 * MILLI, 1_000 * MILLI);
      default -> random.nextLong(1_000 * MILLI, 2_500 * MILLI);
    };
  }
}
