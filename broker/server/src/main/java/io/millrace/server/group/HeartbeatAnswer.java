package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.Set;

/** What a member is told. */
public sealed interface HeartbeatAnswer {
  /**
   * @param owned all it may read; what it holds besides it has to give up, and then to say so
   */
  record Told(int memberEpoch, Set<PartitionId> owned) implements HeartbeatAnswer {}

  /** It has left; nothing is expected of it any more. */
  record Bye() implements HeartbeatAnswer {}

  /** It is not a member, or not any more: it has to drop everything and to join anew. */
  record Fenced(String why) implements HeartbeatAnswer {}

  /** Nobody can say now: it asks again. */
  record Unavailable(String why) implements HeartbeatAnswer {}

  /** There are as many members as there may be. */
  record Full(String why) implements HeartbeatAnswer {}

  /** What it asks for cannot be; trying again does not help. */
  record Refused(String why) implements HeartbeatAnswer {}
}
