package io.millrace.simulator;

import io.millrace.simulator.Act.Kind;
import java.util.SplittableRandom;

/** Draws what is written to the keyed topic in a round, and when somebody wants it compacted. */
final class KeyedScript {
  private static final double WRITES_PER_SECOND = 60;

  private final Options options;
  private final SplittableRandom random;
  private final GroupScript.Acts acts;

  KeyedScript(Options options, GroupScript.Acts acts) {
    this.options = options;
    this.random =
        new SplittableRandom(Options.mixed(options.seed(), options.round()) ^ 0x4B65797353L);
    this.acts = acts;
  }

  void write() {
    for (int i = 0; i < 3; i++) {
      acts.add(random.nextLong(options.safetyNanos()), Kind.READ_KEYS, 0, 0);
    }
    long count = (long) (WRITES_PER_SECOND * options.safetyNanos() / World.SECOND);
    for (long i = 0; i < count; i++) {
      acts.add(
          random.nextLong(options.safetyNanos()),
          random.nextInt(4) == 0 ? Kind.DELETE_KEY : Kind.WRITE_KEY,
          random.nextInt(KeyedWorkload.WRITERS),
          random.nextInt(KeyedWriter.KEYS));
    }
    for (int i = random.nextInt(6); i > 0; i--) {
      acts.add(random.nextLong(options.safetyNanos()), Kind.COMPACT, 0, 0);
    }
    if (random.nextInt(3) == 0) {
      acts.add(
          random.nextLong(options.safetyNanos()),
          Kind.KILL_KEYED_WRITER,
          random.nextInt(KeyedWorkload.WRITERS),
          0);
    }
  }
}
