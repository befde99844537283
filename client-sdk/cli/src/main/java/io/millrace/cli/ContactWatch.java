package io.millrace.cli;

import io.millrace.client.Consumer;
import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import java.util.concurrent.TimeUnit;

/**
 * Tells a person who waits for records whether there are none or the cluster is not there: when
 * nothing has come for a while it asks the leaders where their logs end. On the main thread.
 */
final class ContactWatch {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Surroundings surroundings;
  private final Consumer<?, ?> consumer;
  private long lastNanos;
  private boolean lost;

  ContactWatch(Surroundings surroundings, Consumer<?, ?> consumer) {
    this.surroundings = surroundings;
    this.consumer = consumer;
    this.lastNanos = surroundings.clock().nanoTime();
  }

  /** After a poll that returned nothing. */
  void nothingCame() {
    if (surroundings.clock().nanoTime() - lastNanos < PATIENCE_NANOS) {
      return;
    }
    try {
      consumer.endOffsets(consumer.assignment());
      found();
    } catch (TimedOutException | ClusterUnreachableException | BrokerUnavailableException e) {
      lost(e);
    }
    lastNanos = surroundings.clock().nanoTime();
  }

  /** After a poll that returned records. */
  void recordsCame() {
    lastNanos = surroundings.clock().nanoTime();
    found();
  }

  private void lost(MillraceException e) {
    if (!lost) {
      lost = true;
      surroundings
          .error()
          .println(
              "no answer from the cluster (%s); still trying, Ctrl-C gives up"
                  .formatted(FailureReport.of(e).line()));
    }
  }

  private void found() {
    if (lost) {
      lost = false;
      surroundings.error().println("in contact with the cluster again");
    }
  }
}
