package io.millrace.server.partition;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.storage.log.AppendResult;
import io.millrace.storage.log.EpochEnd;
import io.millrace.storage.log.PartitionLog;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.Optional;
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
  private final CopyCheck check = new CopyCheck();
  private boolean busy;
  private String trouble = "";

  Following(Partition partition, PartitionLog log, EventLoop loop, int epoch) {
    this.partition = partition;
    this.log = log;
    this.loop = loop;
    this.epoch = epoch;
  }

  /** Why nothing can be copied at present, for people; empty when all is well. */
  String trouble() {
    return trouble;
  }

  /** See {@link Partition#position}. */
  Optional<FollowerPosition> position(long highWatermark) {
    if (busy) {
      return Optional.empty();
    }
    ReplicaEndReading end = partition.end();
    return Optional.of(
        new FollowerPosition(end.endOffset(), end.lastEpoch(), end.flushedOffset(), highWatermark));
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
      onDiverged(result, ready);
    } else {
      copy(result, batches, ready);
    }
  }

  private void onRefused(FetchResult result, Runnable ready) {
    boolean hasLeft = result.getError().getCode() == ErrorCode.OFFSET_OUT_OF_RANGE;
    if (hasLeft && log.endOffset() < result.getStartOffset()) {
      startOver(
          result.getStartOffset(), "the leader's log begins behind the end of this one", ready);
    } else if (hasLeft && partition.end().lastEpoch() == FollowerPosition.NO_EPOCH) {
      startOver(
          result.getStartOffset(), "this log is empty, and the leader's ends before it", ready);
    } else {
      ready.run(); // who leads is not known yet here or there: the next picture tells
    }
  }

  private void onDiverged(FetchResult result, Runnable ready) {
    int theirs = result.getDivergence().getEpoch();
    EpochEnd ours = log.endOffsetForEpoch(theirs);
    long to =
        Math.min(
            result.getDivergence().getEndOffset(),
            ours.isKnown() ? ours.endOffset() : log.startOffset());
    if (to <= log.startOffset()) {
      startOver(result.getStartOffset(), "it parted from the leader's before its beginning", ready);
      return;
    }
    LOG.info(
        "{}: cutting offsets {} to {}: the leader of epoch {} does not have them",
        partition.id(),
        to,
        log.endOffset() - 1,
        epoch);
    busy = true;
    partition.reshape(
        whenDone -> log.truncateTo(to, whenDone),
        () -> {
          busy = false;
          ready.run();
        });
  }

  private void startOver(long at, String why, Runnable ready) {
    LOG.warn(
        "{}: throwing away offsets {} to {} and copying from {} on: {}",
        partition.id(),
        log.startOffset(),
        log.endOffset() - 1,
        at,
        why);
    later(why, ready);
  }

  private void copy(FetchResult result, ByteBuffer batches, Runnable ready) {
    if (batches.hasRemaining()) {
      Optional<String> damage = check.check(batches, log.endOffset(), log.latestEpoch(), epoch);
      if (damage.isPresent()) {
        later("the leader has sent what cannot be appended: " + damage.get(), ready);
        return;
      }
      Optional<String> failed = append(batches);
      if (failed.isPresent()) {
        later(failed.get(), ready);
        return;
      }
    }
    trouble = "";
    partition.onLeaderHighWatermark(Math.min(result.getHighWatermark(), log.endOffset()));
    partition.followStart(result.getStartOffset());
    if (batches.hasRemaining() && partition.topic().durability() == Durability.SYNCED) {
      // Producers wait for every replica's disk: the next fetch tells that this one has it.
      partition.flush(done -> ready.run());
    } else {
      ready.run();
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
      return Optional.of("the disk is full: " + full.why());
    }
    return result.failure() == null ? Optional.empty() : Optional.of("the log failed");
  }

  /** Tells once, and asks the leader again after a while. */
  private void later(String why, Runnable ready) {
    if (!trouble.equals(why)) {
      trouble = why;
      LOG.error("{}: not copied from the leader for now: {}", partition.id(), why);
    }
    busy = true;
    loop.schedule(
        TROUBLE_NANOS,
        () -> {
          busy = false;
          ready.run();
        });
  }
}
