package io.millrace.client.group;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.GroupCall;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.FatalException;
import io.millrace.client.errors.MemberFencedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.GroupHeartbeatResponse;
import io.millrace.wire.v1.Response;
import java.util.Collections;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One consumer's membership in its group. On the client's loop.
 *
 * <pre>
 *   OUT ──subscribe──> JOINING ──told──> MEMBER ──fenced, or cut off──> LOST ──all dropped──> JOINING
 *    ^─────────────────────────── leave ────┘
 * </pre>
 *
 * <p>What the member is told is kept until the polling thread takes it; what that thread holds is
 * reported with every heartbeat, so that nobody else gets a partition before it has let go of it.
 * The coordinator keeps a heartbeat until it has news, for a heartbeat's interval at most; so there
 * is always one under way, but while the polling thread has not caught up.
 */
final class GroupSession {
  private static final Logger log = LoggerFactory.getLogger(GroupSession.class);
  private static final long AGAIN_MILLIS = 500;

  private enum State {
    OUT,
    JOINING,
    MEMBER,
    LOST
  }

  private final Cluster cluster;
  private final GroupSettings settings;
  private final GroupCall.Place place;
  private final MemberRequests requests;
  private final Runnable onNews;

  private State state = State.OUT;
  private int epoch = MemberRequests.JOIN;
  private Wanted wanted = Wanted.NOTHING;
  private boolean tellsWanted;
  private Set<GroupPartition> told = Set.of();
  private final Set<GroupPartition> held = new HashSet<>();
  private @Nullable MillraceException failure;
  private @Nullable GroupCall beating;
  private @Nullable Timer nextBeat;
  private long heardNanos;
  private long polledNanos;

  /** Whether {@link #take} would give the polling thread something to do; any thread. */
  private volatile boolean hasNews;

  /**
   * @param place where the group is kept
   * @param onNews the polling thread should look; on the loop
   */
  GroupSession(Cluster cluster, GroupSettings settings, GroupCall.Place place, Runnable onNews) {
    this.cluster = cluster;
    this.settings = settings;
    this.place = place;
    this.requests = new MemberRequests(settings, cluster.random());
    this.onNews = onNews;
  }

  boolean hasNews() {
    return hasNews;
  }

  /** Under which name this consumer commits now. */
  MemberStamp stamp() {
    return switch (state) {
      case OUT -> new MemberStamp.Stranger();
      case MEMBER -> new MemberStamp.Member(requests.memberId(), epoch);
      case JOINING, LOST -> new MemberStamp.Fenced();
    };
  }

  // ---- What the polling thread says ------------------------------------------------------------

  /** From now on this, and nothing else. */
  void subscribe(Wanted now) {
    wanted = now;
    tellsWanted = true;
    failure = null;
    polled();
    if (state == State.OUT) {
      join();
    } else if (state == State.MEMBER) {
      beat();
    }
  }

  /** The application is alive: it polls, or lets go of something. */
  void polled() {
    polledNanos = now();
    if (state == State.OUT && !wanted.isNothing() && failure == null && held.isEmpty()) {
      join(); // it had not polled for too long
    }
  }

  /**
   * What the polling thread has to do.
   *
   * @param revoked to stop reading, then {@link #gaveUp}
   * @param added to begin reading: held from now on
   * @param lost everything that is held: drop it, then {@link #dropped}
   * @param failure why the membership has ended, for good
   */
  record News(
      Set<GroupPartition> revoked,
      Set<GroupPartition> added,
      boolean lost,
      Optional<MillraceException> failure) {}

  News take() {
    hasNews = false;
    if (failure != null) {
      MillraceException why = failure;
      failure = null;
      return new News(Set.of(), Set.of(), false, Optional.of(why));
    }
    if (isLost()) {
      return new News(Set.of(), Set.of(), !held.isEmpty(), Optional.empty());
    }
    Set<GroupPartition> revoked = new HashSet<>(held);
    revoked.removeAll(told);
    Set<GroupPartition> added = new HashSet<>(told);
    added.removeAll(held);
    held.addAll(added);
    if (revoked.isEmpty() && !added.isEmpty()) {
      beat();
    }
    return new News(
        Collections.unmodifiableSet(revoked),
        Collections.unmodifiableSet(added),
        false,
        Optional.empty());
  }

  /** What is held may be read by others already. */
  boolean isLost() {
    return state == State.LOST || state == State.OUT;
  }

  /** Nothing of these is read any more, and nothing will be committed. */
  void gaveUp(Set<GroupPartition> partitions) {
    polledNanos = now();
    held.removeAll(partitions);
    if (state == State.MEMBER) {
      beat();
    } else if (state == State.LOST && held.isEmpty()) {
      join(); // it was lost while it was being given up: nothing is left to drop
    }
  }

  /** Nothing is read any more: the group may be joined again. */
  void dropped() {
    polledNanos = now();
    held.clear();
    if (state == State.LOST) {
      join();
    }
  }

  /** Goes; a static member that only closes will be back. Nothing is held any more. */
  void leave(boolean forGood, long timeoutNanos, Done<Boolean> done) {
    State before = state;
    state = State.OUT;
    wanted = Wanted.NOTHING;
    told = Set.of();
    epoch = MemberRequests.JOIN;
    held.clear();
    stopBeating();
    if (before == State.MEMBER || before == State.JOINING) {
      // Of one that is joining: it may be in without having been told.
      boolean isBack = !forGood && settings.instanceId().isPresent();
      GroupCall.start(
          cluster,
          place,
          requests.bye(!isBack),
          before == State.MEMBER ? timeoutNanos : Math.min(timeoutNanos, nanos(AGAIN_MILLIS)),
          (response, e) -> done.done(true, null)); // whoever is not heard of is out in the end
    } else {
      done.done(true, null);
    }
  }

  // ---- Heartbeats ------------------------------------------------------------------------------

  private long now() {
    return cluster.clock().nanoTime();
  }

  private void join() {
    state = State.JOINING;
    epoch = MemberRequests.JOIN;
    told = Set.of();
    tellsWanted = true;
    heardNanos = now();
    beat();
  }

  private void stopBeating() {
    if (nextBeat != null) {
      nextBeat.cancel();
      nextBeat = null;
    }
    GroupCall call = beating;
    beating = null;
    if (call != null) {
      call.abandon();
    }
  }

  /** At once, instead of what is under way. */
  private void beat() {
    stopBeating();
    if (state != State.JOINING && state != State.MEMBER) {
      return;
    }
    if (state == State.MEMBER && now() - polledNanos > nanos(settings.pollLimitMillis())) {
      stalled();
      return;
    }
    tellsWanted |= state == State.JOINING;
    boolean says = tellsWanted;
    beating =
        GroupCall.start(
            cluster,
            place,
            requests.question(
                () ->
                    requests.beat(
                        epoch, held, says ? Optional.of(wanted.asTold()) : Optional.empty())),
            Math.max(
                nanos(settings.sessionTimeoutMillis()) / 2, nanos(2L * settings.heartbeatMillis())),
            (response, e) -> ended(says, response, e));
  }

  private void ended(
      boolean saidWanted, @Nullable Response response, @Nullable MillraceException e) {
    beating = null;
    if (response != null) {
      told(saidWanted, response.getGroupHeartbeat());
    } else if (e instanceof MemberFencedException) {
      log.info("{}: out of group {}: {}", requests.memberId(), settings.groupId(), e.getMessage());
      lose();
    } else if (e instanceof FatalException && !(e instanceof ClosedException)) {
      failure = e;
      state = State.OUT;
      wanted = Wanted.NOTHING;
      news();
    } else if (!(e instanceof ClosedException)) {
      log.debug("{}: no answer to a heartbeat: {}", requests.memberId(), String.valueOf(e));
      if (now() - heardNanos > nanos(settings.sessionTimeoutMillis()) && state == State.MEMBER) {
        lose(); // others have what was this one's by now
      } else {
        beatLater(AGAIN_MILLIS);
      }
    }
  }

  private void told(boolean saidWanted, GroupHeartbeatResponse answer) {
    heardNanos = now();
    if (saidWanted) {
      tellsWanted = false;
    }
    boolean isNew = state == State.JOINING || epoch != answer.getMemberEpoch();
    state = State.MEMBER;
    epoch = answer.getMemberEpoch();
    Set<GroupPartition> assigned = GroupRequests.partitions(answer.getAssignedList());
    isNew |= !assigned.equals(told);
    told = assigned;
    if (held.equals(told)) {
      beat();
      return;
    }
    news();
    // The polling thread says when it has caught up; until then there is nothing to wait for.
    beatLater(
        isNew ? Math.min(AGAIN_MILLIS, settings.heartbeatMillis()) : settings.heartbeatMillis());
  }

  private void beatLater(long millis) {
    if (nextBeat == null) {
      nextBeat =
          cluster
              .loop()
              .schedule(
                  nanos(millis),
                  () -> {
                    nextBeat = null;
                    beat();
                  });
    }
  }

  private void lose() {
    stopBeating();
    told = Set.of();
    epoch = MemberRequests.JOIN;
    if (held.isEmpty()) {
      join();
    } else {
      state = State.LOST;
      news();
    }
  }

  /** The application does not come for records: somebody else shall have them. */
  private void stalled() {
    log.warn(
        "{} leaves group {}: nobody has polled for {} ms, which is max.poll.interval.ms",
        requests.memberId(),
        settings.groupId(),
        settings.pollLimitMillis());
    GroupCall.start(
        cluster,
        place,
        requests.bye(true),
        nanos(settings.sessionTimeoutMillis()),
        (response, e) -> {});
    told = Set.of();
    epoch = MemberRequests.JOIN;
    state = held.isEmpty() ? State.OUT : State.LOST;
    news();
  }

  private void news() {
    hasNews = true;
    onNews.run();
  }

  private static long nanos(long millis) {
    return MILLISECONDS.toNanos(millis);
  }
}
