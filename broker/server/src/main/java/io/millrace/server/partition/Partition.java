package io.millrace.server.partition;

import io.millrace.rpc.EventLoop;
import io.millrace.server.config.TimestampKind;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.replica.LeaderSnapshot;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsOutcome;
import io.millrace.storage.log.LogDamage;
import io.millrace.storage.log.LogListener;
import io.millrace.storage.log.PartitionLog;
import io.millrace.storage.log.TrimResult;
import io.millrace.wire.BatchLimits;
import io.millrace.wire.BatchValidator;
import io.millrace.wire.v1.Durability;
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

  /** After somebody has spoken of a newer epoch, the store is asked so often at most. */
  private static final long HEARD_AGAIN_NANOS = 50_000_000;

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
  private final HeldShares held;

  /** Nobody looks at it until there is a shard. */
  private Traffic traffic = new Traffic();

  private @Nullable Shard shard;

  private TopicSettings topic;
  private BatchLimits limits;
  private final Roles roles;
  private boolean leased = true;
  private long toldOfEpochNanos;
  private boolean wasToldOfEpoch;

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
    this.roles = new Roles(this, keeping.log(), loop, listener);
    // A hint: others may know more, and nobody may have less than is there.
    this.visible =
        new VisibleEnd(
            Math.min(log.endOffset(), Math.max(log.startOffset(), log.highWatermarkHint())));
    this.appends = new Appends(this, log, visible, loop.clock());
    this.reads = new Reads(this, log, visible, waiters::wakeAll);
    this.held = new HeldShares(loop, this::appendHeld);
    log.failure().ifPresent(this::onFailed);
  }

  public PartitionId id() {
    return id;
  }

  public Role role() {
    return roles.role();
  }

  public PartitionLog log() {
    return log;
  }

  /** By the shard, when it takes this partition in. */
  void enter(Shard owner, Traffic shared) {
    shard = owner;
    traffic = shared;
  }

  long visibleOffset() {
    return visible.offset();
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
        PartitionReading.State.of(role()),
        log.sizeBytes(),
        log.segmentCount(),
        log.startOffset(),
        log.endOffset(),
        visible.offset(),
        log.flushedOffset(),
        leadership()
            .map(leader -> ReplicationLag.of(leader, loop.clock().nanoTime()))
            .orElse(ReplicationLag.NONE),
        Optional.ofNullable(roles.following()).map(Following::trouble).orElse(""));
  }

  /** What a leader knows of its followers; empty when this replica does not lead. */
  public Optional<LeaderSnapshot> leadership() {
    return Optional.ofNullable(roles.leading()).map(Leading::snapshot);
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
        topic.timestampKind() == TimestampKind.CREATE ? MAX_AHEAD_MILLIS : ANY_TIME_MILLIS,
        topic.log().compaction().cleanup().compacts());
  }

  /** New settings hold from now on; what has been acknowledged or shown stays so. */
  public void configure(TopicSettings settings) {
    this.topic = settings;
    this.limits = limits(settings);
    if (role() instanceof Role.Offline) {
      return; // its log takes nothing any more
    }
    log.configure(logConfigs.of(settings.log()));
    Leading leader = roles.leading();
    if (leader != null) {
      leader.configure(settings);
      flushForReaders();
    }
  }

  /** What others see must not wait for the next flush by time. */
  void flushForReaders() {
    Leading leader = roles.leading();
    boolean waits =
        leader != null
            && (leader.waitsForOwnDisk(topic.durability())
                || (appends.isAwaited() && leader.waitsForOwnDisk(Durability.STANDARD)));
    if (waits && log.flushedOffset() < log.endOffset()) {
      log.requestFlush();
    }
  }

  /**
   * Has been elected. Serves at once, or when a cut of the log that is under way has ended; leading
   * in this epoch already, it only takes in the newer picture.
   *
   * @param state as written: names this broker
   * @param live incarnations of the brokers there are
   * @return why not: the epoch is lower than one seen before, or the log has failed
   */
  public Optional<String> lead(PartitionState state, Map<Integer, Integer> live) {
    return roles.lead(state, live);
  }

  /** The epoch has begun: it serves from here on. */
  void onLeading(Leading leader) {
    flushForReaders();
    if (shard != null && !leader.isOnlyReplica()) {
      shard.watch(this);
    }
    onRoleTaken();
  }

  /** Whoever has been waiting for that role, or in vain for another, goes on. */
  private void onRoleTaken() {
    held.takeUnless(share -> roles.isAwaited(share.believedEpoch())).forEach(this::appendHeld);
    waiters.wakeAll();
  }

  private void appendHeld(ProduceShare share) {
    if (shard != null) {
      shard.appendHeld(this, share);
    }
  }

  /**
   * Whether somebody who believes in that epoch should wait here rather than be refused: he has
   * heard of it from the cluster's store, or from whoever led before, and this broker is about to.
   */
  boolean isAwaited(OptionalInt believed) {
    boolean isAwaited = roles.isAwaited(believed);
    if (isAwaited && !(role() instanceof Role.Preparing)) {
      tellOfNewerEpoch();
    }
    return isAwaited;
  }

  /**
   * Another replica says that somebody else leads: if so, the store knows.
   *
   * @param node what it goes by itself, which saves the reading
   */
  public void onHeardOfEpoch(int epoch, Optional<PartitionState> node) {
    if (roles.isAwaited(OptionalInt.of(epoch))) {
      node.ifPresentOrElse(state -> listener.onNodeHeard(id, state), this::tellOfNewerEpoch);
    }
  }

  /** Not more often than is of use: anybody may say anything. */
  private void tellOfNewerEpoch() {
    long now = loop.clock().nanoTime();
    if (!wasToldOfEpoch || now - toldOfEpochNanos >= HEARD_AGAIN_NANOS) {
      wasToldOfEpoch = true;
      toldOfEpochNanos = now;
      listener.onNewerEpoch(id);
    }
  }

  /**
   * Another broker leads: copies what it has, from the next {@link #position} on. Leads no more.
   * Following it in this epoch already, nothing changes.
   *
   * @return why not, as of {@link #lead(PartitionState, Map)}
   */
  public Optional<String> follow(PartitionState state) {
    return roles.follow(state);
  }

  /**
   * Neither leads nor follows any more: a fetch that is under way changes nothing. Producers that
   * wait are told that their outcome is unknown, readers to look elsewhere.
   *
   * @param whoLeads as a clause: "broker 3 leads"
   */
  public void stepDown(String whoLeads) {
    roles.stepDown(whoLeads);
  }

  /** Its role is over: whoever waits for something of it hears so. */
  void onRoleLeft(String whoLeads) {
    appends.abandon(whoLeads);
    visible.forgetSizes();
    onRoleTaken();
  }

  /**
   * Lets another replica take this leader's place without anybody noticing: see {@link
   * HandingOver}.
   *
   * @param then once, on this loop: the other's incarnation as soon as it may be named; empty when
   *     it has not caught up in time, and this one leads on
   */
  public void handOver(int to, long patienceNanos, Consumer<Optional<Integer>> then) {
    roles.handOver(to, patienceNanos, then);
  }

  /** Nothing has come of a hand-over: what was kept is appended, in order. */
  public void leadOn() {
    if (roles.endHandOver() && shard != null && roles.leading() != null) {
      shard.appendKept(this);
    }
  }

  /** A newer picture of what this replica leads or follows; changes no role. */
  public void onState(PartitionState state, Map<Integer, Integer> nowLive) {
    roles.onState(state, nowLive);
  }

  /** What became of {@link PartitionListener#onSetsWanted}. */
  public void onSetsOutcome(SetsOutcome outcome) {
    Leading leader = roles.leading();
    if (leader != null) {
      leader.onOutcome(outcome);
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
    return Objects.requireNonNull(roles.leading(), "leads");
  }

  /**
   * From time to time, while it leads and has other replicas.
   *
   * @return false when it does not any more
   */
  boolean keepTime() {
    Leading leader = roles.leading();
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
    Leading leader = roles.leading();
    if (leader != null) {
      leader.onLeaveAsked(broker, incarnation, then);
    } else {
      then.accept(
          Optional.of(Refusal.notLeader(role(), "not the leader: " + role().whyNotLeading())));
    }
  }

  /**
   * Where to fetch on in that epoch. Empty while that cannot be told: the log is being cut, or this
   * replica does not follow in that epoch.
   */
  public Optional<FollowerPosition> position(int leaderEpoch) {
    Following current = roles.following(leaderEpoch);
    return current == null ? Optional.empty() : current.position();
  }

  /**
   * @param then on this loop, whenever more of the log is on the disk, as long as this replica
   *     follows in that epoch
   */
  public void tellFlushed(int leaderEpoch, Runnable then) {
    Following current = roles.following(leaderEpoch);
    if (current != null) {
      current.tellFlushed(then);
    }
  }

  /**
   * The leader's answer to a fetch at {@link #position}.
   *
   * @param batches its share of the payload; may be used again when this returns
   * @param ready once, on this loop, when the position may be asked for again; perhaps at once
   */
  public void onFetched(int leaderEpoch, FetchResult result, ByteBuffer batches, Runnable ready) {
    Following current = roles.following(leaderEpoch);
    if (current == null) {
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
    roles.reshape(change, () -> onReshaped(then));
  }

  private void onReshaped(Runnable then) {
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
    roles.onReshaped();
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

  /**
   * Producers wait for all below to be on every in-sync replica's disk, and followers of this topic
   * do not flush for anybody unless they are told; 0 when nobody waits.
   */
  long flushWantedTo() {
    return topic.durability() == Durability.SYNCED ? 0 : appends.syncedTo();
  }

  /** See {@link Shard#append}. */
  boolean offer(ProduceShare share, BatchValidator validator) {
    return !(isAwaited(share.believedEpoch()) && held.add(share))
        && appends.offer(share, validator);
  }

  /** As above, for one that is not held any longer. */
  boolean offerHeld(ProduceShare share, BatchValidator validator) {
    return appends.offer(share, validator);
  }

  /**
   * At the end of the turn of the loop in which something was offered.
   *
   * @return whether producers wait for the disk now
   */
  boolean appendOffered() {
    appends.write(roles.isHandingOver());
    return appends.isAwaited();
  }

  /** Producers that wait longer than they want to are told; returns whether others still wait. */
  boolean expireProducers(long nowNanos) {
    appends.expire(nowNanos);
    return appends.isAwaited();
  }

  /** Whether somebody waits for what is below that offset. */
  boolean isAwaitedBelow(long offset) {
    return appends.isAwaitedBelow(offset);
  }

  boolean hasWaitingProducers() {
    return appends.isAwaited();
  }

  /** Something has happened by which more may be committed. */
  void onProgress() {
    Leading leader = roles.leading();
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
    Leading leader = roles.leading();
    if (leader != null) {
      leader.onFetch(claim, offset);
      onProgress();
    }
  }

  /** The same replica has more of that on its disk. */
  void onReplicaFlushed(FollowerClaim claim, long offset, int leaderEpoch) {
    if (role().isInEpoch(leaderEpoch)) {
      onReplicaFetch(claim, offset);
    }
  }

  @Override
  public void onFlushed(long flushedOffset) {
    Leading leader = roles.leading();
    if (leader != null) {
      leader.onFlushed(flushedOffset);
      onProgress();
    }
    Following follower = roles.following();
    if (follower != null) {
      follower.onFlushed();
    }
    flushWaiters.onFlushed(flushedOffset, log.endOffset());
  }

  @Override
  public void onDamaged(LogDamage damage) {
    listener.onDamaged(id, damage);
  }

  /**
   * A reader says that what it got at an offset is damaged: looks whether it is so here.
   *
   * @return whether that is not known yet; who waits is woken when it is
   */
  boolean onDamageReported(long offset) {
    return log.damages()
        .checkAt(
            offset,
            found -> {
              if (found.isEmpty()) {
                LOG.warn(
                    "{}: a reader got the batch at offset {} damaged, and it is whole here: the"
                        + " network, or the reader's memory",
                    id,
                    offset);
              }
            });
  }

  @Override
  public void onFailed(Throwable cause) {
    if (role() instanceof Role.Offline) {
      return;
    }
    LOG.error("{}: offline: its log failed", id, cause);
    roles.goOffline(new Role.Offline("the log of " + id + " has failed; see the broker's log"));
    flushWaiters.onFailed();
    listener.onFailed(id, cause);
  }

  /**
   * Brings everything to the disk that the log holds now.
   *
   * @param then on this loop: false when the log has failed
   */
  public void flush(Consumer<Boolean> then) {
    if (role() instanceof Role.Offline) {
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
    return reads.read(role(), spec, budget, wholeBatchAnyway, isFirstLook);
  }

  /** See {@link Shard#findOffset}. */
  void findOffset(OffsetQuery query, Consumer<OffsetQuery.Answer> then) {
    reads.find(role(), query, then);
  }

  /** See {@link Shard#trim}. */
  void trim(Trimming trimming, Consumer<Trimming.Answer> then) {
    Optional<Refusal> refusal = checkEpoch(trimming.believedEpoch());
    if (refusal.isPresent()) {
      then.accept(new Trimming.Answer.Refused(refusal.get()));
      return;
    }
    int epoch = ((Role.Leader) role()).epoch();
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
    return EpochRules.check(role(), believed);
  }
}
