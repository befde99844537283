package io.millrace.simulator;

import io.millrace.client.Durability;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * What a run is made of, drawn from its seed by swarm sampling: each round of it has some kinds of
 * faults and not others, so that each kind is met without the noise of the rest as well. The
 * cluster and its clients stay the same over the rounds of a run; everything from {@code
 * safetyNanos} on is each round's own.
 *
 * @param faults rate of each kind that is on, in events per virtual second
 * @param sick machine that is not healed at first in the liveness phase: the others must do without
 *     it; {@link #NOBODY} where all are healed at once
 * @param scrubIntervalMillis of all rounds: brokers read so often what they have stored
 * @param workload of all rounds: what there is beside the topic
 */
record Options(
    long seed,
    int round,
    int brokers,
    int replicas,
    int partitions,
    int minInSync,
    Durability durability,
    List<WriterOptions> writers,
    int readers,
    int sessionMillis,
    int flushIntervalMillis,
    long safetyNanos,
    int sendsPerSecond,
    Map<Fault, Double> faults,
    NetworkOptions network,
    int unknownWritesPerThousand,
    int sick,
    int scrubIntervalMillis,
    Workload.Kind workload) {

  static final int NOBODY = -1;

  private static final int MAX_REPLICAS = 5;

  /** Where bits flip, damage has to be found before the round's end. */
  private static final int SHORT_SCRUB_MILLIS = 1_000;

  /** A week, as brokers have it by themselves. */
  static final int USUAL_SCRUB_MILLIS = 604_800_000;

  /** What befalls a cluster; each makes one or several acts. */
  enum Fault {
    KILL,
    STOP,
    LOSE_POWER,
    PAUSE,
    CUT_ONE_WAY,
    CUT_PAIR,
    CUT_OFF,
    RESET,
    ISOLATE,
    DISCONNECT,
    EXPIRE,
    LAG,
    NEXT_WRITE,
    ZOOKEEPER_AWAY,
    FAIL_FORCE,
    FULL_DISK,
    SLOW_DISK,
    SHIFT_CLOCK,
    KILL_ALL,
    LOSE_POWER_ALL,
    KILL_CLIENT,
    EMPTY_DISK,
    OLD_DISK,
    HOLD_BACK,
    DRAIN,
    ELECT,
    SET_MINIMUM,
    FLIP_BIT,
    HIDE_TOPIC,
    MORE_REPLICAS,

    // Scripts, each once in a round: chance hardly ever writes them.
    /** F37: the topic is made anew while a broker is away. */
    NEW_TOPIC,
    /** F09: some sleep, a caught-up one loses power, the old ones wake first. */
    SHUFFLE,
    /** F13: one is left, and loses power. */
    LAST_STANDING,
    /** One is left, and bounces through several epochs before the others have their own. */
    LONELY_EPOCHS,
    /** B76: the topic's nodes vanish, brokers start without them, and the nodes are put back. */
    LOST_NODES;

    boolean isScript() {
      return compareTo(NEW_TOPIC) >= 0;
    }
  }

  /**
   * @param idempotent its records are numbered: doubled or reordered ones are errors
   */
  record WriterOptions(
      Durability level,
      int requestTimeoutMillis,
      int deliveryTimeoutMillis,
      boolean throughZooKeeper,
      boolean idempotent) {}

  record NetworkOptions(long maxDelayNanos, int maxPieceSize, double resetProbability) {}

  static Options of(long seed, int round, Swarm swarm) {
    SplittableRandom random = new SplittableRandom(seed ^ 0x4F7074696F6E73L);
    SplittableRandom own = new SplittableRandom(mixed(seed, round) ^ 0x526F756E64L);
    Workload.Kind workload = Workload.Kind.of(seed);
    int brokers = pick(random, 1, 2, 3, 3, 3, 3, 3, 4, 5);
    int replicas = Math.min(MAX_REPLICAS, Math.min(brokers, pick(random, 1, 2, 3, 3, 3, 3, 4, 5)));
    int minInSync = 1 + random.nextInt(Math.min(replicas, 3));
    if (replicas > 1 && random.nextInt(3) > 0) {
      minInSync = 2;
    }
    List<WriterOptions> writers = new ArrayList<>();
    int writerCount = 1 + random.nextInt(3);
    for (int i = 0; i < writerCount; i++) {
      Durability level =
          i == 0
              ? Durability.STANDARD
              : pick(random, Durability.STANDARD, Durability.SYNCED, Durability.LEADER);
      int requestMillis = pick(random, 200, 500, 1_000);
      int deliveryMillis = pick(random, 1_000, 3_000, 10_000, 120_000);
      writers.add(
          new WriterOptions(
              level,
              requestMillis,
              // Followers of a standard topic flush at intervals, which a request may not outlast.
              level == Durability.SYNCED ? Math.min(deliveryMillis, 10_000) : deliveryMillis,
              random.nextInt(3) == 0,
              random.nextInt(5) > 0));
    }
    return new Options(
        seed,
        round,
        brokers,
        replicas,
        pick(random, 1, 1, 2, 3),
        minInSync,
        pick(random, Durability.STANDARD, Durability.STANDARD, Durability.SYNCED),
        List.copyOf(writers),
        1,
        pick(random, 500, 600, 900),
        pick(random, 50, 200, 1_000),
        // Members are taken for dead after a second at the earliest.
        (workload == Workload.Kind.GROUP ? 3 : 1) * World.SECOND / 10 * pick(own, 2, 4, 6, 12),
        pick(own, 20, 40, 80),
        without(workload.excluded(), swarm.rates(seed, own)),
        new NetworkOptions(
            pick(own, 300_000L, 300_000L, 2_000_000L, 20_000_000L),
            pick(own, 64 << 10, 64 << 10, 256, 40),
            pick(own, 0.0, 0.0, 0.0, 0.002)),
        pick(own, 0, 0, 0, 20, 150),
        swarm.leavesSick() && minInSync < replicas && own.nextInt(4) == 0
            ? own.nextInt(brokers)
            : NOBODY,
        swarm.draws(seed, Fault.FLIP_BIT) ? SHORT_SCRUB_MILLIS : USUAL_SCRUB_MILLIS,
        workload);
  }

  private static Map<Fault, Double> without(Set<Fault> excluded, Map<Fault, Double> rates) {
    rates.keySet().removeAll(excluded);
    return rates;
  }

  /** A seed of each round's own, for what is drawn anew in it. */
  static long mixed(long seed, int round) {
    return seed + round * 0x9E3779B97F4A7C15L;
  }

  @SafeVarargs
  static <T> T pick(SplittableRandom random, T... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** The same, but for what neither these nor the schedule say. */
  Options withSeed(long other) {
    return new Options(
        other,
        round,
        brokers,
        replicas,
        partitions,
        minInSync,
        durability,
        writers,
        readers,
        sessionMillis,
        flushIntervalMillis,
        safetyNanos,
        sendsPerSecond,
        faults,
        network,
        unknownWritesPerThousand,
        sick,
        scrubIntervalMillis,
        workload);
  }

  /** Whether every producer promises that no retry doubles or reorders. */
  boolean idempotent() {
    return writers.stream().allMatch(WriterOptions::idempotent);
  }

  /** Settings of every broker. */
  Map<String, String> brokerSettings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("cluster.session.timeout.ms", Integer.toString(sessionMillis));
    settings.put("cluster.connect.timeout.ms", "2000");
    settings.put("flush.interval.ms", Integer.toString(flushIntervalMillis));
    settings.put("checkpoint.interval.ms", "700");
    settings.put("scrub.interval.ms", Integer.toString(scrubIntervalMillis));
    if (workload == Workload.Kind.KEYED) {
      settings.put("compaction.interval.ms", "150");
    }
    return settings;
  }

  /** Of the topic. */
  Map<String, String> topicSettings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("durability", durability.label());
    settings.put("min.in.sync", Integer.toString(minInSync));
    return settings;
  }
}
