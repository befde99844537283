package io.millrace.server.partition;

import io.millrace.server.replica.PartitionState;
import java.util.Optional;

/**
 * What this replica is to its partition.
 *
 * <pre>
 *   Idle ──lead(epoch)──> Preparing ──as soon as no cut is under way──> Leader
 *    ^ │                      │  ^                                        │
 *    │ └─follow(epoch)─> Follower┘ (each into each, by a higher           │
 *    │                        │     epoch only)                           │
 *    └──────────────────── step down ─────────────────────────────────────┘
 *   any ──storage failed──> Offline (until the broker starts again)
 * </pre>
 */
public sealed interface Role {
  /** Why this replica does not lead, as a clause: "broker 3 leads". */
  String whyNotLeading();

  /** Leads in this very epoch, or is about to. */
  default boolean isInEpoch(int epoch) {
    return false;
  }

  /** Who does, where that is known. */
  default Optional<KnownLeader> knownLeader() {
    return Optional.empty();
  }

  /** What of the partition's node says so, for other replicas. */
  default Optional<PartitionState> evidence() {
    return Optional.empty();
  }

  /** Neither leads nor follows. */
  record Idle(String whyNotLeading) implements Role {}

  /**
   * Elected; its log is still being cut on behalf of an earlier leader, and until then it waits.
   */
  record Preparing(int epoch) implements Role {
    @Override
    public boolean isInEpoch(int other) {
      return other == epoch;
    }

    @Override
    public String whyNotLeading() {
      return "this broker is about to lead in epoch " + epoch;
    }
  }

  /**
   * Serves.
   *
   * @param startOffset of the epoch; what is before it was written by earlier leaders
   */
  record Leader(int epoch, long startOffset) implements Role {
    @Override
    public boolean isInEpoch(int other) {
      return other == epoch;
    }

    @Override
    public String whyNotLeading() {
      throw new IllegalStateException("leads");
    }
  }

  /**
   * Copies what another broker has.
   *
   * @param node what says so
   */
  record Follower(PartitionState node) implements Role {
    /** Of the leader: fetches name it, and only answers to such are taken. */
    int epoch() {
      return node.leaderEpoch();
    }

    @Override
    public String whyNotLeading() {
      return "broker " + node.leader() + " leads";
    }

    @Override
    public Optional<KnownLeader> knownLeader() {
      return Optional.of(new KnownLeader(node.leader(), epoch()));
    }

    @Override
    public Optional<PartitionState> evidence() {
      return Optional.of(node);
    }
  }

  /** Its log cannot be trusted or written any more. */
  record Offline(String whyNotLeading) implements Role {}
}
