package io.millrace.server.partition;

import io.millrace.rpc.Clock;
import io.millrace.server.config.TimestampKind;
import io.millrace.server.config.TopicSettings;
import io.millrace.storage.log.LogListener;
import io.millrace.storage.log.PartitionLog;
import io.millrace.storage.log.TrimResult;
import io.millrace.wire.BatchLimits;
import io.millrace.wire.BatchValidator;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
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
  private final PartitionListener listener;
  private final PartitionLog log;
  private final LogConfigs logConfigs;
  private final VisibleEnd visible;
  private final Appends appends;
  private final Reads reads;
  private final Set<FetchWaiter> waiters = new LinkedHashSet<>();

  private final List<FlushWaiter> flushWaiters = new ArrayList<>();

  /** Nobody looks at it until there is a shard. */
  private Traffic traffic = new Traffic();

  private TopicSettings topic;
  private BatchLimits limits;
  private Role role = new Role.Idle("nobody has been elected yet");

  /** Its log, and how the topic's settings are told to it. */
  record Keeping(PartitionLog log, LogConfigs configs) {}

  private record FlushWaiter(long endOffset, Consumer<Boolean> then) {}

  /** On the owner's loop. */
  Partition(
      PartitionId id,
      TopicSettings topic,
      Keeping keeping,
      Clock clock,
      PartitionListener listener) {
    this.id = id;
    this.topic = topic;
    this.limits = limits(topic);
    this.log = keeping.log();
    this.logConfigs = keeping.configs();
    this.listener = listener;
    this.visible =
        new VisibleEnd(
            CommitRules.highWatermark(topic.durability(), log.endOffset(), log.flushedOffset()));
    this.appends = new Appends(this, log, visible, clock);
    this.reads = new Reads(id, log, visible, this::wakeWaiters);
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
  void countInto(Traffic shared) {
    traffic = shared;
  }

  Traffic traffic() {
    return traffic;
  }

  /** For the metrics. */
  PartitionReading reading() {
    return new PartitionReading(
        id,
        PartitionReading.State.of(role),
        log.sizeBytes(),
        log.segmentCount(),
        log.startOffset(),
        log.endOffset(),
        visible.offset(),
        log.flushedOffset());
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
    advanceVisibleEnd();
    if (CommitRules.visibilityWaitsForFlush(settings.durability())
        && log.flushedOffset() < log.endOffset()) {
      log.requestFlush();
    }
  }

  /**
   * Has been elected. Serves once the epoch's first offset is durable; does nothing when it leads
   * in this epoch already.
   *
   * @return why not: the epoch is lower than one seen before, or the log has failed
   */
  public Optional<String> lead(int epoch) {
    if (role instanceof Role.Offline offline) {
      return Optional.of(offline.whyNotLeading());
    }
    if (role.isInEpoch(epoch)) {
      return Optional.empty();
    }
    if (epoch < log.highestEpochSeen()) {
      return Optional.of(
          "leader epoch "
              + epoch
              + " is lower than "
              + log.highestEpochSeen()
              + ", which this replica has seen: the cluster's store has gone back in time");
    }
    stepDown("this broker is about to lead in epoch " + epoch);
    role = new Role.Preparing(epoch);
    long startOffset = log.endOffset();
    log.beginEpoch(epoch, () -> onEpochDurable(epoch, startOffset));
    return Optional.empty();
  }

  private void onEpochDurable(int epoch, long startOffset) {
    if (!(role instanceof Role.Preparing preparing) || preparing.epoch() != epoch) {
      return; // deposed meanwhile
    }
    role = new Role.Leader(epoch, startOffset);
    advanceVisibleEnd();
    if (log.flushedOffset() < log.endOffset()) {
      log.requestFlush();
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
   * Leads no more. Producers that wait are told that their outcome is unknown, readers to look
   * elsewhere.
   *
   * @param whoLeads as a clause: "broker 3 leads"
   */
  public void stepDown(String whoLeads) {
    if (role instanceof Role.Offline) {
      return;
    }
    if (role instanceof Role.Leader leader) {
      LOG.debug("{}: no longer leading in epoch {}: {}", id, leader.epoch(), whoLeads);
    }
    role = new Role.Idle(whoLeads);
    appends.abandon(whoLeads);
    wakeWaiters();
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
    appends.write();
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

  void advanceVisibleEnd() {
    if (!(role instanceof Role.Leader)) {
      return;
    }
    long bytes =
        visible.advanceTo(
            CommitRules.highWatermark(topic.durability(), log.endOffset(), log.flushedOffset()));
    if (bytes > 0) {
      log.noteHighWatermark(visible.offset());
      if (!waiters.isEmpty()) {
        List.copyOf(waiters).forEach(waiter -> waiter.onVisible(bytes));
      }
    }
  }

  @Override
  public void onFlushed(long flushedOffset) {
    advanceVisibleEnd();
    appends.onFlushed(flushedOffset);
    tellFlushWaiters();
  }

  @Override
  public void onFailed(Throwable cause) {
    if (role instanceof Role.Offline) {
      return;
    }
    LOG.error("{}: offline: its log failed", id, cause);
    role = new Role.Offline("the log of " + id + " has failed; see the broker's log");
    appends.abandon("the log has failed");
    wakeWaiters();
    tellFlushWaiters();
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
      flushWaiters.add(new FlushWaiter(log.endOffset(), then));
      log.requestFlush();
    }
  }

  private void tellFlushWaiters() {
    boolean failed = role instanceof Role.Offline;
    List<FlushWaiter> done =
        flushWaiters.stream()
            .filter(waiter -> failed || waiter.endOffset() <= log.flushedOffset())
            .toList();
    flushWaiters.removeAll(done);
    done.forEach(waiter -> waiter.then().accept(!failed));
  }

  void addWaiter(FetchWaiter waiter) {
    waiters.add(waiter);
  }

  void removeWaiter(FetchWaiter waiter) {
    waiters.remove(waiter);
  }

  /** Every fetch that waits here looks again. */
  public void wakeWaiters() {
    List.copyOf(waiters).forEach(FetchWaiter::wakeNow);
  }

  /** See {@link Shard#look}. */
  ReadResult read(ReadResult.Spec spec, long budget, boolean wholeBatchAnyway) {
    return reads.read(role, spec, budget, wholeBatchAnyway);
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

  /** For the epoch a share or a reader believes in. */
  Optional<Refusal> checkEpoch(OptionalInt believed) {
    return EpochRules.check(role, believed);
  }
}
