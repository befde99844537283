package io.millrace.dist;

import io.millrace.server.broker.Failure;
import io.millrace.server.broker.StartOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The brokers of this process: one, or several in {@code dev}. They live together: when one cannot
 * start or go on, all stop. Owned by the main thread, but for {@link #interrupt}.
 */
final class RunningBrokers implements AutoCloseable {
  private final List<RunningBroker> brokers = new ArrayList<>();
  private final CompletableFuture<Void> interrupted = new CompletableFuture<>();

  void start(RunningBroker broker) {
    brokers.add(broker);
  }

  /** From any thread: whatever is waited for ends, and the brokers are to stop. */
  void interrupt() {
    interrupted.complete(null);
  }

  /**
   * Empty when interrupted first.
   *
   * @throws io.millrace.cli.CommandFailedException why one of them did not start
   */
  Optional<List<StartOutcome.Ready>> awaitReady() {
    List<StartOutcome.Ready> ready = new ArrayList<>();
    for (RunningBroker broker : brokers) {
      CompletableFuture.anyOf(broker.started(), interrupted).join();
      if (interrupted.isDone()) {
        return Optional.empty();
      }
      StartOutcome outcome = broker.started().join();
      if (outcome instanceof StartOutcome.Failed failed) {
        throw RunningBroker.report(failed.failure());
      }
      ready.add((StartOutcome.Ready) outcome);
    }
    return Optional.of(ready);
  }

  /**
   * Returns when interrupted.
   *
   * @throws io.millrace.cli.CommandFailedException why one of them cannot go on
   */
  void awaitEnd() {
    List<CompletableFuture<?>> ends = new ArrayList<>();
    ends.add(interrupted);
    brokers.forEach(broker -> ends.add(broker.failed()));
    Object first = CompletableFuture.anyOf(ends.toArray(new CompletableFuture<?>[0])).join();
    if (first instanceof Failure failure) {
      throw RunningBroker.report(failure);
    }
  }

  @Override
  public void close() {
    brokers.forEach(RunningBroker::close);
  }
}
