package io.millrace.server.cluster;

import io.millrace.coordination.election.LogPosition;
import io.millrace.server.partition.PartitionId;
import java.util.Map;

/** What this broker has of one partition. Owner: the store's loop, which is {@link Replicas}'s. */
final class Replica {
  /** Where it is in its life here. */
  enum Stage {
    /** Nothing has been done about it. */
    NEW,
    OPENING,
    OPEN,
    /** Its log is damaged, or its disk failed. */
    OFFLINE,
    /** Its data is on the way into the trash, or there and not yet confirmed. */
    DELETING,
    /** Nothing of it is left here. */
    DELETED
  }

  final PartitionId id;
  Stage stage = Stage.NEW;
  LogPosition position = LogPosition.NOTHING;
  int epochOnDisk = -1;
  int epochWritten = -1;
  int epochLed = -1;
  boolean electing;

  /** The topic's settings that it was opened with or told since. */
  Map<String, String> settings = Map.of();

  /** Whether this broker knows of no leader, and since when; over as many elections as it takes. */
  boolean leaderless;

  long leaderlessSinceNanos;

  /** Why it is not served although it could be; empty when all is well. Told once for each text. */
  String trouble = "";

  Replica(PartitionId id) {
    this.id = id;
  }

  ReplicaPlan.Local local() {
    return new ReplicaPlan.Local(true, stage == Stage.OPEN, epochOnDisk, epochWritten, epochLed);
  }

  boolean isBeingDeleted() {
    return stage == Stage.DELETING || stage == Stage.DELETED;
  }

  /** Something has been begun that must end before anything else is decided. */
  boolean isUnderWay() {
    return electing || stage == Stage.OPENING || isBeingDeleted();
  }
}
