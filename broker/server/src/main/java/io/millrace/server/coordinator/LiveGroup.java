package io.millrace.server.coordinator;

import io.millrace.rpc.Timer;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import io.millrace.server.partition.PartitionId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A group and what is not in its log: when members were last heard of, and who waits for news.
 * Owner: the partition's loop.
 */
final class LiveGroup {
  final Group group;
  final Map<String, Presence> presences = new HashMap<>();

  /** Of the last time that an assignment was made. */
  String alarm = "";

  /** Why what the log says of it makes no sense; empty: it does. Set while it is read. */
  String damage = "";

  /** Of the records that make none. */
  final List<ByteBuffer> damagedKeys = new ArrayList<>();

  /** The cluster as it was when topics were last looked at; each change of it makes another. */
  @Nullable Catalog seen;

  /** Whether those who wait are going to be looked at. */
  boolean looksSoon;

  LiveGroup(String id) {
    this.group = new Group(id);
  }

  /** What is known of a member's process. */
  static final class Presence {
    long heardNanos;

    /** Of its latest heartbeat to this coordinator. */
    long lastNumber;

    @Nullable Timer silence;

    /** Runs while it has something to give up. */
    @Nullable Timer revocation;

    @Nullable Waiting waiting;

    void end() {
      cancel(silence);
      cancel(revocation);
      silence = null;
      revocation = null;
    }

    private static void cancel(@Nullable Timer timer) {
      if (timer != null) {
        timer.cancel();
      }
    }
  }

  /** A heartbeat whose answer waits for something to change. */
  record Waiting(Heartbeat beat, Timer limit, Consumer<HeartbeatAnswer> reply) {
    /** Whether the member knows this already. */
    boolean knows(HeartbeatAnswer answer) {
      return LiveGroup.knows(beat, answer);
    }
  }

  /** The first that is found is told: others may follow from it. */
  void damaged(String why) {
    damage = damage.isEmpty() ? why : damage;
  }

  /** What was said until now does not matter any more. */
  void isWhole() {
    damage = "";
    damagedKeys.clear();
  }

  static boolean knows(Heartbeat beat, HeartbeatAnswer answer) {
    return answer instanceof HeartbeatAnswer.Told told
        && told.memberEpoch() == beat.memberEpoch()
        && beat.owned().equals(Optional.of(told.owned()));
  }

  /** Since when partitions have been with whom they are with. */
  private final Map<PartitionId, Since> since = new HashMap<>();

  private record Since(String memberId, long nanos) {}

  /** Of all members, with how long each has had each partition. */
  Map<PartitionId, GroupReading.Holding> holdings(long nowNanos) {
    Map<PartitionId, GroupReading.Holding> holdings = new HashMap<>();
    for (GroupMember member : group.members()) {
      for (Set<PartitionId> some : List.of(member.owned(), member.giving())) {
        for (PartitionId id : some) {
          Since begun = since.get(id);
          long heldNanos =
              begun == null || !begun.memberId().equals(member.id()) ? 0 : nowNanos - begun.nanos();
          holdings.put(
              id, new GroupReading.Holding(member.id(), TimeUnit.NANOSECONDS.toMillis(heldNanos)));
        }
      }
    }
    return holdings;
  }

  /** What a member has now it may have had before: then it goes on. */
  void holds(GroupMember member, long nowNanos) {
    for (PartitionId id : member.owned()) {
      Since begun = since.get(id);
      if (begun == null || !begun.memberId().equals(member.id())) {
        since.put(id, new Since(member.id(), nowNanos));
      }
    }
  }

  /** Nobody holds what is not held any more. */
  void forgetWhatNobodyHolds() {
    since.keySet().removeIf(id -> group.holder(id).isEmpty());
  }

  Presence presence(String memberId) {
    return presences.computeIfAbsent(memberId, id -> new Presence());
  }

  boolean gives(String memberId) {
    return group.member(memberId).map(GroupMember::giving).filter(it -> !it.isEmpty()).isPresent();
  }
}
