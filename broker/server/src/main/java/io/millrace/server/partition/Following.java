package io.millrace.server.partition;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.server.replica.EpochLookup;
import io.millrace.server.replica.FollowerReplica;
import io.millrace.server.replica.FollowerStep;
import io.millrace.storage.log.AppendResult;
import io.millrace.storage.log.EpochEnd;
import io.millrace.storage.log.PartitionLog;
import io.millrace.wire.BatchRewriter;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A partition's way from what its leader answers to its own log: agree on where the logs part, cut,
 * then copy. One for each epoch that is followed. Owner: the partition's loop.
 *
 * <p>Nothing is copied that was not asked for at the log's end with the epoch of the last record:
 * the leader compares, and says where they part until they do not.
 */
final class Following {
  private static final Logger LOG = LoggerFactory.getLogger(Following.class);

  /** After a full disk or a damaged answer: long enough not to fill the broker's log. */
  private static final long TROUBLE_NANOS = SECONDS.toNanos(1);

  private final Partition partition;
  private final PartitionLog log;
  private final EventLoop loop;
  private final int epoch;
  private final FollowerReplica replica;
  private final CopyCheck check = new CopyCheck();
  private boolean begun;
  private boolean busy;

  /** All that this log holds has been copied from this leader, as it has compacted it. */
  private boolean copiesAll;

  private long askedAt;
  private String trouble = "";

  /** Where the leader's last answer was not whole: the leader is to look at what it has. */
  private long damagedAt = FollowerPosition.NOWHERE;

  /** What the leader sent last did not fit on the disk: it should wait for others only. */
  private boolean hasNoRoom;

  private Runnable whenFlushed = () -> {};

  /**
   * @param highWatermark as known from earlier epochs
   */
  Following(Partition partition, EventLoop loop, int epoch, long highWatermark) {
    this.partition = partition;
    this.log = partition.log();
    this.loop = loop;
    this.epoch = epoch;
    this.replica = new FollowerReplica(highWatermark);
  }

  /** Once the log may be touched, before the first fetch. */
  void begin() {
    begun = true;
    copiesAll = log.sizeBytes() == 0;
    if (partition.topic().durability() == Durability.SYNCED) {
      log.requestFlush();
    }
    carryOut(replica.begin(state()), () -> {});
  }

  /** The log has been cut, perhaps on behalf of an earlier epoch. */
  void onReshaped() {
    replica.onCut(log.endOffset());
    copiesAll |= log.sizeBytes() == 0;
    if (!begun) {
      begin();
    }
  }

  /** Why nothing can be copied at present, for people; empty when all is well. */
  String trouble() {
    return trouble;
  }

  private FollowerReplica.Log state() {
    ReplicaEndReading end = partition.end();
    return new FollowerReplica.Log(log.startOffset(), fetchOffset(), end.lastEpoch(), this::endOf);
  }

  private EpochLookup.End endOf(int wanted) {
    EpochEnd end = log.endOffsetForEpoch(wanted);
    return new EpochLookup.End(end.isKnown() ? end.epoch() : EpochLookup.End.NONE, end.endOffset());
  }

  /** An empty log may begin before the first offset to be read: with the batch that holds it. */
  private long fetchOffset() {
    return Math.max(log.startOffset(), log.endOffset());
  }

  /** See {@link Partition#position}. */
  Optional<FollowerPosition> position() {
    if (busy) {
      return Optional.empty();
    }
    askedAt = fetchOffset();
    return Optional.of(
        new FollowerPosition(
            askedAt,
            replica.claimedEpoch(state()).orElse(FollowerPosition.NO_EPOCH),
            Math.min(askedAt, log.flushedOffset()),
            replica.highWatermark(),
            damagedAt,
            hasNoRoom));
  }

  /** See {@link Partition#tellFlushed}. */
  void tellFlushed(Runnable then) {
    whenFlushed = then;
  }

  void onFlushed() {
    whenFlushed.run();
  }

  /** See {@link Partition#onFetched}; called only while this is the epoch that is followed. */
  void onFetched(FetchResult result, ByteBuffer batches, Runnable ready) {
    if (busy) {
      ready.run(); // an answer to a fetch that was sent before
    } else if (result.hasError()) {
      onRefused(result, ready);
    } else if (result.getLeaderEpoch() != epoch) {
      ready.run(); // cannot be: the fetch named the epoch
    } else if (result.hasDivergence()) {
      carryOut(
          replica.onDiverging(
              state(),
              result.getDivergence().getEpoch(),
              result.getDivergence().getEndOffset(),
              result.getStartOffset()),
          ready);
    } else if (replica.onAnswer(state(), askedAt, batches.hasRemaining())
        instanceof FollowerStep.Append) {
      copy(result, batches, ready);
    } else {
      learn(result);
      ready.run();
    }
  }

  private void onRefused(FetchResult result, Runnable ready) {
    if (result.getError().getCode() == ErrorCode.OFFSET_OUT_OF_RANGE) {
      carryOut(replica.onOutOfRange(state(), result.getStartOffset()), ready);
    } else {
      ready.run(); // who leads is not known yet here or there: the next picture tells
    }
  }

  private void carryOut(FollowerStep step, Runnable ready) {
    if (step instanceof FollowerStep.Truncate cut && cut.to() >= log.earliestEnd()) {
      LOG.info(
          "{}: cutting offsets {} to {}: the leader of epoch {} does not have them",
          partition.id(),
          cut.to(),
          log.endOffset() - 1,
          epoch);
      reshape(whenDone -> log.truncateTo(cut.to(), whenDone), ready);
    } else if (step instanceof FollowerStep.Truncate cut) {
      later("its log cannot be cut to " + cut.to() + ", where it is about to be trimmed", ready);
    } else if (step instanceof FollowerStep.StartOver over) {
      LOG.warn(
          "{}: throwing away offsets {} to {}, and copying all from {} on: the leader of epoch {}"
              + " has nothing that this log could be compared with",
          partition.id(),
          log.startOffset(),
          log.endOffset() - 1,
          over.at(),
          epoch);
      reshape(whenDone -> log.startOver(over.at(), over.at(), whenDone), ready);
    } else if (step instanceof FollowerStep.Implausible strange) {
      later(strange.why(), ready);
    } else {
      ready.run();
    }
  }

  private void reshape(Consumer<Runnable> change, Runnable ready) {
    busy = true;
    partition.reshape(
        change,
        () -> {
          busy = false;
          ready.run();
        });
  }

  private void copy(FetchResult result, ByteBuffer sent, Runnable ready) {
    // A leader that has compacted further may have one empty batch where this log ends within.
    ByteBuffer batches =
        log.sizeBytes() == 0 ? sent : BatchRewriter.beginningAt(sent, log.endOffset());
    long first = check.firstOffset(batches);
    if (log.sizeBytes() == 0 && first >= 0 && first < log.endOffset()) {
      // The leader's log begins in the middle of a batch, which is copied whole.
      long start = fetchOffset();
      reshape(whenDone -> log.startOver(first, start, whenDone), ready);
      return;
    }
    if (first >= 0 && first < log.endOffset()) {
      ready.run(); // an answer to a fetch that was sent before: it is here already
      return;
    }
    if (!copiesAll && log.sizeBytes() > 0 && check.hasLostTombstones(batches)) {
      startOverForTombstones(result, ready);
      return;
    }
    // Of the last record: an epoch that this replica led without a record is no obstacle.
    int lastEpoch = partition.end().lastEpoch();
    Optional<CopyCheck.Problem> problem = check.check(batches, log.endOffset(), lastEpoch, epoch);
    if (problem.isPresent()) {
      damagedAt = problem.get().offset();
      later("the leader has sent what cannot be appended: " + problem.get().what(), ready);
      return;
    }
    boolean wasFull = hasNoRoom;
    Optional<String> failed = append(batches);
    if (failed.isPresent()) {
      notAppended(failed.get(), wasFull, ready);
      return;
    }
    hasNoRoom = false;
    learn(result);
    if (partition.topic().durability() == Durability.SYNCED) {
      // Producers wait for every replica's disk: the next fetch tells that this one has it.
      partition.flush(done -> ready.run());
    } else {
      ready.run();
    }
  }

  /**
   * The leader has deleted keys for good behind where this log ends, which still has them: to go on
   * would bring them back. What the leader has compacted is committed, so this replica is not in
   * sync, and nobody counts on it.
   */
  private void startOverForTombstones(FetchResult result, Runnable ready) {
    LOG.warn(
        "{}: throwing away offsets {} to {}, and copying all from {} on: the leader of epoch {} has"
            + " deleted keys since, and keeps no record of that any more (delete.retention.ms)",
        partition.id(),
        log.startOffset(),
        log.endOffset() - 1,
        result.getStartOffset(),
        epoch);
    long at = result.getStartOffset();
    reshape(whenDone -> log.startOver(at, at, whenDone), ready);
  }

  /** What the answer says beside its data. */
  private void learn(FetchResult result) {
    trouble = "";
    damagedAt = FollowerPosition.NOWHERE;
    replica.onHighWatermark(result.getHighWatermark(), log.endOffset());
    partition.onLeaderHighWatermark(replica.highWatermark());
    partition.followStart(result.getStartOffset());
    if (result.getFlushWanted() > log.flushedOffset() && log.flushedOffset() < log.endOffset()) {
      log.requestFlush(); // the next fetch tells how far the disk is
    }
  }

  /**
   * @param wasFull the leader has heard already that there is no room here
   */
  private void notAppended(String why, boolean wasFull, Runnable ready) {
    if (hasNoRoom && !wasFull) {
      tell(why);
      ready.run(); // at once: producers wait for this replica until its leader knows
    } else {
      later(why, ready);
    }
  }

  private Optional<String> append(ByteBuffer batches) {
    AppendResult result;
    try {
      result = log.appendCopy(batches.duplicate(), loop.clock().wallMillis());
    } catch (RuntimeException e) {
      // An invariant is broken: what is in the log now cannot be told, so this replica stops.
      partition.onFailed(e);
      return Optional.of("the broker failed while appending");
    }
    if (result.failure() instanceof AppendResult.AppendFailure.DiskFull full) {
      hasNoRoom = true;
      return Optional.of("the disk is full: " + full.why());
    }
    return result.failure() == null ? Optional.empty() : Optional.of("the log failed");
  }

  private void tell(String why) {
    if (!trouble.equals(why)) {
      trouble = why;
      LOG.error("{}: not copied from the leader for now: {}", partition.id(), why);
    }
  }

  /** Tells once, and asks the leader again after a while. */
  private void later(String why, Runnable ready) {
    tell(why);
    busy = true;
    loop.schedule(
        TROUBLE_NANOS,
        () -> {
          busy = false;
          ready.run();
        });
  }
}
