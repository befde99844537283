package io.millrace.server.cluster;

import io.millrace.coordination.election.LogPosition;
import io.millrace.server.partition.PartitionId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What this broker has of one partition. Owner: the store's loop, which is {@link Replicas}'s. */
final class Replica {
  /** Where it is in its life here. */
  enum Stage {
    /** Nothing has been done about it. */
    NEW,
    OPENING,
    OPEN,
    /** Its log is damaged, or its disk failed or was full. */
    OFFLINE,
    /** It leaves the sets, or what is left of it is put aside, to be copied anew. */
    REPAIRING,
    /** Its data is on the way into the trash, or there and not yet confirmed. */
    DELETING,
    /** Nothing of it is left here. */
    DELETED
  }

  final PartitionId id;
  Stage stage = Stage.NEW;
  LogPosition position = LogPosition.NOTHING;

  /**
   * Offline since it was opened last, and to be copied anew once it is out of the sets. Nothing is
   * to be decided by what it was found to be.
   */
  boolean isDamaged;

  /** What is wrong with it then; empty when nothing is. */
  String damage = "";

  /** When it was opened last, and how long it had been waited for, if it had failed before. */
  long openedNanos;

  long reopenedAfterNanos;

  /** In which it led when its log failed: it leads in none that it has to resume. */
  int epochSpent = -1;

  int epochOnDisk = -1;
  int epochWritten = -1;
  int epochLed = -1;

  /** The last one that it has begun: told by the partition when it serves. */
  int epochBegun = -1;

  /**
   * The highest one that the partition was told to lead or follow in: in later ones nobody counts
   * on what this copy holds by what it has fetched.
   */
  int epochTold = -1;

  /** In which it was elected; what is written for it is written in that life only. */
  int incarnationLed;

  /** Whom it copies from, or is about to; null for nobody. */
  ReplicaPlan.@Nullable Follow followed;

  /** It is out of the in-sync set and copies nothing, since this broker is stopping. */
  boolean hasLeft;

  /** How many roles the partition has been given: what belongs to an earlier one is dropped. */
  int rolesTold;

  /** The version of the partition's node that the partition has been told of last. */
  int versionTold = -1;

  /** The brokers that the partition was told are up, last. */
  Map<Integer, Integer> upTold = Map.of();

  /** It is about to be led elsewhere. */
  boolean handingOver;

  /** Whether, and since when, the replica that is preferred to this leader could take over. */
  boolean preferredReady;

  long preferredReadySinceNanos;

  boolean electing;

  /** An unclean election comes next, unless somebody who can lead comes back before. */
  boolean waitsForUnclean;

  /** A later look at it is waited for. */
  boolean isLookedAtLater;

  /** By which picture of the cluster it began to: what comes meanwhile is not missed. */
  long electingOn;

  /** How often it may take a silent leader's place. */
  final SuspicionBudget suspicions = new SuspicionBudget();

  /** The topic's settings that it was opened with or told since. */
  Map<String, String> settings = Map.of();

  /** The topic's, of that time: what is not set may depend on it. */
  int replicationFactor;

  /** Whether this broker knows of no leader, and since when; over as many elections as it takes. */
  boolean leaderless;

  long leaderlessSinceNanos;

  /** Why it is not served although it could be; empty when all is well. Told once for each text. */
  String trouble = "";

  /** The trouble is that the cluster's store had an older state at the last election. */
  boolean hasStoreGoneBack;

  /** Bytes of its log are not what was written, and nobody should lead by it who need not. */
  boolean hasDamage;

  Replica(PartitionId id) {
    this.id = id;
  }

  ReplicaPlan.Local local() {
    return new ReplicaPlan.Local(
        true, stage == Stage.OPEN, epochOnDisk, epochWritten, epochLed, followed);
  }

  /** Of this partition, by this broker; -1 for none. */
  int highestEpochSeen() {
    return Math.max(epochOnDisk, Math.max(epochWritten, epochTold));
  }

  /** It leads, and serves; without room on the disk it comes to that only when there is some. */
  boolean hasBegun() {
    return epochLed >= 0 && epochBegun == epochLed;
  }

  boolean isFollowing() {
    return followed != null;
  }

  boolean isBeingDeleted() {
    return stage == Stage.DELETING || stage == Stage.DELETED;
  }

  /** Something has been begun that must end before anything else is decided. */
  boolean isUnderWay() {
    return electing || stage == Stage.OPENING || stage == Stage.REPAIRING || isBeingDeleted();
  }
}
