package io.millrace.simulator;

import io.millrace.simulator.Act.Kind;
import io.millrace.simulator.Options.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Sequences of faults that are known to hurt and that random mixing hardly ever hits (reliability
 * 3.3, 4). Who plays which part, and how long a step takes, is drawn.
 */
final class Script {
  private static final long MILLI = 1_000_000;
  private static final long BOUNCE_NANOS = 5 * MILLI;

  /** A safety phase has room for so many steps. */
  private static final int STEPS = 9;

  private final Options options;
  private final SplittableRandom random;
  private final Consumer<Act> acts;

  /** In the order of their parts. */
  private final List<Integer> cast = new ArrayList<>();

  private long now;

  Script(Options options, SplittableRandom random, Consumer<Act> acts) {
    this.options = options;
    this.random = random;
    this.acts = acts;
    for (int broker = 0; broker < options.brokers(); broker++) {
      cast.add(random.nextInt(broker + 1), broker);
    }
  }

  void write(Fault fault) {
    switch (fault) {
      case NEW_TOPIC -> newTopic();
      case SHUFFLE -> shuffle();
      case LAST_STANDING -> lastStanding();
      case LONELY_EPOCHS -> lonelyEpochs();
      case LOST_NODES -> lostNodes();
      default -> throw new IllegalArgumentException(fault + " is no script");
    }
  }

  /** F37. What the one who was away has of the old topic must not become the new one's. */
  private void newTopic() {
    int away = random.nextInt(3);
    if (away > 0) {
      act(away == 1 ? Kind.KILL : Kind.STOP, cast.get(0), 0);
    }
    now += random.nextLong(2 * MILLI);
    act(Kind.RECREATE_TOPIC, 0, 0);
    later();
    if (away > 0) {
      act(Kind.START, cast.get(0), 0);
    }
  }

  /**
   * F09. Whoever has slept through what was committed must not decide when the one that has it is
   * dark.
   */
  private void shuffle() {
    if (cast.size() < 3) {
      return;
    }
    List<Integer> old = cast.subList(2, cast.size());
    later();
    act(Kind.PAUSE, old);
    later();
    later();
    act(Kind.LOSE_POWER, cast.get(1), 1_000);
    now += random.nextLong(20 * MILLI);
    act(Kind.PAUSE, cast.get(0), 0);
    act(Kind.RESUME, old);
    later();
    later();
    act(Kind.RESUME, cast.get(0), 0);
    later();
    act(Kind.START, cast.get(1), 0);
  }

  /** F13. It has committed nothing alone, and what it has lost others hold. */
  private void lastStanding() {
    List<Integer> others = cast.subList(1, cast.size());
    later();
    for (int other : others) {
      act(random.nextInt(3) == 0 ? Kind.STOP : Kind.KILL, other, 0);
      now += random.nextLong(30 * MILLI);
    }
    later();
    later();
    act(Kind.LOSE_POWER, cast.get(0), 1_000);
    now += BOUNCE_NANOS;
    act(Kind.START, cast.get(0), 0);
    later();
    act(Kind.START, others);
  }

  /** What it wrote in epochs of its own, the others have not; they lead, and it has to cut. */
  private void lonelyEpochs() {
    List<Integer> others = cast.subList(1, cast.size());
    act(Kind.KILL, others);
    later();
    for (int i = 0; i < 3; i++) {
      act(Kind.KILL, cast.get(0), 0);
      now += BOUNCE_NANOS;
      act(Kind.START, cast.get(0), 0);
      later();
    }
    act(Kind.KILL, cast.get(0), 0);
    now += BOUNCE_NANOS;
    act(Kind.START, others);
    later();
    later();
    act(Kind.START, cast.get(0), 0);
  }

  /** B76. Who starts while nothing says that there is such a topic must keep what it has of it. */
  private void lostNodes() {
    List<Integer> bounced = cast.subList(random.nextInt(cast.size()), cast.size());
    later();
    later();
    act(Kind.HIDE_TOPIC, 0, 0);
    now += random.nextLong(30 * MILLI);
    act(random.nextBoolean() ? Kind.KILL : Kind.STOP, bounced);
    now += random.nextLong(30 * MILLI);
    act(Kind.START, bounced);
    later();
    later();
    later();
    act(Kind.SHOW_TOPIC, 0, 0);
  }

  private void later() {
    long step = options.safetyNanos() / STEPS;
    now += random.nextLong(step / 2, step + step / 4);
  }

  private void act(Kind kind, List<Integer> all) {
    all.forEach(one -> act(kind, one, 0));
  }

  private void act(Kind kind, int who, int other) {
    if (now < options.safetyNanos()) {
      acts.accept(new Act(now, kind, who, other));
    }
  }
}
