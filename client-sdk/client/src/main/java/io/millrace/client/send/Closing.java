package io.millrace.client.send;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Timer;

/** The end of a producer: what is queued is sent, until the time is up. On the client's loop. */
final class Closing {
  private static final long FINISHING_NANOS = MILLISECONDS.toNanos(1);

  private final SendEngine engine;
  private final ClosedException why;
  private final Runnable done;
  private final Timer limit;
  private boolean ended;

  Closing(SendEngine engine, ClosedException why, long timeoutNanos, Runnable done) {
    this.engine = engine;
    this.why = why;
    this.done = done;
    this.limit = engine.cluster().loop().schedule(timeoutNanos, this::giveUp);
  }

  private void giveUp() {
    for (ProduceExchange exchange : engine.exchanges()) {
      for (Share share : exchange.untold()) {
        engine
            .endings()
            .giveUp(
                share.batches(),
                new OutcomeUnknownException(
                    share.sender().partition()
                        + ": the producer was closed before the answer came"));
      }
    }
    boolean empty = true;
    for (PartitionSender sender : engine.senders()) {
      engine.abandon(sender, why);
      empty &= sender.queue().isEmpty();
    }
    if (empty) {
      end();
    } else {
      // A caller is about to finish a batch: a moment more.
      engine.cluster().loop().schedule(FINISHING_NANOS, this::giveUp);
    }
  }

  /** Every record has ended. */
  void end() {
    if (!ended) {
      ended = true;
      limit.cancel();
      done.run();
    }
  }
}
