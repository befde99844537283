package io.millrace.simulator;

import java.util.List;
import java.util.stream.IntStream;

/**
 * One schedule of a run, with a safety and a liveness phase of its own: it begins when the cluster
 * is whole, and ends when it is whole again. A run takes several one after the other, because to
 * start a cluster costs more than to plague it.
 */
record Round(Options options, List<Act> acts) {
  /** So many a seed. */
  static final int COUNT = 8;

  static List<Round> ofSeed(long seed, Swarm swarm) {
    return IntStream.range(0, COUNT)
        .mapToObj(number -> Options.of(seed, number, swarm))
        .map(options -> new Round(options, Schedule.of(options)))
        .toList();
  }

  /** The same, but for what neither options nor acts say. */
  Round ofLaterSeed(int later) {
    return new Round(options.withSeed(options.seed() + later), acts);
  }

  /** What is done to the cluster, other than work. */
  long faults() {
    return acts.stream().filter(act -> !act.kind().isWork()).count();
  }
}
