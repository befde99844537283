package io.millrace.server.broker;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.HttpTransport;
import io.millrace.server.metrics.BrokerMetrics;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The address where monitoring asks, if there is to be one; open from the first step of the start
 * to the last of the stop. On the housekeeping worker, but for {@link #address}.
 */
final class Monitoring {
  private @Nullable HttpTransport transport;
  private volatile Optional<Endpoint> address = Optional.empty();

  /**
   * Blocks until bound.
   *
   * @throws Listeners.CannotListen nothing is left open then
   */
  void open(BrokerSeams.HttpOpener opener, Optional<Endpoint> at, BrokerMetrics metrics)
      throws Listeners.CannotListen {
    if (at.isEmpty()) {
      return;
    }
    HttpTransport opened = opener.open();
    try {
      address = Optional.of(opened.listen(at.get(), metrics.pages()).address());
      transport = opened;
    } catch (IOException e) {
      opened.close();
      throw new Listeners.CannotListen("listener.metrics=" + at.get() + ": " + e.getMessage(), e);
    }
  }

  /** Where it listens, with the port that was bound; empty when it is off. Any thread. */
  Optional<Endpoint> address() {
    return address;
  }

  void close() {
    if (transport != null) {
      transport.close();
      transport = null;
    }
  }
}
