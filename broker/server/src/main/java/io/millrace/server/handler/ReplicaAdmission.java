package io.millrace.server.handler;

import io.millrace.rpc.InboundRequest;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Follower;
import java.util.Optional;

/**
 * Who may fetch as a replica: a registered broker in its present incarnation, on the internal
 * listener. A client that claims to be one would be counted for what it does not hold (B47).
 */
@FunctionalInterface
interface ReplicaAdmission {
  /** Where there are no other brokers. */
  ReplicaAdmission NOBODY =
      (request, follower) ->
          Optional.of(
              new Refusal(
                  ErrorCode.NOT_AUTHORISED,
                  "only brokers of this cluster fetch as replicas, on the internal listener"));

  /** On the request's loop: empty when it may. */
  Optional<Refusal> check(InboundRequest request, Follower follower);
}
