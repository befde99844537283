package io.millrace.server.coordinator;

import io.millrace.rpc.Timer;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
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

  static boolean knows(Heartbeat beat, HeartbeatAnswer answer) {
    return answer instanceof HeartbeatAnswer.Told told
        && told.memberEpoch() == beat.memberEpoch()
        && beat.owned().equals(Optional.of(told.owned()));
  }

  Presence presence(String memberId) {
    return presences.computeIfAbsent(memberId, id -> new Presence());
  }

  boolean gives(String memberId) {
    return group.member(memberId).map(GroupMember::giving).filter(it -> !it.isEmpty()).isPresent();
  }
}
