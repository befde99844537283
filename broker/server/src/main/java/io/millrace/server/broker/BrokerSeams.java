package io.millrace.server.broker;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.view.ClusterViews;
import io.millrace.rpc.HttpTransport;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Transport;
import io.millrace.server.config.ClusterSettings;
import io.millrace.storage.files.Disk;

/**
 * What a broker reaches the world through.
 *
 * @param transport of this broker alone; stays the caller's to close, after the broker has stopped
 */
public record BrokerSeams(
    Transport transport, HttpOpener http, Disk disk, Tasks tasks, StoreOpener stores) {
  /** Opens what monitoring comes in by, which is the broker's to close. Only where it is on. */
  @FunctionalInterface
  public interface HttpOpener {
    /** For where it is off, JMX too, as in simulations. */
    HttpOpener OFF =
        () -> {
          throw new IllegalStateException("monitoring is off here: listener.metrics must be empty");
        };

    HttpTransport open();
  }

  /** Opens the cluster's store, with a session of its own; returns at once. */
  @FunctionalInterface
  public interface StoreOpener {
    /** ZooKeeper. */
    StoreOpener ZOOKEEPER =
        (settings, tasks) -> ClusterViews.openStore(settings.address(), settings.timeouts(), tasks);

    ClusterStore open(ClusterSettings settings, Tasks tasks);
  }
}
