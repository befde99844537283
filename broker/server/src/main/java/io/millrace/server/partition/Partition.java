package io.millrace.server.partition;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.config.TimestampKind;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.replica.LeaderSnapshot;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsOutcome;
import io.millrace.storage.log.LogListener;
import io.millrace.storage.log.PartitionLog;
import io.millrace.storage.log.TrimResult;
import io.millrace.wire.BatchLimits;
import io.millrace.wire.BatchValidator;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of one partition. Owner: the loop of its shard, for everything.
 *
 * <p>A share's way: {@link #offer} checks it and keeps it until the turn of the loop ends; {@link
 * #appendOffered} writes all that the turn brought in one piece; whoever waits for the disk is told
 * by {@link #onFlushed}, and so are the readers whom the new high watermark lets see more.
 */
public final class Partition implements LogListener {
  private static final Logger LOG = LoggerFactory.getLogger(Partition.class);

  /** How far a producer's clock may be ahead of this broker's. */
  private static final long MAX_AHEAD_MILLIS = 3_600_000;

  /** Where the producer's clock does not count: further ahead than any clock can be. */
  private static final long ANY_TIME_MILLIS = Long.MAX_VALUE / 2;

  private final PartitionId id;
  private final EventLoop loop;
  private final PartitionListener listener;
  private final PartitionLog log;
  private final LogConfigs logConfigs;
  private final VisibleEnd visible;
  private final Appends appends;
  private final Reads reads;
  private final Waiters waiters = new Waiters();
  private final FlushWaiters flushWaiters = new FlushWaiters();

  /** Nobody looks at it until there is a shard. */
  private Traffic traffic = new Traffic();

  private @Nullable Shard shard;

  private TopicSettings topic;
  private BatchLimits limits;
  private Role role = new Role.Idle("nobody has been elected yet");

  /** Of the epoch that is led; null in every other role. */
  private @Nullable Leading leading;

  /** While another replica is to take this leader's place: nothing is appended. */
  private @Nullable HandingOver handingOver;

  /** As which this replica was last told to lead, or follow. */
  private @Nullable PartitionState told;

  private Map<Integer, Integer> live = Map.of();
  private boolean leased = true;

  /** Of the epoch that is followed; null in every other role. */
  private @Nullable Following following;

  /** The log is being cut: nothing can be appended, and no epoch begun. */
  private boolean reshaping;

  /** Its log, and how the topic's settings are told to it. */
  record Keeping(PartitionLog log, LogConfigs configs) {}

  /** On the owner's loop. */
  Partition(
      PartitionId id,
      TopicSettings topic,
      Keeping keeping,
      EventLoop loop,
      PartitionListener listener) {
    this.id = id;
    this.loop = loop;
    this.topic = topic;
    this.limits = limits(topic);
    this.log = keeping.log();
    this.logConfigs = keeping.configs();
    this.listener = listener;
    // A hint: others may know more, and nobody may have less than is there.
    this.visible =
        new VisibleEnd(
            Math.min(log.endOffset(), Math.max(log.startOffset(), log.highWatermarkHint())));
    this.appends = new Appends(this, log, visible, loop.clock());
    this.reads = new Reads(this, log, visible, waiters::wakeAll);
    log.failure().ifPresent(this::onFailed);
  }

  public PartitionId id() {
    return id;
  }

  public Role role() {
    return role;
  }

  public PartitionLog log() {
    return log;
  }

  /** By the shard, when it takes this partition in. */
  void enter(Shard owner, Traffic shared) {
    shard = owner;
    traffic = shared;
  }

  Traffic traffic() {
    return traffic;
  }

  Waiters waiters() {
    return waiters;
  }

  /** For metrics and explanations. */
  public PartitionReading reading() {
    return new PartitionReading(
        id,
        PartitionReading.State.of(role),
        log.sizeBytes(),
        log.segmentCount(),
        log.startOffset(),
        log.endOffset(),
        visible.offset(),
        log.flushedOffset(),
        leadership()
            .map(leader -> ReplicationLag.of(leader, loop.clock().nanoTime()))
            .orElse(ReplicationLag.NONE));
  }

  /** What a leader knows of its followers; empty when this replica does not lead. */
  public Optional<LeaderSnapshot> leadership() {
    return Optional.ofNullable(leading).map(Leading::snapshot);
  }

  TopicSettings topic() {
    return topic;
  }

  /** What a share is held against. */
  BatchLimits limits() {
    return limits;
  }

  private static BatchLimits limits(TopicSettings topic) {
    return new BatchLimits(
        topic.batchMaxBytes(),
        topic.recordMaxBytes(),
        BatchLimits.DEFAULT_RECORDS_PER_BATCH,
        topic.timestampKind() == TimestampKind.CREATE ? MAX_AHEAD_MILLIS : ANY_TIME_MILLIS);
  }

  /** New settings hold from now on; what has been acknowledged or shown stays so. */
  public void configure(TopicSettings settings) {
    this.topic = settings;
    this.limits = limits(settings);
    if (role instanceof Role.Offline) {
      return; // its log takes nothing any more
    }
    log.configure(logConfigs.of(settings.log()));
    if (leading != null) {
      leading.configure(settings);
      flushForReaders();
    }
  }

  /** What others see must not wait for the next flush by time. */
  void flushForReaders() {
    Leading leader = leading;
    boolean waits =
        leader != null
            && (leader.waitsForOwnDisk(topic.durability())
                || (appends.isAwaited() && leader.waitsForOwnDisk(Durability.STANDARD)));
    if (waits && log.flushedOffset() < log.endOffset()) {
      log.requestFlush();
    }
  }

  /**
   * Has been elected. Serves once the epoch's first offset is durable; leading in this epoch
   * already, it only takes in the newer picture.
   *
   * @param state as written: names this broker
   * @param live incarnations of the brokers there are
   * @return why not: the epoch is lower than one seen before, or the log has failed
   */
  public Optional<String> lead(PartitionState state, Map<Integer, Integer> live) {
    int epoch = state.leaderEpoch();
    if (role.isInEpoch(epoch)) {
      onState(state, live);
      return Optional.empty();
    }
    if (isRemembered(epoch)) {
      return Optional.empty();
    }
    Optional<String> refusal = refusal(epoch);
    if (refusal.isEmpty() && !state.inSync().contains(state.leader())) {
      return Optional.of(
          "its node in the cluster's store names broker "
              + state.leader()
              + " as the leader, but not as in sync: "
              + state);
    }
    if (refusal.isEmpty()) {
      told = state;
      this.live = live;
      leaveRole(new Role.Preparing(epoch), "this broker is about to lead in epoch " + epoch);
      if (!reshaping) {
        beginEpoch();
      }
    }
    return refusal;
  }

  /**
   * Never true: being told again of an epoch must take effect unless its role was really taken up.
   * What is asked is the role, not what was heard (R13).
   */
  private boolean isRemembered(int epoch) {
    boolean heard = told != null && told.leaderEpoch() == epoch;
    return heard && SafetyRule.R13.isLeftOut();
  }

  /** Why this replica takes no part in an epoch. */
  private Optional<String> refusal(int epoch) {
    if (role instanceof Role.Offline offline) {
      return Optional.of(offline.whyNotLeading());
    }
    if (epoch < log.highestEpochSeen()) {
      return Optional.of(
          "leader epoch "
              + epoch
              + " is lower than "
              + log.highestEpochSeen()
              + ", which this replica has seen: the cluster's store has gone back in time");
    }
    return Optional.empty();
  }

  private void beginEpoch() {
    int epoch = ((Role.Preparing) role).epoch();
    long startOffset = log.endOffset();
    log.beginEpoch(epoch, () -> onEpochDurable(epoch, startOffset));
  }

  private void onEpochDurable(int epoch, long startOffset) {
    if (!(role instanceof Role.Preparing preparing) || preparing.epoch() != epoch) {
      return; // deposed meanwhile
    }
    PartitionState state = Objects.requireNonNull(told);
    if (!state.inSync().contains(state.leader())) {
      stepDown("it has been taken out of the in-sync set as it was about to lead");
      return;
    }
    role = new Role.Leader(epoch, startOffset);
    Leading leader = new Leading(this, loop, listener, state, live, startOffset, visible.offset());
    leading = leader;
    leader.act();
    flushForReaders();
    if (shard != null && !leader.isOnlyReplica()) {
      shard.watch(this);
    }
    LOG.debug(
        "{}: leading in epoch {} from offset {}, {} visible",
        id,
        epoch,
        startOffset,
        visible.offset());
    listener.onLeading(id, epoch);
  }

  /**
   * Another broker leads: copies what it has, from the next {@link #position} on. Leads no more.
   * Following it in this epoch already, nothing changes.
   *
   * @return why not, as of {@link #lead(PartitionState, Map)}
   */
  public Optional<String> follow(PartitionState state) {
    int epoch = state.leaderEpoch();
    boolean follows = role instanceof Role.Follower follower && follower.epoch() == epoch;
    if (follows || isRemembered(epoch)) {
      return Optional.empty();
    }
    Optional<String> refusal = refusal(epoch);
    if (refusal.isEmpty()) {
      told = state;
      Role.Follower next = new Role.Follower(epoch, state.leader());
      leaveRole(next, next.whyNotLeading());
      log.noteLeaderEpoch(epoch);
      following = new Following(this, loop, epoch, visible.offset());
      if (!reshaping) {
        following.begin();
      }
    }
    return refusal;
  }

  /**
   * Neither leads nor follows any more: a fetch that is under way changes nothing. Producers that
   * wait are told that their outcome is unknown, readers to look elsewhere.
   *
   * @param whoLeads as a clause: "broker 3 leads"
   */
  public void stepDown(String whoLeads) {
    boolean keepsFetching = role instanceof Role.Follower && SafetyRule.H14.isLeftOut();
    if (!(role instanceof Role.Offline) && !keepsFetching) {
      leaveRole(new Role.Idle(whoLeads), whoLeads);
    }
  }

  /**
   * Appends nothing from now on and keeps what producers send, so that another replica can take
   * this leader's place without anybody noticing.
   *
   * @param then once, on this loop: the other's incarnation as soon as it has everything that was
   *     appended; empty when it has not in time, and this one leads on
   */
  public void handOver(int to, long patienceNanos, Consumer<Optional<Integer>> then) {
    Leading leader = leading;
    if (leader == null || handingOver != null) {
      then.accept(Optional.empty());
      return;
    }
    HandingOver begun = new HandingOver(this, leader, loop, to, patienceNanos, then);
    handingOver = begun;
    begun.look();
  }

  /** Nothing has come of a hand-over: what was kept is appended, in order. */
  public void leadOn() {
    HandingOver given = handingOver;
    handingOver = null;
    if (given != null) {
      given.end();
      if (shard != null && leading != null) {
        shard.appendKept(this);
      }
    }
  }

  private void endHandOver() {
    HandingOver given = handingOver;
    handingOver = null;
    if (given != null) {
      given.end();
    }
  }

  private void leaveRole(Role next, String whoLeads) {
    if (role instanceof Role.Leader leader) {
      LOG.debug("{}: no longer leading in epoch {}: {}", id, leader.epoch(), whoLeads);
    }
    Leading led = leading;
    role = next;
    leading = null;
    following = null;
    endHandOver();
    appends.abandon(whoLeads);
    if (led != null) {
      led.end(whoLeads);
    }
    visible.forgetSizes();
    waiters.wakeAll();
  }

  /** A newer picture of what this replica leads or follows; changes no role. */
  public void onState(PartitionState state, Map<Integer, Integer> nowLive) {
    PartitionState known = told;
    if (known == null || state.version() < known.version()) {
      return;
    }
    live = nowLive;
    if (state.leaderEpoch() == known.leaderEpoch()) {
      told = state;
    }
    if (leading != null) {
      leading.onState(state, nowLive);
    }
  }

  /** What became of {@link PartitionListener#onSetsWanted}. */
  public void onSetsOutcome(SetsOutcome outcome) {
    if (leading != null) {
      leading.onOutcome(outcome);
    }
  }

  /**
   * Whether this broker may believe that nobody was elected in its place. Without that, only a sole
   * replica acknowledges at the leader's level.
   */
  public void setLease(boolean held) {
    leased = held;
  }

  /** Whether what only this replica has may be acknowledged. */
  boolean mayLeadAlone() {
    return leased || leading().isOnlyReplica();
  }

  /** Only of a leader. */
  Leading leading() {
    return Objects.requireNonNull(leading, "leads");
  }

  /**
   * From time to time, while it leads and has other replicas.
   *
   * @return false when it does not any more
   */
  boolean keepTime() {
    Leading leader = leading;
    if (leader != null) {
      leader.act();
    }
    return leader != null;
  }

  /**
   * A follower that is about to stop asks to be taken out of the in-sync set.
   *
   * @param then on this loop: empty once that is confirmed
   */
  public void onLeaveAsked(int broker, int incarnation, Consumer<Optional<Refusal>> then) {
    if (leading != null) {
      leading.onLeaveAsked(broker, incarnation, then);
    } else {
      then.accept(
          Optional.of(
              new Refusal(ErrorCode.NOT_LEADER, "not the leader: " + role.whyNotLeading())));
    }
  }

  /**
   * Where to fetch on in that epoch. Empty while that cannot be told: the log is being cut, or this
   * replica does not follow in that epoch.
   */
  public Optional<FollowerPosition> position(int leaderEpoch) {
    Following current = following;
    return current == null || reshaping || !isFollowing(leaderEpoch)
        ? Optional.empty()
        : current.position();
  }

  /**
   * @param then on this loop, whenever more of the log is on the disk, as long as this replica
   *     follows in that epoch
   */
  public void tellFlushed(int leaderEpoch, Runnable then) {
    Following current = following;
    if (current != null && isFollowing(leaderEpoch)) {
      current.tellFlushed(then);
    }
  }

  private boolean isFollowing(int leaderEpoch) {
    return role instanceof Role.Follower follower && follower.epoch() == leaderEpoch;
  }

  /**
   * The leader's answer to a fetch at {@link #position}.
   *
   * @param batches its share of the payload; may be used again when this returns
   * @param ready once, on this loop, when the position may be asked for again; perhaps at once
   */
  public void onFetched(int leaderEpoch, FetchResult result, ByteBuffer batches, Runnable ready) {
    Following current = following;
    if (current == null || reshaping || !isFollowing(leaderEpoch)) {
      ready.run();
    } else {
      current.onFetched(result, batches, ready);
    }
  }

  /**
   * Changes what the log holds; nothing else does anything to it meanwhile.
   *
   * @param change is given what to run when it is done
   * @param then on this loop, unless the log has failed
   */
  void reshape(Consumer<Runnable> change, Runnable then) {
    reshaping = true;
    change.accept(() -> onReshaped(then));
  }

  private void onReshaped(Runnable then) {
    reshaping = false;
    if (visible.offset() > log.endOffset()) {
      LOG.error(
          "{}: offsets {} to {} were committed and are gone: the leader does not have them",
          id,
          log.endOffset(),
          visible.offset() - 1);
      visible.cutTo(log.endOffset());
    }
    log.noteHighWatermark(visible.offset());
    flushWaiters.onFlushed(log.flushedOffset(), log.endOffset());
    if (role instanceof Role.Preparing) {
      beginEpoch();
    } else if (following != null) {
      following.onReshaped();
    }
    then.run();
  }

  /** The leader knows that all below is committed, and this log is the same as the leader's. */
  void onLeaderHighWatermark(long highWatermark) {
    if (visible.advanceTo(highWatermark) > 0) {
      log.noteHighWatermark(visible.offset());
    }
  }

  /** Where the leader's log begins; what is committed only, so that nothing is lost by it. */
  void followStart(long leaderStart) {
    if (leaderStart > log.startOffset() && leaderStart <= visible.offset()) {
      log.trim(leaderStart, visible.offset(), result -> {});
    }
  }

  /** How far this replica has come. */
  public ReplicaEndReading end() {
    long end = log.endOffset();
    int lastEpoch = end == 0 ? FollowerPosition.NO_EPOCH : log.epochAt(end - 1);
    return new ReplicaEndReading(lastEpoch, end, log.flushedOffset());
  }

  /** See {@link Shard#append}. */
  boolean offer(ProduceShare share, BatchValidator validator) {
    return appends.offer(share, validator);
  }

  /**
   * At the end of the turn of the loop in which something was offered.
   *
   * @return whether producers wait for the disk now
   */
  boolean appendOffered() {
    if (handingOver == null) {
      appends.write();
    }
    return appends.isAwaited();
  }

  /** Producers that wait longer than they want to are told; returns whether others still wait. */
  boolean expireProducers(long nowNanos) {
    appends.expire(nowNanos);
    return appends.isAwaited();
  }

  boolean hasWaitingProducers() {
    return appends.isAwaited();
  }

  /** Something has happened by which more may be committed. */
  void onProgress() {
    Leading leader = leading;
    if (leader == null) {
      return;
    }
    long bytes = visible.advanceTo(leader.highWatermark());
    if (bytes > 0) {
      log.noteHighWatermark(visible.offset());
      waiters.onVisible(bytes);
    }
    appends.onCommitted(leader);
    if (appends.isAwaited() && leader.hasLostMinimum()) {
      appends.abandonAppended(
          "the in-sync set has fallen below min.in.sync, which is " + topic.minInSync());
    }
  }

  /** A replica has asked for what is at an offset of this very log, in this epoch. */
  void onReplicaFetch(FollowerClaim claim, long offset) {
    Leading leader = leading;
    if (leader != null) {
      leader.onFetch(claim, offset);
      onProgress();
    }
  }

  /** The same replica has more of that on its disk. */
  void onReplicaFlushed(FollowerClaim claim, long offset, int leaderEpoch) {
    if (role.isInEpoch(leaderEpoch)) {
      onReplicaFetch(claim, offset);
    }
  }

  @Override
  public void onFlushed(long flushedOffset) {
    if (leading != null) {
      leading.onFlushed(flushedOffset);
      onProgress();
    }
    if (following != null) {
      following.onFlushed();
    }
    flushWaiters.onFlushed(flushedOffset, log.endOffset());
  }

  @Override
  public void onFailed(Throwable cause) {
    if (role instanceof Role.Offline) {
      return;
    }
    LOG.error("{}: offline: its log failed", id, cause);
    role = new Role.Offline("the log of " + id + " has failed; see the broker's log");
    endHandOver();
    appends.abandon("the log has failed");
    if (leading != null) {
      leading.end("its log has failed");
      leading = null;
    }
    following = null;
    waiters.wakeAll();
    flushWaiters.onFailed();
    listener.onFailed(id, cause);
  }

  /**
   * Brings everything to the disk that the log holds now.
   *
   * @param then on this loop: false when the log has failed
   */
  public void flush(Consumer<Boolean> then) {
    if (role instanceof Role.Offline) {
      then.accept(false);
    } else if (log.flushedOffset() >= log.endOffset()) {
      then.accept(true);
    } else {
      flushWaiters.add(log.endOffset(), then);
      log.requestFlush();
    }
  }

  /** Every fetch that waits here looks again. */
  public void wakeWaiters() {
    waiters.wakeAll();
  }

  /** See {@link Shard#look}. */
  ReadResult read(
      ReadResult.Spec spec, long budget, boolean wholeBatchAnyway, boolean isFirstLook) {
    return reads.read(role, spec, budget, wholeBatchAnyway, isFirstLook);
  }

  /** See {@link Shard#findOffset}. */
  void findOffset(OffsetQuery query, Consumer<OffsetQuery.Answer> then) {
    reads.find(role, query, then);
  }

  /** See {@link Shard#trim}. */
  void trim(Trimming trimming, Consumer<Trimming.Answer> then) {
    Optional<Refusal> refusal = checkEpoch(trimming.believedEpoch());
    if (refusal.isPresent()) {
      then.accept(new Trimming.Answer.Refused(refusal.get()));
      return;
    }
    int epoch = ((Role.Leader) role).epoch();
    long before = trimming.beforeOffset().orElse(visible.offset());
    if (before < 0) { // beyond 2^63 on the wire
      then.accept(
          Trimming.answer(
              id,
              before,
              epoch,
              new TrimResult.BeyondHighWatermark(log.startOffset(), visible.offset())));
      return;
    }
    log.trim(
        before,
        visible.offset(),
        result -> then.accept(Trimming.answer(id, before, epoch, result)));
  }

  /** Whether this replica leads, in the epoch that whoever asks believes in. */
  public Optional<Refusal> checkEpoch(OptionalInt believed) {
    return EpochRules.check(role, believed);
  }
}
