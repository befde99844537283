package io.millrace.server.partition;

import io.millrace.rpc.FileSlice;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a fetch gets from one partition. */
public sealed interface ReadResult {
  /**
   * One partition of a fetch.
   *
   * @param lastEpoch the epoch of the record before the offset, when the reader knows it
   * @param maxBytes for this partition
   * @param claim of a replica, which reads to the log's end; null of a consumer
   */
  record Spec(
      PartitionId id,
      long offset,
      OptionalInt believedEpoch,
      OptionalInt lastEpoch,
      int maxBytes,
      @Nullable FollowerClaim claim) {
    Spec with(FollowerClaim now) {
      return new Spec(id, offset, believedEpoch, lastEpoch, maxBytes, now);
    }

    /** Of a consumer. */
    public Spec(
        PartitionId id,
        long offset,
        OptionalInt believedEpoch,
        OptionalInt lastEpoch,
        int maxBytes) {
      this(id, offset, believedEpoch, lastEpoch, maxBytes, null);
    }
  }

  /**
   * The leader's answer.
   *
   * @param slice whole batches, owned by whoever has this result; empty when there is nothing to
   *     see
   * @param heldBack there was something, but it found no room in this answer
   * @param onItsWay there is something, but it has to come from the disk first
   * @param nextOffset where to read on
   */
  record Served(
      Optional<FileSlice> slice,
      boolean heldBack,
      boolean onItsWay,
      long startOffset,
      long highWatermark,
      int leaderEpoch,
      long nextOffset)
      implements ReadResult {
    public long sizeBytes() {
      return slice.isPresent() ? slice.get().size() : 0;
    }

    /** The same with data. */
    Served with(FileSlice data, long behindData) {
      return new Served(
          Optional.of(data), false, false, startOffset, highWatermark, leaderEpoch, behindData);
    }

    /** The same without its data, which is the caller's to release. */
    public Served heldBackAt(long offset) {
      return new Served(
          Optional.empty(), true, false, startOffset, highWatermark, leaderEpoch, offset);
    }

    /** There will be something once the disk has given it. */
    Served onItsWay(boolean coming) {
      return new Served(
          slice, heldBack, coming, startOffset, highWatermark, leaderEpoch, nextOffset);
    }
  }

  /** The reader's log and this one part: what it read at or after the end in that epoch is gone. */
  record Diverged(int epoch, long endOffset, long startOffset, long highWatermark, int leaderEpoch)
      implements ReadResult {}

  /**
   * Not served.
   *
   * @param startOffset and highWatermark: 0 when they are not known here
   */
  record Refused(Refusal refusal, long startOffset, long highWatermark) implements ReadResult {}
}
