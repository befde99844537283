package io.millrace.simulator;

import io.millrace.rpc.SimulatedTasks;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionProbe;
import io.millrace.server.partition.Shard;
import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.simulator.Violation.Rule;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What must hold after every step, seen from inside the brokers: I4, I5, I10, I11. Looks at what
 * the loop owns that took the step.
 */
final class Invariants {
  private static final int QUIET_EPOCHS = 3;

  private final World world;
  private final ClusterEye eye;
  private final Reach reach;
  private final Ledger ledger;

  /** By partition and epoch. */
  private final Map<PartitionId, NavigableMap<Integer, Reign>> reigns = new HashMap<>();

  /** The highest watermark of any leader. */
  private final Map<PartitionId, Long> committed = new HashMap<>();

  /** By broker: of its life, what each partition was like last time. */
  private final Map<Integer, Life> lives = new HashMap<>();

  private static final class Life {
    private final int number;
    private final Map<PartitionId, LogSeen> logs = new HashMap<>();

    Life(int number) {
      this.number = number;
    }
  }

  /** Of one life, one partition's log. */
  private static final class LogSeen {
    private final Partition partition;
    private final long firstEnd;
    private long end;
    private long watermark;

    /** Where each epoch began. */
    private final NavigableMap<Long, Integer> epochs;

    LogSeen(Partition partition, long end, long watermark, NavigableMap<Long, Integer> epochs) {
      this.partition = partition;
      this.epochs = epochs;
      this.firstEnd = end;
      this.end = end;
      this.watermark = watermark;
    }
  }

  /**
   * Who leads in an epoch, from which offset on.
   *
   * @param quiet how many epochs before it there were in a row in which nobody wrote
   */
  private record Reign(int broker, int life, long startOffset, int quiet) {}

  private BooleanSupplier lossIsPermitted = () -> false;

  Invariants(World world, ClusterEye eye, Reach reach, Ledger ledger) {
    this.world = world;
    this.eye = eye;
    this.reach = reach;
    this.ledger = ledger;
    ledger.onAcknowledged(this::acknowledged);
  }

  /** Whose watermark covered what is lost may see it go back. */
  void excuseWhere(BooleanSupplier lossIsPermitted) {
    this.lossIsPermitted = lossIsPermitted;
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
      if (shard.loop() != world.scheduler().lastLoop()) {
        continue; // only its own loop can have changed its partitions
      }
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
    PartitionId id = partition.id();
    long end = PartitionProbe.endOffset(partition);
    long watermark = PartitionProbe.highWatermark(partition);
    int epoch = PartitionProbe.leadsIn(partition);
    LogSeen log = life.logs.get(id);
    if (log == null || log.partition != partition) {
      // Opened again in this life: what was damaged beyond repair is in the trash, and copied anew.
      log = new LogSeen(partition, end, watermark, PartitionProbe.epochs(partition));
      life.logs.put(id, log);
    }
    if (watermark > end) {
      world.violated(
          Rule.I4_SAME_LOGS,
          "%s on %s: high watermark %d beyond the end %d"
              .formatted(id, machine.host(), watermark, end));
    }
    // A follower that missed deletions which are gone for good throws away all it has (4.10).
    boolean startsOver = !eye.isOfTopic(id) && epoch < 0 && end < log.watermark;
    if (log.watermark > watermark && !startsOver && !lossIsPermitted.getAsBoolean()) {
      world.violated(
          Rule.I5_END_GOES_ONLY_FORWARD,
          "%s on %s: high watermark went from %d to %d"
              .formatted(id, machine.host(), log.watermark, watermark));
    }
    if (epoch >= 0) {
      leads(machine, id, epoch, log, end);
      if (watermark > committed.getOrDefault(id, 0L)) {
        committed.put(id, watermark);
        if (eye.isOfTopic(id)) {
          ledger.shown(id.partition(), watermark);
        }
        membersHold(machine, id, watermark);
      }
    }
    grown(log, end, PartitionProbe.latestEpoch(partition));
    log.end = end;
    log.watermark = watermark;
  }

  /** Keeps count of where epochs begin, and of what cuts go over. */
  private void grown(LogSeen log, long end, int latestEpoch) {
    if (end < log.end) {
      Long from = log.epochs.floorKey(end);
      if (log.epochs.subMap(from == null ? end : from, true, log.end, false).size() >= 2) {
        reach.count(Reach.Place.TRUNCATED_TWO_EPOCHS);
      }
      log.epochs.tailMap(end, true).clear();
    }
    Map.Entry<Long, Integer> last = log.epochs.lastEntry();
    if (last == null || last.getValue() != latestEpoch) {
      log.epochs.put(Math.min(log.end, end), latestEpoch);
    }
  }

  private void leads(Machine machine, PartitionId id, int epoch, LogSeen log, long end) {
    NavigableMap<Integer, Reign> former = reigns.computeIfAbsent(id, key -> new TreeMap<>());
    Reign reign = former.get(epoch);
    if (reign == null) {
      Map.Entry<Integer, Reign> before = former.lowerEntry(epoch);
      int quiet =
          before != null && before.getValue().startOffset == end ? before.getValue().quiet + 1 : 0;
      former.put(epoch, new Reign(machine.id(), machine.life(), end, quiet));
      if (quiet >= QUIET_EPOCHS) {
        reach.count(Reach.Place.THREE_CHANGES_WITHOUT_WRITES);
      }
    } else if (reign.broker != machine.id() || reign.life != machine.life()) {
      world.violated(
          Rule.I10_ONE_LEADER_AN_EPOCH,
          "%s: in epoch %d lead %s in its life %d and broker %d in its life %d"
              .formatted(id, epoch, machine.host(), machine.life(), reign.broker, reign.life));
    }
    Seen seen = eye.isOfTopic(id) ? eye.partition(id.partition()) : null;
    if (seen != null && seen.content().getLeaderEpoch() > epoch) {
      reach.count(Reach.Place.LEADS_AFTER_REPLACEMENT);
      if (end > log.end) {
        reach.count(Reach.Place.APPENDS_AFTER_REPLACEMENT);
      }
    }
  }

  /** By the leader of an epoch. */
  private void acknowledged(int partition, long offset, int epoch) {
    reigns.forEach(
        (id, ofPartition) -> {
          Reign reign = ofPartition.get(epoch);
          if (id.partition() != partition || !eye.isOfTopic(id) || reign == null) {
            return;
          }
          if (offset < reign.startOffset) {
            reach.count(Reach.Place.DUPLICATE_OF_FORMER_LEADER);
          }
          Life life = lives.get(reign.broker);
          LogSeen log = life == null || life.number != reign.life ? null : life.logs.get(id);
          if (reign.life > 1 && log != null && offset < log.firstEnd) {
            reach.count(Reach.Place.DUPLICATE_AFTER_RESTART);
          }
        });
  }

  /** I11, of those that run: what is committed from here on, every member has. */
  private void membersHold(Machine leader, PartitionId id, long watermark) {
    Seen seen = eye.isOfTopic(id) ? eye.partition(id.partition()) : null;
    if (seen == null) {
      return;
    }
    for (int member : seen.content().getInSyncList()) {
      Machine machine = world.machines().get(member - 1);
      Long end = endOf(machine, id);
      if (end != null && end < watermark) {
        world.violated(
            Rule.I11_MEMBERS_HOLD_ALL,
            "%s: %s counts up to %d as committed, and in-sync %s ends at %d; %s"
                .formatted(id, leader.host(), watermark, machine.host(), end, seen));
      }
    }
  }

  /** Null when it does not run, or has not been seen to have it. */
  private @Nullable Long endOf(Machine machine, PartitionId id) {
    Life life = lives.get(machine.id());
    if (life == null || machine.state() != Machine.State.UP || life.number != machine.life()) {
      return null;
    }
    LogSeen log = life.logs.get(id);
    return log == null ? null : log.end;
  }
}
