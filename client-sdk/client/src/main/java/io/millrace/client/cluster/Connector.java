package io.millrace.client.cluster;

import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;

/** Opens connections on the client's loop. */
@FunctionalInterface
public interface Connector {
  /**
   * Opens one.
   *
   * @param clusterId empty: any; else a broker of another cluster is refused
   */
  void connect(Endpoint to, String clusterId, Connection.Listener listener);
}
