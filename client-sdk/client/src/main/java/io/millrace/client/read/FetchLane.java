package io.millrace.client.read;

import io.millrace.rpc.Connection;
import io.millrace.rpc.Timer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is fetched from one broker. On the client's loop.
 *
 * <p>A partition that may be fetched does not wait for a request that others wait in: it gets one
 * of its own, up to a few for each broker. Partitions that come free together go together, so that
 * requests merge again.
 */
final class FetchLane {
  private static final int MAX_REQUESTS = 8;
  private static final int DEFAULT_MAX_PARTITIONS = 1000;

  private final FetchEngine engine;
  private final int brokerId;
  private final LinkedHashSet<PartitionFetch> ready = new LinkedHashSet<>();
  private int inFlight;
  private int failures;
  private @Nullable Timer retry;

  FetchLane(FetchEngine engine, int brokerId) {
    this.engine = engine;
    this.brokerId = brokerId;
  }

  void add(PartitionFetch fetch) {
    ready.add(fetch);
  }

  void remove(PartitionFetch fetch) {
    ready.remove(fetch);
  }

  /** Sends what may be sent now. */
  void pump() {
    if (ready.isEmpty() || inFlight >= MAX_REQUESTS) {
      return;
    }
    long room = engine.room();
    if (room <= 0) {
      return; // until something is consumed
    }
    Connection connection = engine.cluster().connection(brokerId);
    if (connection == null) {
      notConnected();
      return;
    }
    failures = 0;
    if (!connection.canSend(0)) {
      return; // until onBroker
    }
    int most = connection.hello().getLimits().getMaxPartitionsPerRequest();
    List<Asked> asked = new ArrayList<>();
    for (PartitionFetch fetch : List.copyOf(ready)) {
      if (asked.size() == (most > 0 ? most : DEFAULT_MAX_PARTITIONS)) {
        break;
      }
      if (engine.mayFetch(fetch)) {
        Asked question = engine.ask(fetch);
        if (question != null) {
          asked.add(question);
        }
      }
    }
    if (!asked.isEmpty()) {
      new FetchExchange(engine, this, connection, asked).send(room);
    }
  }

  /** Until its connection opens; perhaps others lead by then. */
  private void notConnected() {
    if (retry == null) {
      long millis = engine.cluster().backoffMillis(++failures);
      retry =
          engine.cluster().loop().schedule(TimeUnit.MILLISECONDS.toNanos(millis), this::retryNow);
    }
  }

  private void retryNow() {
    retry = null;
    for (PartitionFetch fetch : ready) {
      engine.cluster().lookAgain(fetch.partition().topic());
    }
    pump();
  }

  void sent() {
    inFlight++;
  }

  void answered() {
    inFlight--;
  }
}
