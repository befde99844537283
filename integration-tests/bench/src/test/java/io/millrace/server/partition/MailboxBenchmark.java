package io.millrace.server.partition;

import io.millrace.storage.ManualLoop;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What a request costs that has to go to another loop: without the thread's wake-up, which is the
 * kernel's, and with other posters in the way or not.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MailboxBenchmark {
  private static final int BURST = 100;

  /** Of the poster and the owner in turn. */
  @State(Scope.Thread)
  public static class Alone {
    private final ManualLoop loop = new ManualLoop("loop-0");
    private final Mailbox mailbox = new Mailbox(loop, 10_000);
    private long handled;

    private void handle() {
      handled++;
    }
  }

  @Benchmark
  @OperationsPerInvocation(BURST)
  public long burst(Alone state) {
    for (int i = 0; i < BURST; i++) {
      if (!state.mailbox.offer(state::handle)) {
        throw new IllegalStateException("the mailbox is full");
      }
    }
    state.loop.runAll();
    return state.handled;
  }

  @Benchmark
  public long single(Alone state) {
    if (!state.mailbox.offer(state::handle)) {
      throw new IllegalStateException("the mailbox is full");
    }
    state.loop.runAll();
    return state.handled;
  }
}
