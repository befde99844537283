package io.millrace.server.partition;

import io.millrace.wire.v1.Durability;
import java.util.Locale;

/** What the levels of durability ask for. */
final class CommitRules {
  private CommitRules() {}

  /** Whether an acknowledgement of this level stands for more than this replica's memory. */
  static boolean waitsForOthers(Durability wanted) {
    return wanted == Durability.STANDARD || wanted == Durability.SYNCED;
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
