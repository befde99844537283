package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The replicas of this broker, and whether anything is under way with them. Owner: the loop. */
final class ReplicaTable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaTable.class);
  static final Comparator<PartitionId> BY_ID =
      Comparator.comparing(PartitionId::topicId).thenComparingInt(PartitionId::partition);

  /** The same on all brokers and in all runs. */
  static final Comparator<Replica> IN_ORDER = Comparator.comparing(replica -> replica.id, BY_ID);

  private final EventLoop loop;
  private final Map<PartitionId, Replica> replicas = new HashMap<>();

  /** Whose opening, election or preparation is under way. */
  private final Set<Replica> busy = new HashSet<>();

  private final List<Runnable> whenSettled = new ArrayList<>();

  /** What is wrong with one partition may be wrong with thousands. */
  private final LineBudget troubleLines = new LineBudget(20, SECONDS.toNanos(10));

  ReplicaTable(EventLoop loop) {
    this.loop = loop;
  }

  @Nullable Replica find(PartitionId id) {
    return replicas.get(id);
  }

  Replica add(PartitionId id) {
    Replica replica = new Replica(id);
    replicas.put(id, replica);
    return replica;
  }

  void remove(PartitionId id) {
    replicas.remove(id);
  }

  /** In order. A copy. */
  List<Replica> all() {
    List<Replica> all = new ArrayList<>(replicas.values());
    all.sort(IN_ORDER);
    return all;
  }

  void begin(Replica replica) {
    busy.add(replica);
  }

  void end(Replica replica) {
    busy.remove(replica);
  }

  void whenSettled(Runnable action) {
    whenSettled.add(action);
    settle();
  }

  /** After every step that may have ended something. */
  void settle() {
    if (busy.isEmpty() && !whenSettled.isEmpty()) {
      List<Runnable> actions = List.copyOf(whenSettled);
      whenSettled.clear();
      actions.forEach(Runnable::run);
    }
  }

  /** Why a replica is not served although it could be: told once for each text. */
  void trouble(Replica replica, String why) {
    if (!replica.trouble.equals(why)) {
      replica.trouble = why;
      long leftOut = troubleLines.take(loop.clock().nanoTime());
      if (leftOut >= 0) {
        LOG.error(
            "{}: not served by this broker: {}{}",
            replica.id,
            why,
            leftOut == 0 ? "" : " (" + leftOut + " more partitions left out before this one)");
      }
    }
  }
}
