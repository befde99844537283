package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.CommitRules;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.GroupChange;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Role;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The door to the groups of this broker: finds the loop that owns a group and its coordinator
 * there. Any thread; answers come on any loop.
 *
 * <p>A coordinator begins when it is first asked after its partition has come to be led here, and
 * is found to be over when it is next asked: nobody has to tell it of elections.
 */
public final class Coordinators {
  private static final long LOOK_NANOS = SECONDS.toNanos(30);

  private final List<Shard> shards;
  private final Supplier<Catalog> catalog;
  private final LeaderLags lags;
  private final CommitEnds ends;
  private final GroupRules rules;

  /** By shard; each map belongs to that shard's loop. */
  private final Map<Shard, Map<PartitionId, GroupCoordinator>> byShard = new HashMap<>();

  /** Hears once, on any loop; the epoch is that of the partition that keeps the group. */
  public interface Reply<A> {
    void answer(int leaderEpoch, A answer);

    void refuse(Refusal why);
  }

  /**
   * @param catalog the newest
   * @param retentionMillis how long offsets of a group without members are kept
   */
  public Coordinators(
      List<Shard> shards, Supplier<Catalog> catalog, LeaderLags lags, long retentionMillis) {
    this.shards = shards;
    this.catalog = catalog;
    this.lags = lags;
    this.ends = new CommitEnds(catalog, lags);
    this.rules = new GroupRules(catalog, retentionMillis, new GroupCounters());
    for (Shard shard : shards) {
      byShard.put(shard, new HashMap<>());
      shard.loop().schedule(LOOK_NANOS, () -> keepTime(shard));
    }
  }

  /** Any thread. */
  public GroupCounters counters() {
    return rules.counters();
  }

  /** On the shard's loop. What has come to be led here is read, though nobody has asked yet. */
  private void keepTime(Shard shard) {
    Map<PartitionId, GroupCoordinator> here = byShard.get(shard);
    if (here != null) {
      for (Partition partition : List.copyOf(shard.partitions())) {
        PartitionId id = partition.id();
        if (GroupsTopic.isId(id.topicId()) && partition.role() instanceof Role.Leader leader) {
          coordinator(shard, here, partition, leader).keepTime();
        }
      }
    }
    shard.loop().schedule(LOOK_NANOS, () -> keepTime(shard));
  }

  /**
   * All groups that are coordinated here.
   *
   * @param then on the shard's loop
   */
  public void readings(Shard shard, Consumer<List<GroupReading>> then) {
    shard.deliver(
        () -> {
          List<GroupReading> all = new ArrayList<>();
          byShard
              .getOrDefault(shard, Map.of())
              .values()
              .forEach(each -> all.addAll(each.readings()));
          then.accept(all);
        });
  }

  /**
   * All groups of this broker in figures.
   *
   * @param then on any loop; not at all while the broker stops
   */
  public void figures(Consumer<List<GroupFigures>> then) {
    List<GroupReading> all = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger missing = new AtomicInteger(shards.size());
    for (Shard shard : shards) {
      readings(
          shard,
          some -> {
            all.addAll(some);
            if (missing.decrementAndGet() == 0) {
              figures(List.copyOf(all), shard.loop().clock().wallMillis(), then);
            }
          });
    }
  }

  private void figures(
      List<GroupReading> groups, long nowMillis, Consumer<List<GroupFigures>> then) {
    Set<ReaderAt> readers = new LinkedHashSet<>();
    groups.forEach(group -> readers.addAll(GroupProgress.readers(group)));
    lags.ask(
        readers,
        answers ->
            then.accept(
                groups.stream()
                    .map(
                        group ->
                            new GroupFigures(
                                group.summary().groupId(),
                                group.summary().state(),
                                group.summary().members(),
                                GroupProgress.of(group, answers, nowMillis)))
                    .toList()));
  }

  /** Whether commits may count at all. Any thread. */
  public CommitEnds ends() {
    return ends;
  }

  /**
   * How far groups are, as the leaders of their partitions say.
   *
   * @param then on any loop
   */
  public void progress(GroupReading group, long nowMillis, Consumer<List<GroupProgress>> then) {
    lags.ask(
        GroupProgress.readers(group),
        answers -> then.accept(GroupProgress.of(group, answers, nowMillis)));
  }

  /** Empty: there is no topic for groups yet, as far as this broker knows. */
  public Optional<PartitionId> partitionOf(String groupId) {
    return groupsTopic()
        .map(topic -> GroupsTopic.partitionOf(groupId, topic.id(), topic.partitionCount()));
  }

  /** Empty as of {@link #partitionOf}. */
  public Optional<TopicImage> groupsTopic() {
    return Optional.ofNullable(catalog.get().image().topics().get(GroupsTopic.NAME))
        .filter(topic -> !topic.deleting());
  }

  public void heartbeat(
      String groupId, Heartbeat beat, HeartbeatCall call, Reply<HeartbeatAnswer> reply) {
    ask(groupId, reply, (groups, then) -> groups.heartbeat(groupId, beat, call, then));
  }

  /**
   * @param by empty: no member
   * @param reply for each commit, in order, why it does not count
   */
  public void commit(
      String groupId,
      Optional<CommitRules.Committer> by,
      List<GroupChange.Committed> commits,
      Reply<List<Optional<CommitRules.Refusal>>> reply) {
    ask(groupId, reply, (groups, then) -> groups.commit(groupId, by, commits, then));
  }

  /** Everything that the group has committed. */
  public void offsets(String groupId, Reply<Map<PartitionId, CommittedOffset>> reply) {
    ask(groupId, reply, (groups, then) -> groups.offsets(groupId, then));
  }

  public void describe(String groupId, Reply<GroupReading> reply) {
    ask(groupId, reply, (groups, then) -> groups.describe(groupId, then));
  }

  /**
   * @param reply how many offsets were forgotten
   */
  public void delete(String groupId, Reply<Integer> reply) {
    ask(groupId, reply, (groups, then) -> groups.delete(groupId, then));
  }

  /** All groups that one partition of the groups' topic keeps. */
  public void list(PartitionId partition, Reply<List<GroupReading.Summary>> reply) {
    ask(partition, reply, GroupCoordinator::list);
  }

  private <A> void ask(
      String groupId,
      Reply<A> reply,
      BiConsumer<GroupCoordinator, GroupAnswers.Reply<A>> question) {
    Optional<PartitionId> partition = partitionOf(groupId);
    if (partition.isEmpty()) {
      reply.refuse(
          new Refusal(
              ErrorCode.NOT_LEADER,
              "this broker knows no topic " + GroupsTopic.NAME + " yet: locate the group first"));
    } else {
      ask(partition.get(), reply, question);
    }
  }

  private <A> void ask(
      PartitionId id,
      Reply<A> reply,
      BiConsumer<GroupCoordinator, GroupAnswers.Reply<A>> question) {
    Shard owner = id.ownerAmong(shards);
    if (!owner.offer(() -> askHere(owner, id, reply, question))) {
      reply.refuse(new Refusal(ErrorCode.BUSY, "the owner of " + id + " is too far behind; retry"));
    }
  }

  private <A> void askHere(
      Shard owner,
      PartitionId id,
      Reply<A> reply,
      BiConsumer<GroupCoordinator, GroupAnswers.Reply<A>> question) {
    Map<PartitionId, GroupCoordinator> here = byShard.get(owner);
    Partition partition = owner.find(id);
    if (here == null || partition == null) {
      forget(here, id);
      reply.refuse(owner.whyAbsent(id));
      return;
    }
    Optional<Refusal> refusal = partition.checkEpoch(OptionalInt.empty());
    if (refusal.isPresent() || !(partition.role() instanceof Role.Leader leader)) {
      forget(here, id);
      reply.refuse(
          refusal.orElseGet(
              () -> new Refusal(ErrorCode.NOT_LEADER, id + " is not led by this broker")));
      return;
    }
    GroupCoordinator coordinator = coordinator(owner, here, partition, leader);
    if (coordinator.isLoading()) {
      reply.refuse(
          new Refusal(
              ErrorCode.GROUPS_LOADING,
              "the coordinator of this group is reading what it takes over; retry"
                  + coordinator.trouble().map(why -> ": it cannot for now, as " + why).orElse("")));
      return;
    }
    int epoch = leader.epoch();
    question.accept(
        coordinator,
        new GroupAnswers.Reply<>() {
          @Override
          public void answer(A answer) {
            reply.answer(epoch, answer);
          }

          @Override
          public void refuse(Refusal why) {
            reply.refuse(why);
          }
        });
  }

  /** The one of this epoch, which may have to read first. On the owner's loop. */
  private GroupCoordinator coordinator(
      Shard owner,
      Map<PartitionId, GroupCoordinator> here,
      Partition partition,
      Role.Leader leader) {
    PartitionId id = partition.id();
    GroupCoordinator coordinator = here.get(id);
    if (coordinator == null || coordinator.epoch() != leader.epoch() || coordinator.isOver()) {
      forget(here, id);
      coordinator = new GroupCoordinator(owner, partition, leader.epoch(), rules);
      here.put(id, coordinator);
      coordinator.load();
    }
    return coordinator;
  }

  private static void forget(@Nullable Map<PartitionId, GroupCoordinator> here, PartitionId id) {
    GroupCoordinator gone = here == null ? null : here.remove(id);
    if (gone != null) {
      gone.end();
    }
  }
}
