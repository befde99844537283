package io.millrace.rpc;

import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** The machine's own time, threads and randomness: what every process but a simulation runs on. */
public final class SystemTasks implements Tasks {
  static final Clock SYSTEM_CLOCK = new SystemClock();

  private final RandomGenerator random = new PerThreadRandom();
  private final String threadPrefix;

  public SystemTasks() {
    this("");
  }

  /**
   * @param threadPrefix before the names of all workers, where several servers share a process
   */
  public SystemTasks(String threadPrefix) {
    this.threadPrefix = threadPrefix;
  }

  @Override
  public Clock clock() {
    return SYSTEM_CLOCK;
  }

  @Override
  public RandomGenerator random() {
    return random;
  }

  @Override
  public Worker worker(String name) {
    return new WorkerThread(threadPrefix + name);
  }

  private static final class SystemClock implements Clock {
    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public long wallMillis() {
      return System.currentTimeMillis();
    }
  }

  /**
   * A generator of its own for each thread that asks, so that no two contend; each seeded from the
   * system's entropy, so that processes started together do not draw alike.
   */
  private static final class PerThreadRandom implements RandomGenerator {
    private final ThreadLocal<SplittableRandom> perThread =
        ThreadLocal.withInitial(() -> new SplittableRandom(new SecureRandom().nextLong()));

    @Override
    public long nextLong() {
      return perThread.get().nextLong();
    }
  }
}
