package io.millrace.server.coordinator;

import io.millrace.coordination.topics.TopicRequest;
import io.millrace.coordination.view.TopicNames;
import io.millrace.server.partition.PartitionId;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The internal topic that groups are kept in. Only coordinators write to it, each to the partitions
 * it leads; nobody deletes or alters it: with another number of partitions, groups would be looked
 * for where they are not.
 */
public final class GroupsTopic {
  public static final String NAME = "__groups";

  private static final int PARTITIONS = 16;
  private static final String ID_PREFIX = NAME + "~";
  private static final String COLLISION_KEY = TopicNames.collisionKey(NAME);

  private GroupsTopic() {}

  /** Whether a name is this topic's, or so near to it that it could not stand beside it. */
  public static boolean isName(String name) {
    return TopicNames.collisionKey(name).equals(COLLISION_KEY);
  }

  public static boolean isId(String topicId) {
    return topicId.startsWith(ID_PREFIX);
  }

  /** What a group is told that wants to write to it, delete it or change it. */
  public static String whyNot() {
    return "topic " + NAME + " is the brokers' own: groups are kept in it";
  }

  /** As it is created when a group is looked for first: it keeps the latest of everything. */
  static TopicRequest toCreate(int replicas) {
    return new TopicRequest(
        NAME,
        PARTITIONS,
        OptionalInt.of(replicas),
        Map.of("cleanup", "compact", "segment.bytes", Integer.toString(16 << 20)));
  }

  /** Where a group is kept: for ever the same, in every broker of every version. */
  static PartitionId partitionOf(String groupId, String topicId, int partitionCount) {
    return new PartitionId(topicId, Math.floorMod(groupId.hashCode(), partitionCount));
  }
}
