package io.millrace.simulator;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What some runs do beside writing and reading their topic, and check for themselves. Owner: the
 * world's thread, outside of any loop.
 */
interface Workload extends AutoCloseable {
  /** What there is; each seed has one. */
  enum Kind {
    /** Nothing beside. */
    NONE,

    /** Members of a group share the topic. */
    GROUP,

    /** A second topic keeps the latest record of each key. */
    KEYED;

    /** One seed of so many has one: it costs more than others. */
    static final int EVERY = 128;

    static final int GROUPS = 11;

    /** The first of them draws newer kinds of faults too. */
    private static final List<Integer> KEYS = List.of(23, 43);

    /** What this process was asked for; by itself what every build draws. */
    private static final String ASKED = System.getProperty("simulator.workload", "");

    static Kind of(long seed) {
      if (!ASKED.isEmpty()) {
        return valueOf(ASKED);
      }
      int place = Math.floorMod(seed, EVERY);
      if (place == GROUPS) {
        return GROUP;
      }
      return KEYS.contains(place) ? KEYED : NONE;
    }

    /**
     * Faults that break promises of what it does. Groups are kept at level standard, which survives
     * that one broker loses power; keys at level synced, which survives all that is not done to the
     * topic, or to all disks, at once.
     */
    Set<Options.Fault> excluded() {
      if (this == NONE) {
        return EnumSet.noneOf(Options.Fault.class);
      }
      if (this == KEYED) {
        EnumSet<Options.Fault> toTheTopic = EnumSet.of(Options.Fault.FLIP_BIT);
        toTheTopic.add(Options.Fault.HIDE_TOPIC);
        toTheTopic.add(Options.Fault.NEW_TOPIC);
        toTheTopic.add(Options.Fault.LOST_NODES);
        return toTheTopic;
      }
      EnumSet<Options.Fault> disks =
          EnumSet.of(
              Options.Fault.EMPTY_DISK,
              Options.Fault.OLD_DISK,
              Options.Fault.FLIP_BIT,
              Options.Fault.HIDE_TOPIC,
              Options.Fault.SET_MINIMUM);
      disks.addAll(EnumSet.range(Options.Fault.NEW_TOPIC, Options.Fault.LOST_NODES));
      disks.add(Options.Fault.LOSE_POWER_ALL);
      disks.add(Options.Fault.FAIL_FORCE);
      return disks;
    }
  }

  Workload NONE =
      new Workload() {
        @Override
        public @Nullable String begin() {
          return null;
        }

        @Override
        public void apply(Act act) {
          throw new IllegalArgumentException("nobody here does " + act);
        }

        @Override
        public boolean survivesPowerLoss() {
          return true;
        }

        @Override
        public boolean survivesDiskLoss() {
          return true;
        }

        @Override
        public void endFaults() {}

        @Override
        public @Nullable String missing() {
          return null;
        }

        @Override
        public void check() {}

        @Override
        public void close() {}
      };

  /** Before the first round, asked until it is null: what is still to come. */
  @Nullable String begin();

  /** One of its own acts. */
  void apply(Act act);

  /** Whether nothing that it relies on can be lost, if one broker loses power now. */
  boolean survivesPowerLoss();

  /** Whether nothing that it relies on can be lost, if one broker loses what it has on its disk. */
  boolean survivesDiskLoss();

  /** Everything that lasts comes to an end. */
  void endFaults();

  /** In the liveness phase, asked now and then: what has still to come true, or null. */
  @Nullable String missing();

  /** After that, at rest. */
  void check();

  /** The run is over. */
  @Override
  void close();
}
