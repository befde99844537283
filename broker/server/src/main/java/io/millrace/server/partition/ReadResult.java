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
   * @param damagedOffset where the reader was given a batch that is not whole, and asks to have it
   *     looked at; -1 for nowhere
   */
  record Spec(
      PartitionId id,
      long offset,
      OptionalInt believedEpoch,
      OptionalInt lastEpoch,
      int maxBytes,
      @Nullable FollowerClaim claim,
      long damagedOffset) {
    static final long NOWHERE = -1;

    Spec with(FollowerClaim now) {
      return new Spec(id, offset, believedEpoch, lastEpoch, maxBytes, now, damagedOffset);
    }

    /** Of a reader that has met nothing wrong. */
    public Spec(
        PartitionId id,
        long offset,
        OptionalInt believedEpoch,
        OptionalInt lastEpoch,
        int maxBytes,
        @Nullable FollowerClaim claim) {
      this(id, offset, believedEpoch, lastEpoch, maxBytes, claim, NOWHERE);
    }

    /** Of a consumer. */
    public Spec(
        PartitionId id,
        long offset,
        OptionalInt believedEpoch,
        OptionalInt lastEpoch,
        int maxBytes) {
      this(id, offset, believedEpoch, lastEpoch, maxBytes, null, NOWHERE);
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
   * @param flushWantedTo somebody waits for all below to be on every in-sync replica's disk; 0 when
   *     nobody does, and for consumers
   */
  record Served(
      Optional<FileSlice> slice,
      boolean heldBack,
      boolean onItsWay,
      long startOffset,
      long highWatermark,
      int leaderEpoch,
      long nextOffset,
      long flushWantedTo)
      implements ReadResult {
    public long sizeBytes() {
      return slice.isPresent() ? slice.get().size() : 0;
    }

    /** The same with data. */
    Served with(FileSlice data, long behindData) {
      return new Served(
          Optional.of(data),
          false,
          false,
          startOffset,
          highWatermark,
          leaderEpoch,
          behindData,
          flushWantedTo);
    }

    /** The same without its data, which is the caller's to release. */
    public Served heldBackAt(long offset) {
      return new Served(
          Optional.empty(),
          true,
          false,
          startOffset,
          highWatermark,
          leaderEpoch,
          offset,
          flushWantedTo);
    }

    /** There will be something once the disk has given it. */
    Served onItsWay(boolean coming) {
      return new Served(
          slice,
          heldBack,
          coming,
          startOffset,
          highWatermark,
          leaderEpoch,
          nextOffset,
          flushWantedTo);
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
