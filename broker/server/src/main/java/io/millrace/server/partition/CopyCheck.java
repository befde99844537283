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

  /**
   * @param batches not changed
   * @param logEnd of the log that they are to continue
   * @param lastEpoch of that log, -1 for none
   * @param leaderEpoch no batch can be of a later one
   * @return what is wrong, for people; empty when nothing is
   */
  Optional<String> check(ByteBuffer batches, long logEnd, int lastEpoch, int leaderEpoch) {
    long next = logEnd;
    int epoch = lastEpoch;
    for (int at = batches.position(); at < batches.limit(); at += batch.sizeBytes()) {
      BatchScan found = batch.scan(batches, at, batches.limit());
      if (found != BatchScan.WHOLE) {
        String problem = batch.problem();
        return Optional.of(
            "no whole batch at offset " + next + (problem == null ? "" : ": " + problem));
      }
      if (batch.baseOffset() != next) {
        return Optional.of(
            "a batch of offset " + batch.baseOffset() + " where " + next + " is next");
      }
      if (!batch.checksumMatches()) {
        return Optional.of("the batch at offset " + next + " does not match its checksum");
      }
      if (batch.leaderEpoch() < epoch || batch.leaderEpoch() > leaderEpoch) {
        return Optional.of(
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
}
