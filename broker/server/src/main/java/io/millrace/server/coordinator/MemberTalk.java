package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.group.GroupChange;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Heartbeat;
import io.millrace.server.group.HeartbeatAnswer;
import io.millrace.server.group.Membership;
import io.millrace.server.partition.Refusal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What members of one partition's groups say and are told, and what becomes of those who say
 * nothing. Owner: the partition's loop.
 */
final class MemberTalk {
  private static final Logger LOG = LoggerFactory.getLogger(MemberTalk.class);

  private final GroupTable groups;
  private final GroupLog log;
  private final GroupAnswers answers;
  private final GroupRules rules;
  private final EventLoop loop;
  private final BooleanSupplier isServing;
  private final BooleanSupplier mayDecide;

  /**
   * @param isServing whether what is in memory is still what counts, as far as was noticed
   * @param mayDecide the same, having looked; ends everything if it is not so
   */
  MemberTalk(
      GroupTable groups,
      GroupLog log,
      GroupRules rules,
      EventLoop loop,
      BooleanSupplier isServing,
      BooleanSupplier mayDecide) {
    this.groups = groups;
    this.log = log;
    this.answers = new GroupAnswers(log);
    this.rules = rules;
    this.loop = loop;
    this.isServing = isServing;
    this.mayDecide = mayDecide;
  }

  /** Whoever is a member has its whole time from now on: it may have found nobody to talk to. */
  void begin(LiveGroup live) {
    for (GroupMember member : live.group.members()) {
      heard(live, member);
      watchGiving(live, member);
      live.holds(member, loop.clock().nanoTime());
    }
  }

  /** Nobody is watched any more, and whoever waits is told to ask again. */
  void end(LiveGroup live, String why) {
    for (LiveGroup.Presence presence : live.presences.values()) {
      presence.end();
      reply(presence, new HeartbeatAnswer.Unavailable(why));
    }
  }

  /** Topics may have changed though nobody has said anything since. */
  void look(LiveGroup live) {
    settle(live, decide(live));
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

  /**
   * @param call number and patience of the heartbeat
   */
  void heartbeat(
      String groupId,
      Heartbeat beat,
      HeartbeatCall call,
      GroupAnswers.Reply<HeartbeatAnswer> reply) {
    LiveGroup known = groups.get(groupId);
    boolean joins = beat.memberEpoch() == Heartbeat.JOIN;
    Optional<Refusal> refusal =
        known == null ? joins ? groups.full() : Optional.empty() : GroupTable.damage(known);
    if (refusal.isPresent()) {
      reply.refuse(refusal.get());
      return;
    }
    if (known == null && !joins) {
      reply.answer(new HeartbeatAnswer.Fenced("there is no group " + groupId));
      return;
    }
    LiveGroup live = known == null ? groups.getOrMake(groupId) : known;
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
      answers.tell(reply, answer);
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

  private void park(
      LiveGroup live, Heartbeat beat, int waitMillis, GroupAnswers.Reply<HeartbeatAnswer> reply) {
    LiveGroup.Presence presence = live.presence(beat.memberId());
    HeartbeatAnswer asBefore =
        new HeartbeatAnswer.Told(beat.memberEpoch(), beat.owned().orElseThrow());
    Timer limit = loop.schedule(MILLISECONDS.toNanos(waitMillis), () -> reply(presence, asBefore));
    presence.waiting = new LiveGroup.Waiting(beat, limit, answer -> answers.tell(reply, answer));
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
    if (!mayDecide.getAsBoolean()) {
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
    if (!isServing.getAsBoolean()) {
      return; // it could not be written
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
      if (!isServing.getAsBoolean() || waiting == null) {
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
}
