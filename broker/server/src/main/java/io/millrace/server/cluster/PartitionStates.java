package io.millrace.server.cluster;

import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.election.SetsWrite;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import io.millrace.server.replica.SetsOutcome;
import java.util.Optional;
import java.util.OptionalInt;

/** What the cluster's store says, in the words of replication. */
final class PartitionStates {
  private PartitionStates() {}

  static PartitionState of(PartitionImage image) {
    return new PartitionState(
        image.version(),
        image.replicas(),
        image.leader().orElse(PartitionState.NOBODY),
        image.leaderIncarnation(),
        image.leaderEpoch(),
        image.inSync(),
        image.eligible(),
        image.soleFlushed());
  }

  /** As it would have been read, but for what is for people. */
  static PartitionImage image(int partition, PartitionState state) {
    return new PartitionImage(
        partition,
        state.replicas(),
        OptionalInt.of(state.leader()),
        state.leaderIncarnation(),
        state.leaderEpoch(),
        state.inSync(),
        state.eligible(),
        state.soleFlushed(),
        "",
        state.version());
  }

  /**
   * @param flushed how far the leader's log is on its disk
   */
  static SetsWrite.Change of(SetsChange change, LogPosition flushed, int leader, int incarnation) {
    return new SetsWrite.Change(
        change.expectedVersion(),
        leader,
        incarnation,
        change.leaderEpoch(),
        change.inSync(),
        change.eligible(),
        change.soleFlushed(),
        Optional.of(flushed),
        change.admitted(),
        change.why());
  }

  static SetsOutcome of(SetsWrite.Outcome outcome) {
    if (outcome instanceof SetsWrite.Outcome.Written written) {
      return new SetsOutcome.Written(of(written.now()));
    }
    if (outcome instanceof SetsWrite.Outcome.Moved moved) {
      return new SetsOutcome.Moved(of(moved.now()));
    }
    return outcome instanceof SetsWrite.Outcome.Unknown unknown
        ? new SetsOutcome.Unknown(unknown.why())
        : new SetsOutcome.Refused(((SetsWrite.Outcome.Refused) outcome).why());
  }
}
