package io.millrace.server.partition;

import io.millrace.wire.v1.Durability;
import java.util.Locale;

/** How far consumers may see, and what an acknowledgement may claim, with one in-sync replica. */
final class CommitRules {
  private CommitRules() {}

  /**
   * A lone in-sync replica counts up to its flushed end, unless the topic's level is {@code
   * leader}: nothing that a power loss could take back is ever shown.
   */
  static long highWatermark(Durability topicLevel, long logEnd, long flushedEnd) {
    return topicLevel == Durability.LEADER ? logEnd : flushedEnd;
  }

  /** Whether an acknowledgement of this level waits for the disk. */
  static boolean waitsForFlush(Durability wanted) {
    return wanted == Durability.STANDARD || wanted == Durability.SYNCED;
  }

  /** Whether appends must reach the disk soon although no producer waits: somebody reads them. */
  static boolean visibilityWaitsForFlush(Durability topicLevel) {
    return topicLevel != Durability.LEADER;
  }

  /** Levels of a request are in the order of what they promise. */
  static boolean isLower(Durability wanted, Durability topicLevel) {
    return wanted.getNumber() < topicLevel.getNumber();
  }

  /** As settings and the command line have it. */
  static String name(Durability level) {
    return level.name().toLowerCase(Locale.ROOT);
  }

  static Durability orTopicLevel(Durability requested, Durability topicLevel) {
    return requested == Durability.DURABILITY_UNSPECIFIED ? topicLevel : requested;
  }
}
