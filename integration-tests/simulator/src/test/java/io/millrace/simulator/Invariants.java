package io.millrace.simulator;

import io.millrace.rpc.SimulatedTasks;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionProbe;
import io.millrace.server.partition.Shard;
import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.simulator.Violation.Rule;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What must hold after every step, seen from inside the brokers: I4, I5, I10, I11. Looks at the one
 * broker that took the step.
 */
final class Invariants {
  private final World world;
  private final ClusterEye eye;
  private final Reach reach;

  /** By partition and epoch: broker and life. */
  private final Map<Integer, Map<Integer, Long>> leaders = new HashMap<>();

  /** The highest watermark of any leader. */
  private final Map<Integer, Long> committed = new HashMap<>();

  /** By broker: of its life, what each partition was like last time. */
  private final Map<Integer, Life> lives = new HashMap<>();

  private static final class Life {
    private final int number;
    private final Map<Integer, Long> watermarks = new HashMap<>();
    private final Map<Integer, Long> ends = new HashMap<>();

    Life(int number) {
      this.number = number;
    }
  }

  Invariants(World world, ClusterEye eye, Reach reach) {
    this.world = world;
    this.eye = eye;
    this.reach = reach;
  }

  /** After each step. */
  void check() {
    SimulatedTasks ran = world.scheduler().lastRan();
    if (ran == null) {
      return;
    }
    for (Machine machine : world.machines()) {
      if (machine.runsOn(ran)) {
        look(machine);
        return;
      }
    }
  }

  private void look(Machine machine) {
    Life life = lives.get(machine.id());
    if (life == null || life.number != machine.life()) {
      life = new Life(machine.life());
      lives.put(machine.id(), life);
    }
    for (Shard shard : machine.shards()) {
      Life current = life;
      SimulatedTasks.lookAs(
          shard.loop(),
          () -> {
            for (Partition partition : shard.partitions()) {
              look(machine, current, partition);
            }
          });
    }
  }

  private void look(Machine machine, Life life, Partition partition) {
    int number = partition.id().partition();
    long end = PartitionProbe.endOffset(partition);
    long watermark = PartitionProbe.highWatermark(partition);
    int epoch = PartitionProbe.leadsIn(partition);
    life.ends.put(number, end);
    if (watermark > end) {
      world.violated(
          Rule.I4_SAME_LOGS,
          "%s on %s: high watermark %d beyond the end %d"
              .formatted(partition.id(), machine.host(), watermark, end));
    }
    Long before = life.watermarks.put(number, watermark);
    if (before != null && before > watermark) {
      world.violated(
          Rule.I5_END_GOES_ONLY_FORWARD,
          "%s on %s: high watermark went from %d to %d"
              .formatted(partition.id(), machine.host(), before, watermark));
    }
    if (epoch >= 0) {
      leads(machine, partition, number, epoch);
      if (watermark > committed.getOrDefault(number, 0L)) {
        committed.put(number, watermark);
        membersHold(machine, number, watermark);
      }
    }
  }

  private void leads(Machine machine, Partition partition, int number, int epoch) {
    long self = ((long) machine.id() << 32) + machine.life();
    Long other = leaders.computeIfAbsent(number, key -> new HashMap<>()).putIfAbsent(epoch, self);
    if (other != null && other != self) {
      world.violated(
          Rule.I10_ONE_LEADER_AN_EPOCH,
          "%s: in epoch %d lead %s in its life %d and broker %d in its life %d"
              .formatted(
                  partition.id(),
                  epoch,
                  machine.host(),
                  machine.life(),
                  other >> 32,
                  (int) (long) other));
    }
    Seen seen = eye.partition(number);
    if (seen != null && seen.content().getLeaderEpoch() > epoch) {
      reach.count(Reach.Place.LEADS_AFTER_REPLACEMENT);
    }
  }

  /** I11, of those that run: what is committed from here on, every member has. */
  private void membersHold(Machine leader, int number, long watermark) {
    Seen seen = eye.partition(number);
    if (seen == null) {
      return;
    }
    for (int member : seen.content().getInSyncList()) {
      Machine machine = world.machines().get(member - 1);
      Long end = endOf(machine, number);
      if (end != null && end < watermark) {
        world.violated(
            Rule.I11_MEMBERS_HOLD_ALL,
            "partition %d: %s counts up to %d as committed, and in-sync %s ends at %d; %s"
                .formatted(number, leader.host(), watermark, machine.host(), end, seen));
      }
    }
  }

  /** Null when it does not run, or has not been seen to have it. */
  private @Nullable Long endOf(Machine machine, int number) {
    Life life = lives.get(machine.id());
    return life != null && machine.state() == Machine.State.UP && life.number == machine.life()
        ? life.ends.get(number)
        : null;
  }
}
