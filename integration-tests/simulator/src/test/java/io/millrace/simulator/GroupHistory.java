package io.millrace.simulator;

import io.millrace.simulator.Violation.Rule;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.GroupLogBytes;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.v1.GroupLogKey;
import io.millrace.wire.v1.GroupLogMember;
import io.millrace.wire.v1.GroupLogOffset;
import io.millrace.wire.v1.GroupLogPartitions;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Walks the log that a group is kept in, in its order, which is the order in which things were
 * decided: at no time has a partition two owners (I7), every commit is of the member that holds the
 * partition (R20), and none goes back (I6). Nothing of it may have been compacted.
 */
final class GroupHistory {
  private final World world;
  private final String topicId;
  private final Map<String, GroupLogMember> members = new TreeMap<>();
  private final Map<Integer, Long> offsets = new HashMap<>();

  /**
   * @param topicId of the topic that is shared
   */
  GroupHistory(World world, String topicId) {
    this.world = world;
    this.topicId = topicId;
  }

  /** A segment of it, the oldest first. */
  void read(byte[] segment) {
    BatchIterator batches = new BatchIterator();
    RecordCursor records = new RecordCursor();
    batches.over(ByteBuffer.wrap(segment));
    while (batches.next()) {
      records.over(batches.batch());
      while (records.next()) {
        ByteBuffer key = records.key();
        if (key != null) {
          take(records.offset(), GroupLogBytes.key(key), records.value());
        }
      }
      owners(batches.batch().baseOffset()); // what is decided at once is written at once
    }
  }

  private void take(long at, GroupLogKey key, @Nullable ByteBuffer value) {
    if (!key.getGroupId().equals(GroupMember.GROUP)) {
      return;
    }
    switch (key.getWhatCase()) {
      case MEMBER -> {
        if (value == null) {
          members.remove(key.getMember());
        } else {
          members.put(key.getMember(), GroupLogBytes.value(value).getMember());
        }
      }
      case OFFSET -> {
        if (value != null && key.getOffset().getTopicId().equals(topicId)) {
          commit(at, key.getOffset().getPartition(), GroupLogBytes.value(value).getOffset());
        }
      }
      default -> {
        // Who shall have what is not who has it.
      }
    }
  }

  private void owners(long at) {
    Map<Integer, String> owners = new HashMap<>();
    members.forEach(
        (id, member) -> {
          for (int partition : held(member)) {
            String other = owners.put(partition, id);
            if (other != null) {
              world.violated(
                  Rule.I7_ONE_OWNER,
                  "partition %d is %s's and %s's at offset %d of the group's log"
                      .formatted(partition, other, id, at));
            }
          }
        });
  }

  private Set<Integer> held(GroupLogMember member) {
    Set<Integer> held = new HashSet<>();
    add(member.getOwned(), held);
    add(member.getGiving(), held);
    return held;
  }

  private void add(GroupLogPartitions some, Set<Integer> held) {
    some.getTopicsList().stream()
        .filter(topic -> topic.getTopicId().equals(topicId))
        .forEach(topic -> held.addAll(topic.getPartitionsList()));
  }

  /** Who asks for one itself says its name with it. */
  private void commit(long at, int partition, GroupLogOffset commit) {
    String by = commit.getMetadata();
    Long before = offsets.put(partition, commit.getOffset());
    boolean isHolders =
        by.isEmpty()
            || members.values().stream()
                .anyMatch(
                    member -> member.getClientId().equals(by) && held(member).contains(partition));
    if (!isHolders) {
      world.violated(
          Rule.I7_ONE_OWNER,
          "partition %d: %d was committed by %s at offset %d of the group's log, and it was not its"
              .formatted(partition, commit.getOffset(), by, at));
    }
    if (before != null && before > commit.getOffset()) {
      world.violated(
          Rule.I6_COMMITS_GO_FORWARD,
          "partition %d: %d was committed by %s at offset %d of the group's log, after %d"
              .formatted(
                  partition, commit.getOffset(), by.isEmpty() ? "somebody" : by, at, before));
    }
  }

  /** How far the group is. */
  long committed(int partition) {
    return offsets.getOrDefault(partition, 0L);
  }
}
