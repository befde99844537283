package io.millrace.server.partition;

import io.millrace.server.replica.PartitionState;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import java.util.Optional;

/**
 * Why something that was asked for is not done: the code for programs, the text for people.
 *
 * @param leader whom to ask instead
 * @param node what of the partition's node says so, where another replica may go by it
 */
public record Refusal(
    ErrorCode code, String message, Optional<KnownLeader> leader, Optional<PartitionState> node) {
  public Refusal(ErrorCode code, String message) {
    this(code, message, Optional.empty());
  }

  public Refusal(ErrorCode code, String message, Optional<KnownLeader> leader) {
    this(code, message, leader, Optional.empty());
  }

  /** Of a replica that does not lead, in whatever role it is. */
  static Refusal notLeader(Role role, String message) {
    return new Refusal(ErrorCode.NOT_LEADER, message, role.knownLeader(), role.evidence());
  }

  public Error toError() {
    Error.Builder error = Error.newBuilder().setCode(code).setMessage(message);
    leader.ifPresent(known -> error.setLeader(known.toHint()));
    return error.build();
  }
}
