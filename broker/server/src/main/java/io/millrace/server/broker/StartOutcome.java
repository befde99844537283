package io.millrace.server.broker;

import io.millrace.rpc.Endpoint;
import java.util.Optional;

/** What came of starting a broker. */
public sealed interface StartOutcome {
  /**
   * Registered, listening, and leading what it is to lead.
   *
   * @param client and internal: where it listens, with the ports that were bound
   * @param metrics likewise; empty when monitoring is off
   */
  record Ready(
      String clusterId,
      int brokerId,
      int incarnation,
      Endpoint client,
      Endpoint internal,
      Optional<Endpoint> metrics)
      implements StartOutcome {}

  /** Nothing of it is left running. */
  record Failed(Failure failure) implements StartOutcome {}
}
