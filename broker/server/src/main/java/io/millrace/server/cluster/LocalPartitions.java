package io.millrace.server.cluster;

import io.millrace.coordination.election.LogPosition;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.config.SettingProblem;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionListener;
import io.millrace.server.partition.PartitionOpening;
import io.millrace.server.partition.Shard;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import io.millrace.server.replica.SetsOutcome;
import io.millrace.storage.directory.Doubt;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.LogDamage;
import io.millrace.storage.log.LogOpening;
import io.millrace.storage.log.LogStore;
import io.millrace.storage.log.RepairOutcome;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The partitions of this broker as the store's loop reaches them: every call goes to the shard that
 * owns the partition, and what comes of it comes back to the store's loop as a message.
 *
 * <p>A partition that is not there any more when a call arrives has failed meanwhile, and that it
 * has is on its way to the store's loop: the call is passed over, or answered as refused.
 */
public final class LocalPartitions {
  private final EventLoop home;
  private final List<Shard> shards;
  private final PartitionOpening opening;
  private final LogStore logs;
  private final TopicDefaults defaults;

  /** What has a directory here and has not been opened. Owner: the store's loop. */
  private final Set<PartitionId> unopened;

  /**
   * @param home the store's loop
   * @param defaults of what topics do not set themselves
   * @param onDisk what had a directory here before anything was opened
   */
  public LocalPartitions(
      EventLoop home,
      List<Shard> shards,
      PartitionOpening opening,
      LogStore logs,
      TopicDefaults defaults,
      Collection<PartitionName> onDisk) {
    this.home = home;
    this.shards = shards;
    this.opening = opening;
    this.logs = logs;
    this.defaults = defaults;
    this.unopened = new HashSet<>();
    onDisk.forEach(name -> unopened.add(new PartitionId(name.topicId(), name.partition())));
  }

  Set<PartitionId> unopened() {
    return new LinkedHashSet<>(unopened); // looked into in an order that is the same everywhere
  }

  /** What came of opening. */
  sealed interface Opened {
    /**
     * @param highestEpoch that was ever seen for it here, -1 for none
     */
    record Open(int highestEpoch, LogPosition position) implements Opened {}

    /**
     * @param cause which says what may help
     */
    record Offline(String why, LogOpening.Cause cause) implements Opened {}
  }

  /** How a partition that was given a role goes on; on the store's loop. */
  interface RoleListener {
    void onLeading(PartitionId id, int epoch);

    /**
     * A leader's sets should be others; {@link #onSetsOutcome} is to be told.
     *
     * @param flushed how far its log is on the disk
     */
    void onSetsWanted(PartitionId id, SetsChange change, LogPosition flushed);

    /** Some of its bytes are not what was written; it goes on with the rest. */
    void onDamaged(PartitionId id, LogDamage damage);

    /** Somebody has heard of a later leader than this broker: its node is worth a look. */
    void onNewerEpoch(PartitionId id);

    /** Another replica goes by that already. */
    void onNodeHeard(PartitionId id, PartitionState node);

    /** It cannot, or cannot any more. */
    void onOffline(PartitionId id, String why);
  }

  void open(PartitionId id, TopicImage topic, RoleListener roles, Consumer<Opened> then) {
    unopened.remove(id);
    Shard shard = id.ownerAmong(shards);
    PartitionListener listener =
        new PartitionListener() {
          @Override
          public void onLeading(PartitionId leading, int epoch) {
            home.execute(() -> roles.onLeading(leading, epoch));
          }

          @Override
          public void onSetsWanted(PartitionId leading, SetsChange change) {
            LogPosition flushed = flushedUpTo(shard.get(leading));
            home.execute(() -> roles.onSetsWanted(leading, change, flushed));
          }

          @Override
          public void onDamaged(PartitionId damaged, LogDamage damage) {
            home.execute(() -> roles.onDamaged(damaged, damage));
          }

          @Override
          public void onNewerEpoch(PartitionId heardOf) {
            home.execute(() -> roles.onNewerEpoch(heardOf));
          }

          @Override
          public void onNodeHeard(PartitionId heardOf, PartitionState node) {
            home.execute(() -> roles.onNodeHeard(heardOf, node));
          }

          @Override
          public void onFailed(PartitionId failed, Throwable cause) {
            home.execute(() -> roles.onOffline(failed, "its log failed: " + cause));
          }
        };
    opening.open(
        shard,
        id,
        settingsOf(topic),
        listener,
        offline -> {
          Opened opened =
              offline
                  .<Opened>map(closed -> new Opened.Offline(closed.why(), closed.cause()))
                  .orElseGet(() -> open(shard, id));
          home.execute(() -> then.accept(opened));
        });
  }

  TopicSettings settingsOf(TopicImage topic) {
    return TopicSettings.understood(topic.settings(), topic.replicationFactor(), defaults);
  }

  /** What is wrong with a topic's settings as they stand, for the log; empty when nothing is. */
  List<String> faultsOf(TopicImage topic) {
    return TopicSettings.check(topic.settings(), topic.replicationFactor(), defaults)
            instanceof TopicSettings.Outcome.Refused refused
        ? refused.problems().stream().map(SettingProblem::message).toList()
        : List.of();
  }

  /** The topic's settings have changed; they hold from the owner's next turn on. */
  void configure(PartitionId id, TopicImage topic) {
    TopicSettings settings = settingsOf(topic);
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            partition.configure(settings);
          }
        });
  }

  private static Opened open(Shard shard, PartitionId id) {
    Partition partition = shard.get(id);
    return new Opened.Open(
        partition.log().highestEpochSeen(),
        new LogPosition(Math.max(0, partition.log().latestEpoch()), partition.log().endOffset()));
  }

  /**
   * @param up incarnations of the brokers that are live and not suspected
   * @param refused on the store's loop, if the partition will not
   */
  void lead(
      PartitionId id, PartitionState state, Map<Integer, Integer> up, Consumer<String> refused) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            Optional<String> why = partition.lead(state, up);
            why.ifPresent(text -> home.execute(() -> refused.accept(text)));
          }
        });
  }

  /**
   * @param then on the store's loop: why the partition will not, if it will not
   */
  void follow(PartitionId id, PartitionState state, Consumer<Optional<String>> then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          Optional<String> why =
              partition == null
                  ? Optional.of("its log is not open any more")
                  : partition.follow(state);
          home.execute(() -> then.accept(why));
        });
  }

  /**
   * @param then on the store's loop, once the partition neither leads nor follows
   */
  void stepDown(PartitionId id, String why, Runnable then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) { // its log may have failed meanwhile, which is on its way to us
            partition.stepDown(why);
          }
          home.execute(then);
        });
  }

  /** A newer picture of a partition that leads or follows. */
  void onState(PartitionId id, PartitionState state, Map<Integer, Integer> up) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            partition.onState(state, up);
          }
        });
  }

  /** What became of what {@link RoleListener#onSetsWanted} asked for. */
  void onSetsOutcome(PartitionId id, SetsOutcome outcome) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            partition.onSetsOutcome(outcome);
          }
        });
  }

  /**
   * See {@link Partition#handOver}.
   *
   * @param then on the store's loop: the other's incarnation, once it may be named; empty when it
   *     has not caught up in time, and then the partition is led on
   */
  void handOver(PartitionId id, int to, long patienceNanos, Consumer<Optional<Integer>> then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition == null) {
            home.execute(() -> then.accept(Optional.empty()));
          } else {
            partition.handOver(to, patienceNanos, ready -> home.execute(() -> then.accept(ready)));
          }
        });
  }

  /** A hand-over has not come about: appends go on. */
  void leadOn(PartitionId id) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            partition.leadOn();
          }
        });
  }

  /** See {@link Partition#setLease}; holds for those that are open now. */
  void setLease(boolean held) {
    for (Shard shard : shards) {
      shard.deliver(() -> shard.partitions().forEach(partition -> partition.setLease(held)));
    }
  }

  private static LogPosition flushedUpTo(Partition partition) {
    long end = partition.log().flushedOffset();
    int epoch = end == 0 ? 0 : partition.log().epochAt(end - 1);
    return new LogPosition(Math.max(0, epoch), end);
  }

  /**
   * Completes once all that it holds is on disk, with how far that reaches; with nothing when that
   * failed.
   */
  CompletionStage<Optional<LogPosition>> flush(PartitionId id) {
    CompletableFuture<Optional<LogPosition>> flushed = new CompletableFuture<>();
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition == null) {
            home.execute(() -> flushed.complete(Optional.empty()));
          } else {
            partition.flush(
                done -> {
                  Optional<LogPosition> end =
                      done ? Optional.of(flushedUpTo(partition)) : Optional.empty();
                  home.execute(() -> flushed.complete(end));
                });
          }
        });
    return flushed;
  }

  /** What this replica may lack that its sets do not know of; empty as a rule. */
  Optional<Doubt> doubtOf(PartitionId id) {
    return logs.doubtOf(new PartitionName(id.topicId(), id.partition()));
  }

  /**
   * It is in none of its partition's sets any more.
   *
   * @param then on the store's loop: whether that is on disk
   */
  void settleDoubt(PartitionId id, Consumer<Boolean> then) {
    logs.settleDoubt(
        new PartitionName(id.topicId(), id.partition()),
        isDone -> home.execute(() -> then.accept(isDone)));
  }

  /** Tells, on the store's loop, the first damaged range that is known of its log. */
  void damageOf(PartitionId id, Consumer<Optional<LogDamage>> then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          Optional<LogDamage> first =
              partition == null ? Optional.empty() : partition.log().damages().first();
          home.execute(() -> then.accept(first));
        });
  }

  /**
   * Puts the first damaged range right with what another replica has there.
   *
   * @param then on the store's loop; never if the log is closed or fails before
   */
  void repair(PartitionId id, ByteBuffer batches, Consumer<RepairOutcome> then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition == null) {
            home.execute(() -> then.accept(new RepairOutcome.Refused("it is not open any more")));
          } else {
            partition
                .log()
                .damages()
                .repair(batches, outcome -> home.execute(() -> then.accept(outcome)));
          }
        });
  }

  /**
   * Looks whether the disk has room for what could not be opened without.
   *
   * @param then on the store's loop
   */
  void lookForRoom(Consumer<Boolean> then) {
    logs.lookForRoom(hasRoom -> home.execute(() -> then.accept(hasRoom)));
  }

  /**
   * Lets go of a log that has failed; opening it recovers what is on the disk. Does nothing where
   * none is open.
   *
   * @param why whoever asks for it meanwhile is told, as a clause
   * @param then on the store's loop
   */
  void letGo(PartitionId id, String why, Runnable then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          if (shard.find(id) != null) {
            shard.remove(id);
            shard.markOffline(id, why);
          }
          logs.letGo(new PartitionName(id.topicId(), id.partition()), () -> home.execute(then));
        });
  }

  /**
   * Puts what is left of a damaged log into the trash; opening makes it anew.
   *
   * @param then on the store's loop: whether that is done
   */
  void setAside(PartitionId id, Consumer<Boolean> then) {
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          shard.remove(id);
          logs.setAside(
              new PartitionName(id.topicId(), id.partition()),
              home.clock().wallMillis(),
              failure -> home.execute(() -> then.accept(failure == null)));
        });
  }

  /**
   * Puts its data into the trash, if there is any.
   *
   * @param opened whether it has ever been opened in this life
   * @param then on the store's loop: whether nothing of it is left
   */
  void delete(PartitionId id, boolean opened, String why, Consumer<Boolean> then) {
    if (!opened && !unopened.contains(id)) {
      then.accept(true);
      return;
    }
    Shard shard = id.ownerAmong(shards);
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            partition.stepDown(why);
          }
          shard.remove(id);
          logs.delete(
              new PartitionName(id.topicId(), id.partition()),
              home.clock().wallMillis(),
              failure -> home.execute(() -> onDeleted(id, failure == null, then)));
        });
  }

  private void onDeleted(PartitionId id, boolean done, Consumer<Boolean> then) {
    if (done) {
      unopened.remove(id);
    }
    then.accept(done);
  }

  /** Of what was put there up to a time. */
  void emptyTrash(long untilWallMillis) {
    logs.emptyTrash(untilWallMillis);
  }
}
