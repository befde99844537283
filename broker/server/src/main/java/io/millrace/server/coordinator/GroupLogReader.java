package io.millrace.server.coordinator;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.FileSlice;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.ReadResult;
import io.millrace.server.partition.Shard;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a new coordinator takes over: everything that the log held when it began, once that is
 * committed. Owner: the partition's loop, which has its turn again after each piece.
 */
final class GroupLogReader {
  private static final Logger LOG = LoggerFactory.getLogger(GroupLogReader.class);
  private static final int PIECE_BYTES = 1 << 20;
  private static final long AGAIN_NANOS = SECONDS.toNanos(1);

  /**
   * A record.
   *
   * @param key as it is in the log, until the next one is told
   */
  record Line(long offset, ByteBuffer key, GroupLogCodec.Told told) {}

  private final Shard shard;
  private final Partition partition;
  private final int epoch;
  private final BooleanSupplier isWanted;
  private final Consumer<Line> record;
  private final Runnable whenRead;
  private final Consumer<String> trouble;
  private final BatchIterator batches = new BatchIterator();
  private final RecordCursor records = new RecordCursor();
  private final long endOffset;
  private long nextOffset;

  /**
   * @param isWanted whether somebody still wants to know
   * @param record of each record, in order
   * @param whenRead once
   * @param trouble each time that it does not get on: why, as a clause
   */
  GroupLogReader(
      Shard shard,
      Partition partition,
      int epoch,
      BooleanSupplier isWanted,
      Consumer<Line> record,
      Runnable whenRead,
      Consumer<String> trouble) {
    this.shard = shard;
    this.partition = partition;
    this.epoch = epoch;
    this.isWanted = isWanted;
    this.record = record;
    this.whenRead = whenRead;
    this.trouble = trouble;
    this.nextOffset = partition.log().startOffset();
    // Not the high watermark: what is behind it may have been acknowledged by the leader before.
    this.endOffset = partition.log().endOffset();
  }

  void readOn() {
    if (!isWanted.getAsBoolean()) {
      return;
    }
    if (nextOffset >= endOffset) {
      whenRead.run();
      return;
    }
    ReadResult.Spec piece =
        new ReadResult.Spec(
            partition.id(), nextOffset, OptionalInt.of(epoch), OptionalInt.empty(), PIECE_BYTES);
    Shard.Found found = shard.look(new Shard.Look(List.of(piece), PIECE_BYTES, 1, this::readOn));
    if (found.waiter() != null) {
      found.waiter().arm(1); // until more is committed, or has come from the disk
      return;
    }
    ReadResult result = found.results().get(0);
    if (result instanceof ReadResult.Served served && served.slice().isPresent()) {
      take(served.slice().get(), served.nextOffset());
    } else if (result instanceof ReadResult.Refused refused
        && refused.refusal().code() == ErrorCode.OFFSET_OUT_OF_RANGE) {
      nextOffset = Math.max(nextOffset, partition.log().startOffset()); // it was trimmed meanwhile
      readOnLater();
    } else {
      LOG.warn("{}: groups cannot be read yet, trying again: {}", partition.id(), result);
      trouble.accept(
          result instanceof ReadResult.Refused refused ? refused.refusal().message() : "" + result);
      readOnLater();
    }
  }

  private void readOnLater() {
    shard.loop().schedule(AGAIN_NANOS, this::readOn);
  }

  private void take(FileSlice slice, long behind) {
    try {
      ByteBuffer piece = ByteBuffer.allocate((int) slice.size());
      slice.read(0, piece);
      take(piece.flip());
      nextOffset = behind;
      shard.loop().execute(this::readOn);
    } catch (IOException | CorruptBatchException e) {
      LOG.warn("{}: groups cannot be read yet, trying again", partition.id(), e);
      trouble.accept(
          "a record at or behind offset " + nextOffset + " makes no sense: " + e.getMessage());
      readOnLater();
    } finally {
      slice.release();
    }
  }

  private void take(ByteBuffer piece) {
    batches.over(piece);
    while (batches.next()) {
      records.over(batches.batch());
      while (records.next()) {
        ByteBuffer key = records.key();
        if (records.offset() >= nextOffset && key != null) {
          GroupLogCodec.Told told = GroupLogCodec.read(key.duplicate(), records.value());
          record.accept(new Line(records.offset(), key, told));
        }
      }
    }
  }
}
