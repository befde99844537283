package io.millrace.simulator;

import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.RebalanceListener;
import io.millrace.client.SimulatedClients;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A process that is a member of the group: polls, works on what it gets, commits, on a thread of
 * its own ({@link AppThread}).
 */
final class GroupMember implements RebalanceListener {
  static final String GROUP = "g";
  private static final long MILLI = 1_000_000;
  private static final Duration POLL = Duration.ofMillis(200);

  /** A little while, after an exception. */
  private static final long BREATH_NANOS = 20 * MILLI;

  /** How it commits. */
  enum Commits {
    SYNC,
    ASYNC,
    AUTO
  }

  /**
   * What it is like.
   *
   * @param instanceId empty: none
   * @param workMillis for each poll that gives records
   */
  record Habits(
      Commits commits,
      boolean throughZooKeeper,
      String instanceId,
      String assignor,
      int workMillis,
      int sessionMillis,
      int pollLimitMillis) {}

  private final World world;
  private final GroupLedger ledger;
  private final String name;
  private final Habits habits;
  private final ClientHost host;
  private final AppThread thread;
  private final Map<Integer, GroupLedger.Stint> stints = new TreeMap<>();
  private final List<String> told = new ArrayList<>();

  // Of the application's thread.
  private Map<Integer, Long> committedBefore = Map.of();
  private boolean isCommitting;

  // Said from outside, between its turns.
  private boolean isLeaving;
  private long stallNanos;

  GroupMember(World world, GroupLedger ledger, String name, Habits habits) {
    this.world = world;
    this.ledger = ledger;
    this.name = name;
    this.habits = habits;
    ConsumerSettings settings = settings();
    this.host = new ClientHost(world, name, settings, habits.throughZooKeeper());
    this.thread = new AppThread(world, name, () -> live(settings));
  }

  private ConsumerSettings settings() {
    ConsumerSettings.Builder builder =
        ConsumerSettings.builder(world.bootstrap())
            .clientId(name)
            .groupId(GROUP)
            .sessionTimeout(Duration.ofMillis(habits.sessionMillis()))
            .set("heartbeat.interval.ms", "200")
            .set("max.poll.interval.ms", Integer.toString(habits.pollLimitMillis()))
            .set("group.assignor", habits.assignor())
            .set("auto.commit", Boolean.toString(habits.commits() == Commits.AUTO))
            .set("auto.commit.interval.ms", "50")
            .autoOffsetReset(OffsetReset.EARLIEST)
            .fetchMaxBytes(64 << 10)
            .maxPartitionFetchBytes(16 << 10)
            .prefetchBytes(128 << 10)
            .requestTimeout(Duration.ofMillis(1_000))
            .defaultApiTimeout(Duration.ofSeconds(5))
            .retryBackoff(Duration.ofMillis(5), Duration.ofMillis(100))
            .clusterRefreshInterval(Duration.ofMillis(500))
            .metricsInterval(Duration.ofHours(1));
    return habits.instanceId().isEmpty()
        ? builder.build()
        : builder.groupInstanceId(habits.instanceId()).build();
  }

  // ---- On the application's thread -------------------------------------------------------------

  private void live(ConsumerSettings settings) {
    Consumer<String, String> own =
        SimulatedClients.application(
            settings, host.tasks(), host.transport(), host.discovery(), thread);
    own.subscribe(Set.of(Ledger.TOPIC), this);
    while (!isLeaving) {
      try {
        turn(own);
      } catch (MillraceException e) {
        told.add(e.getClass().getSimpleName() + ": " + e.getMessage());
        thread.work(BREATH_NANOS);
        own.subscribe(Set.of(Ledger.TOPIC), this); // where it was thrown out for good
      }
    }
    try {
      own.unsubscribe();
    } catch (MillraceException e) {
      told.add(e.getClass().getSimpleName() + " at the end: " + e.getMessage());
    }
    world.soon(host::kill);
  }

  private void turn(Consumer<String, String> own) {
    long stall = stallNanos;
    if (stall > 0) {
      stallNanos = 0;
      thread.work(stall);
    }
    committedBefore = ledger.committed();
    ConsumerRecords<String, String> records = own.poll(POLL);
    Map<TopicPartition, CommittedOffset> done = new HashMap<>();
    for (ConsumerRecord<String, String> record : records) {
      GroupLedger.Stint stint = stints.get(record.partition());
      if (stint == null) {
        world.violated(
            Violation.Rule.I7_ONE_OWNER,
            name + " got a record of " + record.topicPartition() + ", which it was not assigned");
        return;
      }
      ledger.delivered(stint, record.offset(), String.valueOf(record.value()));
      done.put(
          record.topicPartition(),
          new CommittedOffset(record.offset() + 1, record.leaderEpoch(), name));
    }
    if (!done.isEmpty() && habits.workMillis() > 0) {
      thread.work(habits.workMillis() * MILLI);
    }
    commit(own, done);
  }

  private void commit(Consumer<String, String> own, Map<TopicPartition, CommittedOffset> done) {
    if (habits.commits() == Commits.SYNC && !done.isEmpty()) {
      own.commitSync(done);
      committed(done);
    } else if (habits.commits() == Commits.ASYNC && !isCommitting) {
      // One at a time: nothing is promised of the order of several.
      Map<TopicPartition, CommittedOffset> all = new HashMap<>();
      stints
          .values()
          .forEach(
              stint -> {
                if (stint.next() >= 0) {
                  all.put(
                      new TopicPartition(Ledger.TOPIC, stint.partition()),
                      new CommittedOffset(stint.next(), CommittedOffset.NO_EPOCH, name));
                }
              });
      if (!all.isEmpty()) {
        isCommitting = true;
        own.commitAsync(
            all,
            (offsets, e) -> {
              isCommitting = false;
              if (e == null) {
                committed(offsets);
              } else {
                told.add(e.getClass().getSimpleName() + ": " + e.getMessage());
              }
            });
      }
    }
  }

  private void committed(Map<TopicPartition, CommittedOffset> offsets) {
    offsets.forEach((which, offset) -> ledger.committed(which.partition(), offset.offset()));
  }

  @Override
  public void onAssigned(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      stints.put(
          partition.partition(), ledger.assigned(name, partition.partition(), committedBefore));
    }
  }

  @Override
  public void onRevoked(Collection<TopicPartition> partitions) {
    partitions.forEach(this::ended);
  }

  @Override
  public void onLost(Collection<TopicPartition> partitions) {
    partitions.forEach(this::ended);
  }

  private void ended(TopicPartition partition) {
    GroupLedger.Stint stint = stints.remove(partition.partition());
    if (stint != null && !thread.isKilled()) {
      ledger.ended(stint);
    }
  }

  // ---- From outside ----------------------------------------------------------------------------

  String name() {
    return name;
  }

  /** Leaves the group and ends, once it has its turn. */
  void leave() {
    isLeaving = true;
  }

  /** The application takes that long for something else. */
  void stall(long nanos) {
    stallNanos = nanos;
  }

  /** As SIGSTOP. */
  void pause() {
    host.tasks().pause();
    thread.pause();
  }

  void resume() {
    host.tasks().resume();
    thread.resume();
  }

  /** As {@code kill -9}; nothing when it has ended. */
  void kill() {
    host.kill();
    thread.kill();
    stints.values().forEach(ledger::ended);
    stints.clear();
  }

  boolean isOver() {
    return thread.isOver();
  }

  /** Whether what was taken is known for all that it has got. */
  boolean isQuiet() {
    return !isCommitting;
  }

  boolean isLeaving() {
    return isLeaving;
  }

  @Nullable Throwable thrown() {
    return thread.thrown();
  }

  @Override
  public String toString() {
    return name
        + " ("
        + habits.commits()
        + ") has "
        + stints.keySet()
        + (told.isEmpty() ? "" : ", was told last: " + told.get(told.size() - 1));
  }
}
