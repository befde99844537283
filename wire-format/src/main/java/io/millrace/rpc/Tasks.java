package io.millrace.rpc;

import java.util.random.RandomGenerator;

/** Time, threads and randomness: nothing else in main code reads a clock or starts a thread. */
public interface Tasks {
  Clock clock();

  /** Not for secrets. May be used from any thread. */
  RandomGenerator random();

  /** A new thread of this name, which may block. It lives until {@link Worker#stop}. */
  Worker worker(String name);

  /** A loop without links, on a thread of its own. */
  interface Worker extends EventLoop {
    /** Runs what was submitted before, then ends; later submissions and timers are dropped. */
    void stop();

    /** Waits until the thread has ended; false when it has not within the time. */
    boolean awaitStopped(long timeoutNanos) throws InterruptedException;
  }
}
