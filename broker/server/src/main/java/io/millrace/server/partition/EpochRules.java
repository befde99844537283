package io.millrace.server.partition;

import io.millrace.wire.v1.ErrorCode;
import java.util.Optional;
import java.util.OptionalInt;

/** Whether this replica may serve somebody who believes in a certain leader epoch. */
final class EpochRules {
  private EpochRules() {}

  /** Empty: it leads, and in the epoch asked for. */
  static Optional<Refusal> check(Role role, OptionalInt believed) {
    if (role instanceof Role.Offline offline) {
      return Optional.of(new Refusal(ErrorCode.STORAGE_FAILED, offline.whyNotLeading()));
    }
    if (!(role instanceof Role.Leader leader)) {
      return Optional.of(Refusal.notLeader(role, "not the leader: " + role.whyNotLeading()));
    }
    if (believed.isEmpty() || believed.getAsInt() == leader.epoch()) {
      return Optional.empty();
    }
    return believed.getAsInt() < leader.epoch()
        ? Optional.of(
            new Refusal(
                ErrorCode.FENCED_EPOCH,
                "leader epoch "
                    + believed.getAsInt()
                    + " is over, "
                    + leader.epoch()
                    + " is the present one; read the metadata again"))
        : Optional.of(
            new Refusal(
                ErrorCode.UNKNOWN_EPOCH,
                "leader epoch "
                    + Integer.toUnsignedString(believed.getAsInt())
                    + " is not known here yet, "
                    + leader.epoch()
                    + " is; retry"));
  }
}
