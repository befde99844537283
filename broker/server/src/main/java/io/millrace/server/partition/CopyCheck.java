package io.millrace.server.partition;

import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Whether batches that a leader has sent may be appended as they are: a damaged byte must not get
 * from one replica to another (I14). Owner: the partition's loop.
 */
final class CopyCheck {
  private final BatchView batch = new BatchView();

  /** Where batches begin, -1 when there is no whole one. */
  long firstOffset(ByteBuffer batches) {
    return batch.scan(batches, batches.position(), batches.limit()) == BatchScan.WHOLE
        ? batch.baseOffset()
        : -1;
  }

  /** Whether compaction has taken tombstones out of any of them. */
  boolean hasLostTombstones(ByteBuffer batches) {
    for (int at = batches.position();
        at < batches.limit() && batch.scan(batches, at, batches.limit()) == BatchScan.WHOLE;
        at += batch.sizeBytes()) {
      if (batch.hasLostTombstones()) {
        return true;
      }
    }
    return false;
  }

  /** What must not be appended. */
  record Problem(long offset, String what) {}

  /**
   * @param batches not changed
   * @param logEnd of the log that they are to continue
   * @param lastEpoch of that log, -1 for none
   * @param leaderEpoch no batch can be of a later one
   * @return what is wrong; empty when nothing is
   */
  Optional<Problem> check(ByteBuffer batches, long logEnd, int lastEpoch, int leaderEpoch) {
    long next = logEnd;
    int epoch = lastEpoch;
    for (int at = batches.position(); at < batches.limit(); at += batch.sizeBytes()) {
      BatchScan found = batch.scan(batches, at, batches.limit());
      if (found != BatchScan.WHOLE) {
        String problem = batch.problem();
        return problem(
            next, "no whole batch at offset " + next + (problem == null ? "" : ": " + problem));
      }
      if (batch.baseOffset() != next) {
        return problem(
            next, "a batch of offset " + batch.baseOffset() + " where " + next + " is next");
      }
      if (!batch.checksumMatches()) {
        return problem(next, "the batch at offset " + next + " does not match its checksum");
      }
      if (batch.leaderEpoch() < epoch || batch.leaderEpoch() > leaderEpoch) {
        return problem(
            next,
            "the batch at offset "
                + next
                + " is of epoch "
                + Integer.toUnsignedString(batch.leaderEpoch())
                + ", behind epoch "
                + epoch
                + " and under a leader of epoch "
                + leaderEpoch);
      }
      epoch = batch.leaderEpoch();
      next = batch.nextOffset();
    }
    return Optional.empty();
  }

  private static Optional<Problem> problem(long offset, String what) {
    return Optional.of(new Problem(offset, what));
  }
}
