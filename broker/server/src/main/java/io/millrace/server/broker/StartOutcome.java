package io.millrace.server.broker;

import io.millrace.rpc.Endpoint;

/** What came of starting a broker. */
public sealed interface StartOutcome {
  /**
   * Registered, listening, and leading what it is to lead.
   *
   * @param client and internal: where it listens, with the ports that were bound
   */
  record Ready(String clusterId, int brokerId, int incarnation, Endpoint client, Endpoint internal)
      implements StartOutcome {}

  /** Nothing of it is left running. */
  record Failed(Failure failure) implements StartOutcome {}
}
