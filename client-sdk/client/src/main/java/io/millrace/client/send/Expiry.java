package io.millrace.client.send;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Timer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ends records whose delivery time-out has passed, wherever they are. On the client's loop.
 *
 * <p>One timer for all: it looks at everything when the oldest may be due, which is about once for
 * each delivery time-out.
 */
final class Expiry {
  private static final long LEAST_PAUSE_NANOS = MILLISECONDS.toNanos(1);

  private final SendEngine engine;
  private @Nullable Timer timer;

  Expiry(SendEngine engine) {
    this.engine = engine;
  }

  /** There is something to send. */
  void watch() {
    if (timer == null) {
      timer =
          engine.cluster().loop().schedule(engine.settings().deliveryTimeoutNanos(), this::look);
    }
  }

  void stop() {
    if (timer != null) {
      timer.cancel();
    }
  }

  private void look() {
    timer = null;
    long now = engine.nowNanos();
    long timeoutNanos = engine.settings().deliveryTimeoutNanos();
    long oldestLeft = Math.max(expireInFlight(now, timeoutNanos), expireQueued(now, timeoutNanos));
    if (oldestLeft >= 0) {
      long pause = Math.max(timeoutNanos - oldestLeft, LEAST_PAUSE_NANOS);
      timer = engine.cluster().loop().schedule(pause, this::look);
    }
  }

  /** Returns the age of the oldest that is left; negative when there is none. */
  private long expireInFlight(long now, long timeoutNanos) {
    long oldestLeft = -1;
    for (ProduceExchange exchange : engine.exchanges()) {
      for (Share share : exchange.untold()) {
        for (SendBatch batch : share.batches()) {
          long age = now - batch.begunNanos();
          if (age < timeoutNanos) {
            oldestLeft = Math.max(oldestLeft, age);
          } else {
            engine
                .endings()
                .giveUp(
                    batch,
                    new OutcomeUnknownException(
                        share.sender().partition() + ": no answer within the delivery time-out"));
          }
        }
      }
    }
    return oldestLeft;
  }

  private long expireQueued(long now, long timeoutNanos) {
    long oldestLeft = -1;
    for (PartitionSender sender : engine.senders()) {
      List<SendBatch> expired = new ArrayList<>();
      sender.queue().takeBegunBefore(now - timeoutNanos, expired);
      if (!expired.isEmpty()) {
        expired.stream()
            .filter(SendBatch::isNumbered)
            .forEach(batch -> sender.numbering().gaveUp(batch.order()));
        engine.endings().giveUp(expired, timedOut(sender));
      }
      oldestLeft = Math.max(oldestLeft, sender.queue().oldestAgeNanos(now));
    }
    return oldestLeft;
  }

  private MillraceException timedOut(PartitionSender sender) {
    return engine
        .cluster()
        .late(
            sender.troubledBy(),
            sender.partition()
                + ": not sent within the delivery time-out"
                + (sender.trouble().isEmpty() ? "" : "; " + sender.trouble()));
  }
}
