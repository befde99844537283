package io.millrace.server.coordinator;

import io.millrace.rpc.EventLoop;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.CommitRules;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.GroupChange;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import io.millrace.server.group.OffsetExpiry;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Role;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The groups that one partition of the groups' topic keeps, for as long as this broker leads it in
 * one epoch. Owner: the partition's loop.
 *
 * <pre>
 *   LOADING ──all that the log held is read──> SERVING ──another epoch, or a failed write──> OVER
 * </pre>
 *
 * <p>A decision changes the groups in memory, is written, and is told once it is committed. After
 * OVER there is another of these, which reads the log again: nobody has been told anything that is
 * not in it.
 */
final class GroupCoordinator {
  private static final Logger LOG = LoggerFactory.getLogger(GroupCoordinator.class);

  private enum Stage {
    LOADING,
    SERVING,
    OVER
  }

  private final Shard shard;
  private final EventLoop loop;
  private final Partition partition;
  private final int epoch;
  private final GroupRules rules;
  private final GroupLog log;
  private final GroupAnswers answers;
  private final GroupTable groups;
  private final MemberTalk talk;
  private final GroupCommits commits;
  private Stage stage = Stage.LOADING;

  /** Why reading does not get on, if it does not. */
  private Optional<String> trouble = Optional.empty();

  GroupCoordinator(Shard shard, Partition partition, int epoch, GroupRules rules) {
    this.shard = shard;
    this.loop = shard.loop();
    this.partition = partition;
    this.epoch = epoch;
    this.rules = rules;
    this.log = new GroupLog(shard, partition.id(), epoch, this::onLost);
    this.answers = new GroupAnswers(log);
    this.groups = new GroupTable(partition.id(), GroupRules.MAX_GROUPS);
    this.talk =
        new MemberTalk(
            groups, log, rules, loop, () -> stage == Stage.SERVING, this::isStillServing);
    this.commits = new GroupCommits(groups, log, answers, rules.counters());
  }

  // ---- Its life --------------------------------------------------------------------------------

  void load() {
    new GroupLogReader(
            shard,
            partition,
            epoch,
            () -> stage == Stage.LOADING && isLeading(),
            this::apply,
            this::onLoaded,
            why -> trouble = Optional.of(why))
        .readOn();
  }

  private void apply(GroupLogReader.Line line) {
    GroupLogCodec.Told told = line.told();
    LiveGroup live = groups.getOrMake(told.groupId());
    Optional<String> fault =
        told.fault().or(() -> told.change().flatMap(live.group::contradiction));
    if (fault.isPresent()) {
      live.damaged("at offset %d of %s, %s".formatted(line.offset(), partition.id(), fault.get()));
      live.damagedKeys.add(copy(line.key()));
    } else {
      told.change().ifPresent(live.group::apply);
      if (told.change().filter(GroupChange.Ended.class::isInstance).isPresent()) {
        live.isWhole();
      }
    }
  }

  private static ByteBuffer copy(ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
  }

  private void onLoaded() {
    stage = Stage.SERVING;
    for (LiveGroup live : groups.all()) {
      if (!live.damage.isEmpty()) {
        LOG.error("group {} is not served: {}", live.group.id(), live.damage);
      } else if (live.group.isForgotten()) {
        groups.remove(live.group.id());
      } else {
        talk.begin(live);
      }
    }
    LOG.debug("{}: coordinates {} groups in epoch {}", partition.id(), groups.view().size(), epoch);
  }

  int epoch() {
    return epoch;
  }

  boolean isLoading() {
    return stage == Stage.LOADING;
  }

  Optional<String> trouble() {
    return trouble;
  }

  boolean isOver() {
    return stage == Stage.OVER;
  }

  /** Whether what is in memory is still what counts. */
  private boolean isLeading() {
    return partition.role() instanceof Role.Leader leader && leader.epoch() == epoch;
  }

  private void onLost(Refusal why) {
    if (stage == Stage.OVER) {
      return; // it is because this ends
    }
    LOG.info("{}: reads its groups again: {}", partition.id(), why.message());
    end();
  }

  /** Whether anything may be decided; else this ends. */
  private boolean isStillServing() {
    if (stage == Stage.SERVING && !isLeading()) {
      end();
    }
    return stage == Stage.SERVING;
  }

  /** Another one takes over, here or elsewhere. */
  void end() {
    if (stage == Stage.OVER) {
      return;
    }
    stage = Stage.OVER;
    Refusal why =
        new Refusal(
            ErrorCode.NOT_LEADER, "the coordinator of this group has changed: look for it again");
    log.lose(why);
    groups.view().forEach(live -> talk.end(live, why.message()));
    groups.clear();
  }

  // ---- Members and offsets
  // -----------------------------------------------------------------------

  /**
   * @param call number and patience of the heartbeat
   */
  void heartbeat(
      String groupId,
      Heartbeat beat,
      HeartbeatCall call,
      GroupAnswers.Reply<HeartbeatAnswer> reply) {
    talk.heartbeat(groupId, beat, call, reply);
  }

  /**
   * @param by empty: no member
   * @param reply for each commit, in order, why it does not count
   */
  void commit(
      String groupId,
      Optional<CommitRules.Committer> by,
      List<GroupChange.Committed> wanted,
      GroupAnswers.Reply<List<Optional<CommitRules.Refusal>>> reply) {
    commits.commit(groupId, by, wanted, reply);
  }

  /** Everything that the group has committed. */
  void offsets(String groupId, GroupAnswers.Reply<Map<PartitionId, CommittedOffset>> reply) {
    commits.offsets(groupId, reply);
  }

  // ---- Time ------------------------------------------------------------------------------------

  /** Now and then: what is not needed any more is forgotten, and topics are looked at again. */
  void keepTime() {
    if (!isStillServing()) {
      return;
    }
    Catalog now = rules.catalog().get();
    for (LiveGroup live : groups.all()) {
      if (!live.damage.isEmpty()) {
        continue; // nobody knows what of it is not needed
      }
      live.forgetWhatNobodyHolds();
      talk.look(live);
      List<GroupChange> due =
          OffsetExpiry.due(
              live.group,
              id -> now.topic(id).isPresent(),
              loop.clock().wallMillis(),
              rules.retentionMillis());
      if (!due.isEmpty() && stage == Stage.SERVING) {
        forget(live, due);
      }
    }
  }

  private void forget(LiveGroup live, List<GroupChange> due) {
    due.forEach(live.group::apply);
    log.write(live.group.id(), due);
    long offsets = due.stream().filter(GroupChange.Forgotten.class::isInstance).count();
    rules.counters().expiredOffsets(offsets);
    LOG.info(
        "group {}: {} offset(s) are forgotten, as nobody has used them for {} ms",
        live.group.id(),
        offsets,
        rules.retentionMillis());
    if (live.group.isForgotten()) {
      groups.remove(live.group.id());
    }
  }

  // ---- Looking at groups -----------------------------------------------------------------------

  /** All groups as they are, for metrics. */
  List<GroupReading> readings() {
    long now = loop.clock().nanoTime();
    return stage == Stage.SERVING
        ? groups.view().stream().map(live -> GroupReading.of(live, now)).toList()
        : List.of();
  }

  void list(GroupAnswers.Reply<List<GroupReading.Summary>> reply) {
    answers.tell(
        reply, groups.view().stream().map(live -> GroupReading.Summary.of(live.group)).toList());
  }

  void describe(String groupId, GroupAnswers.Reply<GroupReading> reply) {
    LiveGroup live = find(groupId, reply);
    if (live != null) {
      answers.tell(reply, GroupReading.of(live, loop.clock().nanoTime()));
    }
  }

  /** Forgets a group without members, or one that makes no sense. */
  void delete(String groupId, GroupAnswers.Reply<Integer> reply) {
    LiveGroup live = find(groupId, reply);
    if (live == null) {
      return;
    }
    boolean isDamaged = !live.damage.isEmpty();
    int members = live.group.members().size();
    if (members > 0 && !isDamaged) {
      reply.refuse(
          new Refusal(
              ErrorCode.GROUP_IN_USE,
              "group "
                  + groupId
                  + " has "
                  + members
                  + " members: stop them, or wait until they are out, and delete it then"));
      return;
    }
    List<GroupChange> changes = new ArrayList<>();
    live.group.members().forEach(member -> changes.add(new GroupChange.MemberGone(member.id())));
    live.group.offsets().keySet().forEach(id -> changes.add(new GroupChange.Forgotten(id)));
    changes.add(new GroupChange.Ended());
    int offsets = live.group.offsets().size();
    groups.remove(groupId);
    log.erase(live.damagedKeys);
    log.write(groupId, changes);
    answers.tell(reply, offsets);
  }

  private @Nullable LiveGroup find(String groupId, GroupAnswers.Reply<?> reply) {
    LiveGroup live = groups.get(groupId);
    if (live == null) {
      reply.refuse(new Refusal(ErrorCode.UNKNOWN_GROUP, "there is no group " + groupId));
    }
    return live;
  }
}
