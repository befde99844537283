package io.millrace.client;

import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.read.Fetched;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchView;
import io.millrace.wire.Compressions;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One partition as the consumer's thread sees it: its position, and the records that were fetched
 * and not returned yet. A batch is decoded whole before any of its records is returned, so that of
 * a damaged one none is.
 */
final class AssignedPartition<K, V> {
  static final long UNKNOWN = -1;

  /** A batch that says it has more records must show them first. */
  private static final int MOST_EXPECTED = 16 << 10;

  private final TopicPartition partition;
  private final Deserializer<? extends K> keyDeserializer;
  private final Deserializer<? extends V> valueDeserializer;

  private int version;
  private long position = UNKNOWN;
  private boolean sought;
  private boolean paused;
  private long highWatermark = UNKNOWN;
  private @Nullable MillraceException error;
  private Fetched.@Nullable OutOfRange outOfRange;

  private final ArrayDeque<Fetched.Batches> fetched = new ArrayDeque<>();
  private final BatchIterator batches = new BatchIterator();
  private @Nullable RecordCursor cursor;
  private Fetched.@Nullable Batches current;
  private long least;
  private List<ConsumerRecord<K, V>> decoded = List.of();
  private int returned;
  private long afterDecoded;
  private long consumedBytes;

  AssignedPartition(
      TopicPartition partition,
      Deserializer<? extends K> keyDeserializer,
      Deserializer<? extends V> valueDeserializer) {
    this.partition = partition;
    this.keyDeserializer = keyDeserializer;
    this.valueDeserializer = valueDeserializer;
  }

  TopicPartition partition() {
    return partition;
  }

  /** Changes whenever reading goes on elsewhere; what was fetched before is void. */
  int version() {
    return version;
  }

  /** {@link #UNKNOWN} until it has been looked up. */
  long position() {
    return position;
  }

  /** Whether the user said where to read, rather than the settings. */
  boolean wasSought() {
    return sought;
  }

  boolean isPaused() {
    return paused;
  }

  void setPaused(boolean pause) {
    paused = pause;
  }

  /** {@link #UNKNOWN} until something was fetched. */
  long highWatermark() {
    return highWatermark;
  }

  /** Why reading has stopped; null while it has not, or there is something to return first. */
  @Nullable MillraceException error() {
    return hasRecords() ? null : error;
  }

  /** There is nothing at the position; null while there is, or there is something before it. */
  Fetched.@Nullable OutOfRange outOfRange() {
    return hasRecords() ? null : outOfRange;
  }

  void fail(MillraceException why) {
    error = why;
    outOfRange = null;
  }

  /** Fetching has stopped; what was fetched before is returned first. */
  void stopped(Fetched last) {
    if (last instanceof Fetched.Failed failed) {
      error = failed.why();
    } else if (last instanceof Fetched.OutOfRange beyond) {
      outOfRange = beyond;
    }
  }

  /** Forgets what was fetched; it will be fetched from there on. */
  void restart(int newVersion, long newPosition, boolean bySeek) {
    version = newVersion;
    position = newPosition;
    sought = bySeek;
    error = null;
    outOfRange = null;
    fetched.clear();
    current = null;
    decoded = List.of();
    returned = 0;
    consumedBytes = 0;
  }

  void positioned(long offset) {
    if (position == UNKNOWN) {
      position = offset;
    }
  }

  void add(Fetched.Batches more) {
    fetched.add(more);
    highWatermark = more.highWatermark();
  }

  /** Whether {@link #take} may yield records, or an error. */
  boolean hasRecords() {
    return returned < decoded.size() || current != null || !fetched.isEmpty();
  }

  /** Bytes that were fetched and are still needed. */
  long fetchedBytes() {
    long bytes = current == null ? 0 : current.data().remaining();
    for (Fetched.Batches each : fetched) {
      bytes += each.data().remaining();
    }
    return bytes;
  }

  /** Bytes that were fetched and are not needed any more, since the last time. */
  long takeConsumedBytes() {
    long bytes = consumedBytes;
    consumedBytes = 0;
    return bytes;
  }

  /** The next records, in order; fewer when there are no more, or damage comes. */
  List<ConsumerRecord<K, V>> take(int most) {
    List<ConsumerRecord<K, V>> taken = new ArrayList<>(Math.min(most, 512));
    while (taken.size() < most) {
      if (returned == decoded.size() && !decodeNext()) {
        break;
      }
      int count = Math.min(most - taken.size(), decoded.size() - returned);
      taken.addAll(decoded.subList(returned, returned + count));
      returned += count;
      position = returned == decoded.size() ? afterDecoded : decoded.get(returned).offset();
    }
    return taken;
  }

  /** Decodes the next batch that has something to return; false when there is none. */
  private boolean decodeNext() {
    decoded = List.of();
    returned = 0;
    while (true) {
      Fetched.Batches chunk = current;
      if (chunk == null) {
        chunk = fetched.poll();
        if (chunk == null) {
          return false;
        }
        current = chunk;
        batches.over(chunk.data());
        least = 0;
      }
      boolean framed = false;
      try {
        framed = batches.next();
        if (!framed) {
          end(chunk);
          continue;
        }
        decode(batches.batch(), chunk.highWatermark());
      } catch (CorruptBatchException e) {
        damaged(chunk, framed ? batches.batch() : null, e);
        return false;
      }
      if (!decoded.isEmpty()) {
        return true;
      }
    }
  }

  /** All of it has been returned; on over offsets that hold nothing. */
  private void end(Fetched.Batches chunk) {
    position = Math.max(position, chunk.nextOffset());
    consumedBytes += chunk.data().remaining();
    current = null;
  }

  private void decode(BatchView batch, long committedBelow) {
    long last = batch.baseOffset() + batch.lastOffsetDelta();
    if (batch.baseOffset() < least || last < batch.baseOffset() || last >= committedBelow) {
      throw new CorruptBatchException(
          ErrorCode.CORRUPT_BATCH,
          "a batch of the impossible offsets "
              + batch.baseOffset()
              + " to "
              + last
              + ", where records are committed below "
              + committedBelow);
    }
    least = last + 1;
    if (last < position) {
      return; // all of it was returned before
    }
    if (batch.isControl()) {
      position = last + 1; // not for applications
      return;
    }
    RecordCursor records = cursorFor(batch).over(batch);
    int expected = Math.max(0, Math.min(batch.recordCount(), MOST_EXPECTED));
    List<ConsumerRecord<K, V>> all = new ArrayList<>(expected);
    while (records.next()) {
      if (records.offset() >= position) {
        all.add(
            new ConsumerRecord<>(
                partition,
                records.offset(),
                records.timestamp(),
                batch.leaderEpoch(),
                records.headers(),
                new ConsumerRecord.Undecoded<>(
                    records.key(), records.value(), keyDeserializer, valueDeserializer)));
      }
    }
    decoded = all;
    afterDecoded = last + 1;
    if (all.isEmpty()) {
      position = afterDecoded;
    }
  }

  /** A decompressed batch lies in its cursor's memory, which records keep: one for each. */
  private RecordCursor cursorFor(BatchView batch) {
    if (batch.compressionId() != Compressions.NONE.id()) {
      return new RecordCursor(BatchLayout.MAX_SIZE_BYTES);
    }
    RecordCursor reused = cursor;
    if (reused == null) {
      reused = new RecordCursor(BatchLayout.MAX_SIZE_BYTES);
      cursor = reused;
    }
    return reused;
  }

  /** Goes behind the batch if its header is to be believed, else behind what was fetched. */
  private void damaged(Fetched.Batches chunk, @Nullable BatchView batch, CorruptBatchException e) {
    long behind = chunk.nextOffset();
    if (batch != null) {
      long last = batch.baseOffset() + batch.lastOffsetDelta();
      if (batch.baseOffset() <= position && position <= last && last < Long.MAX_VALUE) {
        behind = last + 1;
      }
    }
    error =
        new CorruptRecordException(
            partition.topic(),
            partition.partition(),
            position,
            Math.max(behind, position + 1),
            partition + " offset " + position + ": " + e.getMessage());
    fetched.clear();
    current = null;
  }
}
