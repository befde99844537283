package io.millrace.simulator;

import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.simulator.Violation.Rule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A group shares the topic while its members come, stall, are cut off and die, and so do brokers:
 * I6, I7, and every acknowledged record reaches the group. Owner: the world's thread.
 */
final class GroupWorkload implements Workload {
  /** Usually. */
  static final int MEMBERS = 3;

  private static final String GROUPS_TOPIC = "__groups~";
  private static final long RESTART_NANOS = 300_000_000;

  private final World world;
  private final Options options;
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Reach reach;
  private final GroupLedger group;
  private final SplittableRandom random;
  private final List<GroupMember> members = new ArrayList<>();

  /** Those that were told to leave, and have not ended yet. */
  private final List<GroupMember> leaving = new ArrayList<>();

  private int born;
  private long seenEvents;
  private long killAtEvent = -1;

  GroupWorkload(World world, Options options, ClusterEye eye, Ledger ledger, Reach reach) {
    this.world = world;
    this.options = options;
    this.eye = eye;
    this.ledger = ledger;
    this.reach = reach;
    this.random = new SplittableRandom(options.seed() ^ 0x4D656D62657273L);
    this.group = new GroupLedger(world, reach);
    group.onEvent(this::onEvent);
  }

  @Override
  public @Nullable String begin() {
    while (members.size() < MEMBERS) {
      members.add(newMember(members.size()));
    }
    return notSettled();
  }

  private GroupMember newMember(int slot) {
    GroupMember.Commits commits = Options.pick(random, GroupMember.Commits.values());
    boolean isStatic = slot == 0 && options.seed() % 2 == 0;
    return new GroupMember(
        world,
        group,
        "m" + born++,
        new GroupMember.Habits(
            commits,
            random.nextInt(3) == 0,
            isStatic ? "static-0" : "",
            options.seed() % 3 == 0 ? "range" : "balanced",
            Options.pick(random, 0, 0, 5, 40),
            Options.pick(random, 1_000, 1_000, 2_000),
            Options.pick(random, 1_000, 3_000, 60_000)));
  }

  // ---- What is done to it ----------------------------------------------------------------------

  @Override
  public void apply(Act act) {
    switch (act.kind()) {
      case ADD_MEMBERS -> {
        for (int i = 0; i < act.who(); i++) {
          members.add(newMember(-1));
        }
      }
      case KILL_MEMBER -> replace(act, GroupMember::kill);
      case STOP_MEMBER ->
          replace(
              act,
              member -> {
                member.leave();
                leaving.add(member);
              });
      case PAUSE_MEMBER -> member(act).pause();
      case RESUME_MEMBER -> member(act).resume();
      case STALL_MEMBER -> member(act).stall(act.other() * 1_000_000L);
      case CUT_MEMBER -> {
        String broker = world.machines().get(act.other()).host();
        world.network().cut(member(act).name(), broker);
        world.network().cut(broker, member(act).name());
      }
      case HEAL_MEMBER ->
          world.network().heal(member(act).name(), world.machines().get(act.other()).host());
      case KILL_COORDINATOR -> killAtEvent = seenEvents + act.who();
      default -> throw new IllegalArgumentException("nothing of a group: " + act);
    }
  }

  private GroupMember member(Act act) {
    return members.get(act.who() % members.size());
  }

  /** Another process takes its place, but in a storm. */
  private void replace(Act act, Consumer<GroupMember> end) {
    int slot = act.who() % members.size();
    GroupMember old = members.get(slot);
    old.resume();
    end.accept(old);
    if (act.other() == 0 || members.size() <= MEMBERS) {
      members.set(slot, newMember(slot));
    } else {
      members.remove(slot);
    }
  }

  private void onEvent() {
    if (seenEvents++ == killAtEvent) {
      killAtEvent = -1;
      world.soon(this::killCoordinator);
    }
  }

  private void killCoordinator() {
    Seen home = home();
    if (home == null || !home.content().hasLeader()) {
      return;
    }
    Machine machine = world.machines().get(home.content().getLeader() - 1);
    reach.count(Reach.Place.COORDINATOR_KILLED);
    machine.kill();
    world.scheduler().at(world.scheduler().nanoTime() + RESTART_NANOS, machine::start);
  }

  @Override
  public boolean survivesPowerLoss() {
    return !homes().isEmpty()
        && homes().values().stream().allMatch(GroupWorkload::isWhole)
        && world.machines().stream()
            .allMatch(machine -> machine.state() == Machine.State.UP && !machine.isInDoubt());
  }

  @Override
  public boolean survivesDiskLoss() {
    return false;
  }

  private static boolean isWhole(Seen seen) {
    return seen.content().getInSyncCount() == seen.content().getReplicasCount();
  }

  @Override
  public void endFaults() {
    killAtEvent = -1;
    members.forEach(GroupMember::resume);
    leaving.forEach(GroupMember::resume);
  }

  // ---- Where it is kept ------------------------------------------------------------------------

  /** By path. */
  private Map<String, Seen> homes() {
    return eye.partitionsOf(topicId -> topicId.startsWith(GROUPS_TOPIC));
  }

  private @Nullable String homePath() {
    Map<String, Seen> all = homes();
    for (String path : all.keySet()) {
      if (Disks.partitionOf(path) == Math.floorMod(GroupMember.GROUP.hashCode(), all.size())) {
        return path;
      }
    }
    return null;
  }

  private @Nullable Seen home() {
    String path = homePath();
    return path == null ? null : homes().get(path);
  }

  // ---- What must come true ---------------------------------------------------------------------

  @Override
  public @Nullable String missing() {
    while (members.size() > MEMBERS + 2) {
      GroupMember surplus = members.remove(members.size() - 1);
      surplus.leave();
      leaving.add(surplus);
    }
    String unsettled = notSettled();
    if (unsettled != null) {
      return unsettled;
    }
    for (int partition = 0; partition < options.partitions(); partition++) {
      long end = ledger.shownEnd(partition);
      if (group.deliveredEnd(partition) < end) {
        return "the group has got partition %d to %d of %d: %s"
            .formatted(partition, group.deliveredEnd(partition), end, members);
      }
    }
    for (Map.Entry<String, Seen> each : homes().entrySet()) {
      if (!isWhole(each.getValue()) || !each.getValue().content().hasLeader()) {
        return each.getKey() + " is not whole: " + each.getValue();
      }
    }
    return members.stream().allMatch(GroupMember::isQuiet) ? null : "commits have not ended";
  }

  /** Each partition has one reader, and it lives. */
  private @Nullable String notSettled() {
    leaving.removeIf(GroupMember::isOver);
    if (!leaving.isEmpty()) {
      return "members have not left: " + leaving;
    }
    for (GroupMember member : members) {
      Throwable thrown = member.thrown();
      if (thrown != null) {
        StackTraceElement[] trace = thrown.getStackTrace();
        world.violated(
            Rule.NOTHING_THROWN,
            member + ": " + thrown + (trace.length == 0 ? "" : " at " + trace[0]));
        return null;
      }
    }
    for (int partition = 0; partition < options.partitions(); partition++) {
      List<String> readers = group.readers(partition);
      if (readers.size() != 1) {
        return "partition " + partition + " is read by " + readers + " of " + members;
      }
    }
    return null;
  }

  // ---- What is checked at rest -----------------------------------------------------------------

  @Override
  public void check() {
    for (int partition = 0; partition < options.partitions(); partition++) {
      int number = partition;
      ledger
          .acknowledged(number)
          .forEach(
              (offset, acked) -> {
                if (!acked.value().equals(group.value(number, offset))) {
                  world.violated(
                      Rule.I6_COMMITS_GO_FORWARD,
                      "partition %d: the group got %s at offset %d, where %s was acknowledged"
                          .formatted(number, group.value(number, offset), offset, acked.value()));
                }
              });
    }
    String path = homePath();
    Seen home = home();
    if (path == null || home == null) {
      world.violated(Rule.I13_RECOVERS, "there is no topic for groups");
      return;
    }
    history(path, home);
  }

  private void history(String path, Seen home) {
    GroupHistory history = new GroupHistory(world, eye.topicId());
    Machine leader = world.machines().get(home.content().getLeader() - 1);
    Collection<byte[]> segments = segments(leader, path).values();
    segments.forEach(history::read);
    for (int partition = 0; partition < options.partitions(); partition++) {
      if (history.committed(partition) < group.committed(partition)) {
        world.violated(
            Rule.I6_COMMITS_GO_FORWARD,
            "partition %d: a member was told that %d is committed, and %d is"
                .formatted(partition, group.committed(partition), history.committed(partition)));
      }
    }
    Disks.problems(world, path, home.content()).stream()
        .findFirst()
        .ifPresent(problem -> world.violated(Rule.I4_SAME_LOGS, path + ": " + problem));
  }

  private static Map<String, byte[]> segments(Machine machine, String path) {
    Map<String, byte[]> segments = new LinkedHashMap<>();
    new TreeMap<>(
            machine
                .disk()
                .contentsIn(
                    machine.partitionDirectory(Disks.topicIdOf(path), Disks.partitionOf(path))))
        .forEach(
            (name, bytes) -> {
              if (name.endsWith(".log")) {
                segments.put(name, bytes);
              }
            });
    return segments;
  }

  @Override
  public void close() {
    members.forEach(GroupMember::kill);
    leaving.forEach(GroupMember::kill);
  }
}
