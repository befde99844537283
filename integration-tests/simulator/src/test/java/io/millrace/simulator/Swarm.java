package io.millrace.simulator;

import io.millrace.simulator.Options.Fault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Which kinds of faults rounds draw from, and how often each happens: every round has some kinds on
 * and the others off.
 *
 * @param named all seeds draw from these alone; empty: as in every build
 * @param leavesSick in one round of four a machine stays sick at first
 */
record Swarm(List<Fault> named, boolean leavesSick) {
  /** One seed of so many draws from the newer kinds too, which cost more. */
  private static final int WIDE = 16;

  private static final int FIRST_WIDE = 7;

  /** In those seeds each round has at least one of these. */
  private static final List<Fault> NEWER =
      List.of(
          Fault.EMPTY_DISK,
          Fault.OLD_DISK,
          Fault.HOLD_BACK,
          Fault.DRAIN,
          Fault.ELECT,
          Fault.SET_MINIMUM,
          Fault.FLIP_BIT,
          Fault.HIDE_TOPIC,
          Fault.MORE_REPLICAS,
          Fault.NEW_TOPIC,
          Fault.SHUFFLE,
          Fault.LAST_STANDING,
          Fault.LONELY_EPOCHS,
          Fault.LOST_NODES);

  private static final List<Fault> USUAL =
      Arrays.stream(Fault.values()).filter(fault -> !NEWER.contains(fault)).toList();

  /** What this process was asked for; by itself what every build draws. */
  static final Swarm ASKED =
      new Swarm(
          kinds(System.getProperty("simulator.faults", "")),
          Boolean.parseBoolean(System.getProperty("simulator.sick", "true")));

  Swarm {
    named = List.copyOf(named);
  }

  /** From these kinds alone. */
  static Swarm of(Fault... kinds) {
    return new Swarm(List.of(kinds), false);
  }

  /** By name, with commas between; none for an empty text. */
  static List<Fault> kinds(String names) {
    return names.isEmpty()
        ? List.of()
        : Arrays.stream(names.split(",", -1)).map(Fault::valueOf).toList();
  }

  /** Whether that seed's rounds may have such faults. */
  boolean draws(long seed, Fault fault) {
    return drawn(seed).contains(fault);
  }

  private boolean isWide(long seed) {
    return named.isEmpty() && Math.floorMod(seed, WIDE) == FIRST_WIDE;
  }

  private List<Fault> drawn(long seed) {
    if (!named.isEmpty()) {
      return named;
    }
    if (!isWide(seed)) {
      return USUAL;
    }
    List<Fault> all = new ArrayList<>(USUAL);
    all.addAll(NEWER);
    return all;
  }

  /** Of one round, in events per virtual second. */
  Map<Fault, Double> rates(long seed, SplittableRandom random) {
    List<Fault> drawn = drawn(seed);
    Map<Fault, Double> rates = new EnumMap<>(Fault.class);
    if (random.nextInt(20) == 0) {
      return rates; // F45: nothing is wrong
    }
    int kinds = Options.pick(random, 1, 2, 2, 3, 4, 6);
    for (int i = 0; i < kinds; i++) {
      List<Fault> from = i == 0 && isWide(seed) ? NEWER : drawn;
      Fault fault = from.get(random.nextInt(from.size()));
      rates.put(fault, Options.pick(random, 1.5, 3.0, 6.0, 10.0));
    }
    if (random.nextInt(3) == 0) {
      rates.put(Fault.KILL, Options.pick(random, 2.0, 5.0));
    }
    return rates;
  }
}
