package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.CommitRules;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupChange;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import io.millrace.server.group.Membership;
import io.millrace.server.group.OffsetExpiry;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Role;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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

  /** Hears once, on the partition's loop. */
  interface Reply<A> {
    void answer(A answer);

    void refuse(Refusal why);
  }

  private final Shard shard;
  private final EventLoop loop;
  private final Partition partition;
  private final int epoch;
  private final GroupRules rules;
  private final GroupLog log;
  private final Map<String, LiveGroup> groups = new TreeMap<>();
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
  }

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

  private void apply(GroupLogCodec.Told told) {
    Group group = groups.computeIfAbsent(told.groupId(), LiveGroup::new).group;
    told.change().ifPresent(group::apply);
  }

  /** Whoever is a member has its whole time from now on: it may have found nobody to talk to. */
  private void onLoaded() {
    stage = Stage.SERVING;
    groups.values().removeIf(live -> live.group.isForgotten());
    for (LiveGroup live : groups.values()) {
      for (GroupMember member : live.group.members()) {
        heard(live, member);
        watchGiving(live, member);
        live.holds(member, loop.clock().nanoTime());
      }
    }
    LOG.debug("{}: coordinates {} groups in epoch {}", partition.id(), groups.size(), epoch);
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
    LOG.info("{}: reads its groups again: {}", partition.id(), why.message());
    end();
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
    for (LiveGroup live : groups.values()) {
      for (LiveGroup.Presence presence : live.presences.values()) {
        presence.end();
        reply(presence, new HeartbeatAnswer.Unavailable(why.message()));
      }
    }
    groups.clear();
  }

  /** For one decision; topics that have come or grown meanwhile go before it. */
  @SuppressWarnings("ReferenceEquality") // any other catalog may have other topics
  private Membership decide(LiveGroup live) {
    Catalog now = rules.catalog().get();
    Membership membership = rules.membership(live.group, now, loop.clock().wallMillis());
    if (live.seen != now) {
      live.seen = now;
      membership.onTopicsChanged();
    }
    return membership;
  }

  // ---- Members ---------------------------------------------------------------------------------

  /**
   * @param call number and patience of the heartbeat
   */
  void heartbeat(String groupId, Heartbeat beat, HeartbeatCall call, Reply<HeartbeatAnswer> reply) {
    LiveGroup known = groups.get(groupId);
    if (known == null && beat.memberEpoch() == Heartbeat.JOIN) {
      Optional<Refusal> tooMany = create(groupId);
      if (tooMany.isPresent()) {
        reply.refuse(tooMany.get());
        return;
      }
      known = groups.get(groupId);
    }
    if (known == null) {
      reply.answer(new HeartbeatAnswer.Fenced("there is no group " + groupId));
      return;
    }
    LiveGroup live = known;
    if (isOld(live, beat.memberId(), call)) {
      reply.answer(new HeartbeatAnswer.Unavailable("a later heartbeat of the member has come"));
      return;
    }
    replace(live, beat.memberId());
    Membership membership = decide(live);
    HeartbeatAnswer answer = membership.onHeartbeat(beat);
    settle(live, membership);
    if (live.group.isForgotten()) {
      groups.remove(groupId); // it was refused who would have been the first
    }
    live.group
        .member(beat.memberId())
        .ifPresent(
            member -> {
              heard(live, member);
              live.presence(member.id()).lastNumber = call.number();
            });
    boolean isNews = !LiveGroup.knows(beat, answer);
    if (isNews || call.waitMillis() == 0) {
      tell(reply, answer);
    } else {
      park(live, beat, call.waitMillis(), reply);
    }
  }

  /**
   * A member's process says one thing after another, but not always over the same connection: what
   * it said before must not count as what it says now, or it gives up what it has got since.
   */
  private static boolean isOld(LiveGroup live, String memberId, HeartbeatCall call) {
    LiveGroup.Presence presence = live.presences.get(memberId);
    return presence != null && call.number() <= presence.lastNumber;
  }

  private Optional<Refusal> create(String groupId) {
    if (groups.size() >= GroupRules.MAX_GROUPS) {
      return Optional.of(
          new Refusal(
              ErrorCode.GROUP_FULL,
              partition.id()
                  + " keeps "
                  + GroupRules.MAX_GROUPS
                  + " groups, which is the most: delete some that nobody uses"));
    }
    groups.put(groupId, new LiveGroup(groupId));
    return Optional.empty();
  }

  /** Once everything is committed that the answer may follow from. */
  private <A> void tell(Reply<A> reply, A answer) {
    log.whenCommitted(
        new GroupLog.Waiter() {
          @Override
          public void onCommitted() {
            reply.answer(answer);
          }

          @Override
          public void onLost(Refusal why) {
            reply.refuse(why);
          }
        });
  }

  private void park(LiveGroup live, Heartbeat beat, int waitMillis, Reply<HeartbeatAnswer> reply) {
    LiveGroup.Presence presence = live.presence(beat.memberId());
    HeartbeatAnswer asBefore =
        new HeartbeatAnswer.Told(beat.memberEpoch(), beat.owned().orElseThrow());
    Timer limit = loop.schedule(MILLISECONDS.toNanos(waitMillis), () -> reply(presence, asBefore));
    presence.waiting = new LiveGroup.Waiting(beat, limit, answer -> tell(reply, answer));
  }

  /** A member waits with one heartbeat at most: it speaks again, so it has lost the one before. */
  private void replace(LiveGroup live, String memberId) {
    LiveGroup.Presence presence = live.presences.get(memberId);
    if (presence != null) {
      reply(presence, new HeartbeatAnswer.Unavailable("another heartbeat of the member has come"));
    }
  }

  private static void reply(LiveGroup.Presence presence, HeartbeatAnswer answer) {
    LiveGroup.Waiting waiting = presence.waiting;
    if (waiting != null) {
      presence.waiting = null;
      waiting.limit().cancel();
      waiting.reply().accept(answer);
    }
  }

  private void heard(LiveGroup live, GroupMember member) {
    LiveGroup.Presence presence = live.presence(member.id());
    presence.heardNanos = loop.clock().nanoTime();
    if (presence.silence != null) {
      presence.silence.cancel();
    }
    presence.silence =
        loop.schedule(
            MILLISECONDS.toNanos(member.identity().sessionTimeoutMillis()),
            () -> expire(live, member.id(), "was silent"));
  }

  private void watchGiving(LiveGroup live, GroupMember member) {
    LiveGroup.Presence presence = live.presence(member.id());
    if (!live.gives(member.id())) {
      if (presence.revocation != null) {
        presence.revocation.cancel();
        presence.revocation = null;
      }
    } else if (presence.revocation == null) {
      presence.revocation =
          loop.schedule(
              MILLISECONDS.toNanos(member.identity().revocationTimeoutMillis()),
              () -> expire(live, member.id(), "did not give up what it was told to"));
    }
  }

  private void expire(LiveGroup live, String memberId, String why) {
    if (stage != Stage.SERVING) {
      return;
    }
    if (!isLeading()) {
      end();
      return;
    }
    LOG.info("group {}: member {} {} for too long and is out", live.group.id(), memberId, why);
    rules.counters().expiredMember();
    Membership membership = decide(live);
    membership.expire(memberId);
    settle(live, membership);
  }

  /** Writes what was decided, and sees to it that everybody hears of it whom it concerns. */
  private void settle(LiveGroup live, Membership membership) {
    membership.alarm().ifPresent(alarm -> LOG.error("group {}: {}", live.group.id(), alarm));
    if (membership.changes().isEmpty()) {
      return;
    }
    live.alarm = membership.alarm().orElse("");
    if (membership.changes().stream().anyMatch(GroupChange.EpochIs.class::isInstance)) {
      rules.counters().rebalanced();
    }
    log.write(live.group.id(), membership.changes());
    if (stage == Stage.OVER) {
      return;
    }
    for (GroupChange change : membership.changes()) {
      if (change instanceof GroupChange.MemberIs is) {
        live.group
            .member(is.member().id())
            .ifPresent(
                member -> {
                  watchGiving(live, member);
                  live.holds(member, loop.clock().nanoTime());
                });
      } else if (change instanceof GroupChange.MemberGone gone
          && live.group.member(gone.memberId()).isEmpty()) {
        LiveGroup.Presence presence = live.presences.remove(gone.memberId());
        if (presence != null) {
          presence.end();
          reply(presence, new HeartbeatAnswer.Fenced("it is not a member any more"));
        }
      }
    }
    if (!live.looksSoon) {
      live.looksSoon = true;
      loop.execute(() -> lookAtWaiting(live));
    }
  }

  /** Whoever waits may be told more, or be told to give something up. */
  private void lookAtWaiting(LiveGroup live) {
    live.looksSoon = false;
    for (Map.Entry<String, LiveGroup.Presence> each :
        new LinkedHashMap<>(live.presences).entrySet()) {
      LiveGroup.Waiting waiting = each.getValue().waiting;
      if (stage != Stage.SERVING || waiting == null) {
        continue;
      }
      Membership membership = decide(live);
      HeartbeatAnswer answer = membership.look(each.getKey());
      settle(live, membership);
      if (!waiting.knows(answer)) {
        reply(each.getValue(), answer);
      }
    }
  }

  // ---- Time ------------------------------------------------------------------------------------

  /** Now and then: what is not needed any more is forgotten, and topics are looked at again. */
  void keepTime() {
    if (stage != Stage.SERVING) {
      return;
    }
    if (!isLeading()) {
      end();
      return;
    }
    Catalog now = rules.catalog().get();
    for (LiveGroup live : List.copyOf(groups.values())) {
      live.forgetWhatNobodyHolds();
      settle(live, decide(live)); // nobody may have said anything since topics have changed
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

  /** All groups as they are, for metrics. */
  List<GroupReading> readings() {
    long now = loop.clock().nanoTime();
    return stage == Stage.SERVING
        ? groups.values().stream().map(live -> GroupReading.of(live, now)).toList()
        : List.of();
  }

  // ---- Offsets ---------------------------------------------------------------------------------

  /**
   * @param by empty: no member
   * @param reply for each commit, in order, why it does not count
   */
  void commit(
      String groupId,
      Optional<CommitRules.Committer> by,
      List<GroupChange.Committed> commits,
      Reply<List<Optional<CommitRules.Refusal>>> reply) {
    LiveGroup live = groups.get(groupId);
    if (live == null) {
      Optional<Refusal> tooMany =
          by.isEmpty() && !commits.isEmpty() ? create(groupId) : Optional.empty();
      if (tooMany.isPresent()) {
        reply.refuse(tooMany.get());
        return;
      }
      live = groups.getOrDefault(groupId, new LiveGroup(groupId));
    }
    List<GroupChange> changes = new ArrayList<>();
    List<Optional<CommitRules.Refusal>> results = new ArrayList<>();
    for (GroupChange.Committed commit : commits) {
      Optional<CommitRules.Refusal> refusal =
          CommitRules.refusal(live.group, commit.partition(), by);
      if (refusal.isEmpty()) {
        CommittedOffset before = live.group.offsets().get(commit.partition());
        changes.add(
            before == null
                ? commit
                : new GroupChange.Committed(commit.partition(), commit.offset().after(before)));
      }
      results.add(refusal);
    }
    changes.forEach(live.group::apply);
    rules.counters().committed(changes.size());
    log.write(groupId, changes);
    tell(reply, results);
  }

  /** Everything that the group has committed. */
  void offsets(String groupId, Reply<Map<PartitionId, CommittedOffset>> reply) {
    LiveGroup live = groups.get(groupId);
    tell(reply, live == null ? Map.of() : new LinkedHashMap<>(live.group.offsets()));
  }

  // ---- Looking at groups -----------------------------------------------------------------------

  void list(Reply<List<GroupReading.Summary>> reply) {
    tell(reply, groups.values().stream().map(live -> GroupReading.Summary.of(live.group)).toList());
  }

  void describe(String groupId, Reply<GroupReading> reply) {
    LiveGroup live = find(groupId, reply);
    if (live != null) {
      tell(reply, GroupReading.of(live, loop.clock().nanoTime()));
    }
  }

  /** Forgets a group without members. */
  void delete(String groupId, Reply<Integer> reply) {
    LiveGroup live = find(groupId, reply);
    if (live == null) {
      return;
    }
    if (!live.group.members().isEmpty()) {
      reply.refuse(
          new Refusal(
              ErrorCode.GROUP_IN_USE,
              "group "
                  + groupId
                  + " has "
                  + live.group.members().size()
                  + " members: stop them, or wait until they are out, and delete it then"));
      return;
    }
    List<GroupChange> changes = new ArrayList<>();
    live.group.offsets().keySet().forEach(id -> changes.add(new GroupChange.Forgotten(id)));
    changes.add(new GroupChange.Ended());
    groups.remove(groupId);
    log.write(groupId, changes);
    tell(reply, changes.size() - 1);
  }

  private @Nullable LiveGroup find(String groupId, Reply<?> reply) {
    LiveGroup live = groups.get(groupId);
    if (live == null) {
      reply.refuse(new Refusal(ErrorCode.UNKNOWN_GROUP, "there is no group " + groupId));
    }
    return live;
  }
}
