package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.FileSlice;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.FetchWaiter;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionReading;
import io.millrace.server.partition.ReadResult;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Role;
import io.millrace.server.partition.Shard;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks how far one reader is behind in a partition that is led here: where it begins and ends, and
 * since when the first record that was not read has been there. Reads the head of one batch; one
 * that has to come from the disk is waited for a moment. Owner: the partition's loop.
 */
public final class LagLook {
  private static final int HEAD_BYTES = 256;
  private static final long PATIENCE_NANOS = MILLISECONDS.toNanos(500);

  private final Shard shard;
  private final ReaderAt reader;
  private final Consumer<LagAnswer> then;
  private final long deadlineNanos;
  private @Nullable FetchWaiter waiter;
  private @Nullable Timer patience;
  private boolean answered;

  private LagLook(Shard shard, ReaderAt reader, Consumer<LagAnswer> then) {
    this.shard = shard;
    this.reader = reader;
    this.then = then;
    this.deadlineNanos = shard.loop().clock().nanoTime() + PATIENCE_NANOS;
  }

  /** Any thread. */
  public static void at(Shard owner, ReaderAt reader, Consumer<LagAnswer> then) {
    owner.deliver(() -> new LagLook(owner, reader, then).look());
  }

  private void look() {
    if (answered) {
      return;
    }
    PartitionId id = reader.id();
    Partition partition = shard.find(id);
    if (partition == null) {
      answer(new LagAnswer.Unknown(shard.whyAbsent(id)));
      return;
    }
    if (!(partition.role() instanceof Role.Leader leader)) {
      answer(
          new LagAnswer.Unknown(
              partition
                  .checkEpoch(OptionalInt.empty())
                  .orElse(new Refusal(ErrorCode.NOT_LEADER, id + " is not led by this broker"))));
      return;
    }
    if (reader.offset().isEmpty()) {
      bounds(leader, partition.reading());
      return;
    }
    long from = Math.max(partition.log().startOffset(), reader.offset().getAsLong());
    ReadResult.Spec spec =
        new ReadResult.Spec(
            id, from, OptionalInt.of(leader.epoch()), OptionalInt.empty(), HEAD_BYTES);
    Shard.Found found = shard.look(new Shard.Look(List.of(spec), HEAD_BYTES, 1, this::look));
    take(leader, found);
  }

  /** No record is looked at: this is asked before commits, and must not wait for a disk. */
  private void bounds(Role.Leader leader, PartitionReading reading) {
    if (isEndUnknown(leader, reading.visibleOffset())) {
      answerEndUnknown();
    } else {
      known(leader, reading.startOffset(), reading.visibleOffset(), OptionalLong.empty());
    }
  }

  /** What earlier leaders showed may be ahead of what is known to be committed here. */
  private static boolean isEndUnknown(Role.Leader leader, long end) {
    return end < leader.startOffset();
  }

  private void answerEndUnknown() {
    answer(
        new LagAnswer.Unknown(
            new Refusal(
                ErrorCode.OFFSET_NOT_AVAILABLE,
                "the new leader of " + reader.id() + " does not know the visible end yet")));
  }

  private void take(Role.Leader leader, Shard.Found found) {
    ReadResult result = found.results().get(0);
    long end =
        result instanceof ReadResult.Served served
            ? served.highWatermark()
            : result instanceof ReadResult.Refused refused ? refused.highWatermark() : 0;
    waiter = found.waiter();
    if (isEndUnknown(leader, end)) {
      answerEndUnknown();
    } else if (result instanceof ReadResult.Served served) {
      take(leader, served, end);
    } else if (result instanceof ReadResult.Refused refused
        && refused.refusal().code() == ErrorCode.OFFSET_OUT_OF_RANGE) {
      known(leader, refused.startOffset(), end, OptionalLong.of(0)); // it is beyond the end
    } else {
      answer(
          new LagAnswer.Unknown(
              result instanceof ReadResult.Refused refused
                  ? refused.refusal()
                  : new Refusal(ErrorCode.UNAVAILABLE, reader.id() + " cannot be read now")));
    }
  }

  private void take(Role.Leader leader, ReadResult.Served served, long end) {
    if (served.slice().isPresent()) {
      known(leader, served.startOffset(), end, waiting(served.slice().get()));
    } else if (reader.offset().orElse(0) >= end) {
      known(leader, served.startOffset(), end, OptionalLong.of(0));
    } else if (waiter != null && shard.loop().clock().nanoTime() < deadlineNanos) {
      waiter.arm(1); // until it has come from the disk
      if (patience == null) {
        patience =
            shard
                .loop()
                .schedule(
                    PATIENCE_NANOS,
                    () -> known(leader, served.startOffset(), end, OptionalLong.empty()));
      }
    } else {
      known(leader, served.startOffset(), end, OptionalLong.empty());
    }
  }

  /** Of the first batch, by its append time; empty: its head cannot be read. */
  private OptionalLong waiting(FileSlice slice) {
    try {
      ByteBuffer head = ByteBuffer.allocate((int) Math.min(HEAD_BYTES, slice.size()));
      slice.read(0, head);
      BatchView batch = new BatchView();
      BatchScan scan = batch.scan(head, 0, head.capacity());
      return scan == BatchScan.WHOLE || scan == BatchScan.HEADER
          ? OptionalLong.of(
              // Never 0, which says that there is nothing; clocks may have been set back.
              Math.max(1, shard.loop().clock().wallMillis() - batch.appendTimestamp()))
          : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty(); // whoever reads the records hears of it
    } finally {
      slice.release();
    }
  }

  private void known(Role.Leader leader, long start, long end, OptionalLong waitingMillis) {
    answer(new LagAnswer.Known(leader.epoch(), start, end, waitingMillis));
  }

  private void answer(LagAnswer lag) {
    if (answered) {
      return;
    }
    answered = true;
    if (waiter != null) {
      waiter.cancel();
    }
    if (patience != null) {
      patience.cancel();
    }
    then.accept(lag);
  }
}
