package io.millrace.client.group;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.GroupCall;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.FatalException;
import io.millrace.client.errors.MemberFencedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.GroupHeartbeatRequest;
import io.millrace.wire.v1.GroupHeartbeatResponse;
import io.millrace.wire.v1.GroupSubscription;
import io.millrace.wire.v1.HeldPartitions;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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
  private static final int JOIN = 0;
  private static final int LEAVE = -1;
  private static final int AWAY = -2;
  private static final long AGAIN_MILLIS = 500;
  private static final long STALE_AGAIN_MILLIS = 20;

  private enum State {
    OUT,
    JOINING,
    MEMBER,
    LOST
  }

  private final Cluster cluster;
  private final GroupSettings settings;
  private final GroupCall.Place place;
  private final String memberId;
  private final Runnable onNews;

  private State state = State.OUT;
  private int epoch = JOIN;
  private long number;
  private Set<String> topics = Set.of();
  private boolean tellsTopics;
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
   * @param onNews the polling thread should look; on the loop
   */
  GroupSession(Cluster cluster, GroupSettings settings, Runnable onNews) {
    this.cluster = cluster;
    this.settings = settings;
    this.place = new GroupCall.Place(settings.groupId());
    this.memberId =
        "%s-%016x%016x"
            .formatted(
                settings.clientId().length() > 100
                    ? settings.clientId().substring(0, 100)
                    : settings.clientId(),
                cluster.random().nextLong(),
                cluster.random().nextLong());
    this.onNews = onNews;
  }

  boolean hasNews() {
    return hasNews;
  }

  // ---- What the polling thread says ------------------------------------------------------------

  /** From now on these, and no others. */
  void subscribe(Set<String> wanted) {
    topics = wanted;
    tellsTopics = true;
    failure = null;
    polled();
    if (state == State.OUT) {
      join();
    } else if (state == State.MEMBER) {
      beat();
    }
  }

  /** The application is alive; from the loop, now and then. */
  void polled() {
    polledNanos = now();
    if (state == State.OUT && !topics.isEmpty() && failure == null && held.isEmpty()) {
      join(); // it had not polled for too long
    }
  }

  /**
   * What the polling thread has to do.
   *
   * @param revoked to stop reading, then {@link #gaveUp}
   * @param added to begin reading: held from now on
   * @param lost everything that is held: drop it, then {@link #dropped}
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
    if (state == State.LOST || state == State.OUT) {
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
    return new News(Set.copyOf(revoked), Set.copyOf(added), false, Optional.empty());
  }

  /** Nothing of these is read any more, and nothing will be committed. */
  void gaveUp(Set<GroupPartition> partitions) {
    held.removeAll(partitions);
    if (state == State.MEMBER) {
      beat();
    }
  }

  /** Nothing is read any more: the group may be joined again. */
  void dropped() {
    held.clear();
    if (state == State.LOST) {
      join();
    }
  }

  /** Goes; a static member that only closes will be back. Nothing is held any more. */
  void leave(boolean forGood, long timeoutNanos, Done<Boolean> done) {
    State before = state;
    state = State.OUT;
    topics = Set.of();
    told = Set.of();
    held.clear();
    stopBeating();
    if (before != State.MEMBER) {
      done.done(true, null);
      return;
    }
    boolean isAway = !forGood && settings.instanceId().isPresent();
    GroupHeartbeatRequest.Builder bye = request().setMemberEpoch(isAway ? AWAY : LEAVE);
    epoch = JOIN;
    GroupCall.start(
        cluster,
        place,
        question(bye),
        timeoutNanos,
        (response, e) -> done.done(true, null)); // whoever is not heard of is out in the end
  }

  // ---- Heartbeats ------------------------------------------------------------------------------

  private long now() {
    return cluster.clock().nanoTime();
  }

  private void join() {
    state = State.JOINING;
    epoch = JOIN;
    told = Set.of();
    tellsTopics = true;
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
    tellsTopics |= state == State.JOINING;
    boolean says = tellsTopics;
    beating =
        GroupCall.start(
            cluster,
            place,
            new GroupCall.Question(
                () -> Request.newBuilder().setGroupHeartbeat(beatNow(says)),
                response -> response.getGroupHeartbeat().getLeaderEpoch(),
                false),
            Math.max(
                nanos(settings.sessionTimeoutMillis()) / 2, nanos(2L * settings.heartbeatMillis())),
            (response, e) -> ended(says, response, e));
  }

  private GroupHeartbeatRequest.Builder beatNow(boolean saysTopics) {
    GroupHeartbeatRequest.Builder beat =
        request()
            .setMemberEpoch(epoch)
            .setHeld(HeldPartitions.newBuilder().addAllTopics(GroupRequests.topics(held)))
            .setMaxWaitMs(settings.heartbeatMillis());
    if (saysTopics) {
      beat.setSubscription(GroupSubscription.newBuilder().addAllTopics(topics));
    }
    return beat;
  }

  private GroupHeartbeatRequest.Builder request() {
    GroupHeartbeatRequest.Builder request =
        GroupHeartbeatRequest.newBuilder()
            .setGroupId(settings.groupId())
            .setMemberId(memberId)
            .setClientId(settings.clientId())
            .setSessionTimeoutMs(settings.sessionTimeoutMillis())
            .setRevocationTimeoutMs(settings.pollLimitMillis())
            .setNumber(++number);
    settings.instanceId().ifPresent(request::setInstanceId);
    settings.rack().ifPresent(request::setRack);
    settings.assignor().ifPresent(request::setAssignor);
    return request;
  }

  private static GroupCall.Question question(GroupHeartbeatRequest.Builder beat) {
    return new GroupCall.Question(
        () -> Request.newBuilder().setGroupHeartbeat(beat),
        response -> response.getGroupHeartbeat().getLeaderEpoch(),
        false);
  }

  private void ended(
      boolean saidTopics, @Nullable Response response, @Nullable MillraceException e) {
    beating = null;
    if (response != null) {
      told(saidTopics, response.getGroupHeartbeat());
    } else if (e instanceof MemberFencedException) {
      log.info("{}: out of group {}: {}", memberId, settings.groupId(), e.getMessage());
      lose();
    } else if (e instanceof FatalException && !(e instanceof ClosedException)) {
      failure = e;
      state = State.OUT;
      topics = Set.of();
      news();
    } else if (!(e instanceof ClosedException)) {
      log.debug("{}: no answer to a heartbeat: {}", memberId, String.valueOf(e));
      if (now() - heardNanos > nanos(settings.sessionTimeoutMillis()) && state == State.MEMBER) {
        lose(); // others have what was this one's by now
      } else {
        beatLater(AGAIN_MILLIS);
      }
    }
  }

  private void told(boolean saidTopics, GroupHeartbeatResponse answer) {
    heardNanos = now();
    if (saidTopics) {
      tellsTopics = false;
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
                  MILLISECONDS.toNanos(millis),
                  () -> {
                    nextBeat = null;
                    beat();
                  });
    }
  }

  private void lose() {
    stopBeating();
    told = Set.of();
    epoch = JOIN;
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
        memberId,
        settings.groupId(),
        settings.pollLimitMillis());
    GroupHeartbeatRequest.Builder bye = request().setMemberEpoch(LEAVE);
    GroupCall.start(
        cluster, place, question(bye), nanos(settings.sessionTimeoutMillis()), (response, e) -> {});
    told = Set.of();
    epoch = JOIN;
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

  // ---- Offsets ---------------------------------------------------------------------------------

  /** Where the group has come to, of those where it has committed anything. */
  void fetch(
      Set<GroupPartition> partitions,
      long timeoutNanos,
      Done<Map<GroupPartition, CommittedOffset>> done) {
    GroupCall.start(
        cluster,
        place,
        GroupRequests.fetchQuestion(settings.groupId(), partitions),
        timeoutNanos,
        (response, e) ->
            done.done(response == null ? null : GroupRequests.offsets(response, partitions), e));
  }

  void commit(Map<GroupPartition, CommittedOffset> offsets, long timeoutNanos, Done<Boolean> done) {
    long deadlineNanos = now() + timeoutNanos;
    boolean isMember = state == State.MEMBER;
    if (state == State.LOST || state == State.JOINING) {
      done.done(null, new MemberFencedException("the consumer has lost its partitions"));
      return;
    }
    List<GroupPartition> order = List.copyOf(offsets.keySet());
    GroupCall.start(
        cluster,
        place,
        GroupRequests.commitQuestion(
            () ->
                GroupRequests.commit(
                    settings.groupId(), isMember ? memberId : "", isMember ? epoch : 0, offsets)),
        timeoutNanos,
        (response, e) -> {
          if (response == null) {
            done.done(null, e);
            return;
          }
          GroupRequests.CommitOutcome outcome = GroupRequests.outcome(response, order);
          if (outcome.isStale()) {
            commitAgain(offsets, deadlineNanos, done);
          } else if (outcome.error().isPresent()) {
            done.done(null, outcome.error().get());
          } else {
            done.done(true, null);
          }
        });
  }

  /** The answer that tells the newer epoch is on its way. */
  private void commitAgain(
      Map<GroupPartition, CommittedOffset> offsets, long deadlineNanos, Done<Boolean> done) {
    long leftNanos = deadlineNanos - now();
    if (leftNanos <= 0) {
      done.done(
          null,
          new TimedOutException("the commit was not taken: the member's epoch kept changing"));
    } else {
      cluster
          .loop()
          .schedule(
              nanos(STALE_AGAIN_MILLIS),
              () -> commit(offsets, Math.max(1, deadlineNanos - now()), done));
    }
  }
}
