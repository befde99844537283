package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.Deserializer;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchView;
import io.millrace.wire.CorruptBatchException;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.v1.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of fetched bytes. Belongs to the polling thread.
 *
 * <p>It is within one batch at a time. A batch is checked as a whole before its first record is
 * returned: its checksum, and that it can be taken apart to its end.
 */
final class RecordReader<K, V> {
  /** Records share a copy of about so many of their bytes; whoever keeps one keeps no more. */
  private static final int CHUNK_BYTES = 32 << 10;

  /**
   * Of a batch with so many records at most, objects are made while it is checked: one walk instead
   * of two. Of a larger one they would take too much memory before anybody asks for them.
   */
  static final int MOST_AHEAD = 4096;

  private final RecordMaker<K, V> maker;
  private final Deserializer<? extends K> keys;
  private final Deserializer<? extends V> values;

  private final BatchIterator batches = new BatchIterator();
  private final RecordCursor cursor = new RecordCursor();

  /** Of the batch that is being read; null: none. */
  private @Nullable FetchedShare open;

  /** Of the open batch, all of it that is to be returned; null: it is read from the cursor. */
  private @Nullable List<ConsumerRecord<K, V>> ahead;

  /** How many of them have been returned. */
  private int aheadTaken;

  private @Nullable RecordChunk<K, V> chunk;
  private int chunkStart;
  private int chunkEnd;

  RecordReader(
      RecordMaker<K, V> maker, Deserializer<? extends K> keys, Deserializer<? extends V> values) {
    this.maker = maker;
    this.keys = keys;
    this.values = values;
  }

  /** Whether a batch of this share has been begun and not been read to its end. */
  boolean isWithinBatch(FetchedShare share) {
    return open == share;
  }

  /** The memory of what was fetched of this partition goes away. */
  void forget(AssignedPartition partition) {
    if (open != null && open == partition.share()) {
      endBatch();
    }
  }

  /**
   * Reads on, at most to the end of the share, which is given back then, or to something damaged,
   * which the partition then tells of.
   */
  List<ConsumerRecord<K, V>> read(AssignedPartition partition, FetchedShare share, int most) {
    ArrayList<ConsumerRecord<K, V>> records = new ArrayList<>(0);
    try {
      while (records.size() < most) {
        if (open != share && !openNext(partition, share)) {
          partition.shareRead();
          break;
        }
        int left = most - records.size();
        // As many as the batch was found to have, and not as it says.
        records.ensureCapacity(records.size() + Math.min(left, batches.batch().recordCount()));
        readBatch(partition, share, most, records);
      }
    } catch (CorruptBatchException e) {
      endBatch();
      partition.failReading(corrupt(partition, e));
    }
    return records;
  }

  /** Moves to the next batch with something to return; false at the end of the share. */
  private boolean openNext(AssignedPartition partition, FetchedShare share) {
    batches.over(share.batches());
    while (batches.next()) {
      BatchView batch = batches.batch();
      if (batch.isControl() && !batch.checksumMatches()) {
        throw new CorruptBatchException(
            ErrorCode.CORRUPT_BATCH, "the checksum of a marker is wrong");
      }
      if (!batch.isControl() && batch.nextOffset() > partition.position()) {
        chunk = null;
        ahead = null;
        cursor.over(batch);
        if (batch.recordCount() <= MOST_AHEAD) {
          readAhead(partition, batch);
        } else {
          while (cursor.next()) {
            // Nothing of it is returned when its end is no good.
          }
          cursor.rewind();
        }
        open = share;
        return true;
      }
      close(partition, share);
    }
    return false;
  }

  private void readAhead(AssignedPartition partition, BatchView batch) {
    List<ConsumerRecord<K, V>> made = new ArrayList<>(Math.max(0, batch.recordCount()));
    long position = partition.position();
    while (cursor.next()) {
      if (cursor.offset() >= position) {
        made.add(record(partition.id(), batch.leaderEpoch()));
      }
    }
    ahead = made;
    aheadTaken = 0;
  }

  private void readBatch(
      AssignedPartition partition,
      FetchedShare share,
      int most,
      List<ConsumerRecord<K, V>> records) {
    BatchView batch = batches.batch();
    partition.setLastEpoch(batch.leaderEpoch());
    if (ahead != null) {
      take(partition, ahead, most - records.size(), records);
    } else if (!walk(partition, batch.leaderEpoch(), most, records)) {
      partition.passed(batch.nextOffset());
    }
    // With its last record read it is over now, or a partition of small batches would stay within
    // one at the end of each poll, and the others would wait for its whole share.
    if (partition.position() >= batch.nextOffset()) {
      close(partition, share);
      endBatch();
    }
  }

  private void take(
      AssignedPartition partition,
      List<ConsumerRecord<K, V>> made,
      int most,
      List<ConsumerRecord<K, V>> records) {
    int end = Math.min(made.size(), aheadTaken + most);
    records.addAll(made.subList(aheadTaken, end));
    aheadTaken = end;
    partition.passed(
        end == made.size() ? batches.batch().nextOffset() : made.get(end - 1).offset() + 1);
  }

  /** False behind the last record. */
  private boolean walk(
      AssignedPartition partition, int leaderEpoch, int most, List<ConsumerRecord<K, V>> records) {
    long position = partition.position();
    while (records.size() < most) {
      if (!cursor.next()) {
        return false;
      }
      if (cursor.offset() >= position) {
        records.add(record(partition.id(), leaderEpoch));
        partition.passed(cursor.offset() + 1);
      }
    }
    return true;
  }

  private void endBatch() {
    open = null;
    ahead = null;
  }

  /** Behind the batch that the iterator is at. */
  private void close(AssignedPartition partition, FetchedShare share) {
    BatchView batch = batches.batch();
    partition.passed(batch.nextOffset());
    partition.setLastEpoch(batch.leaderEpoch());
    share.batches().position(batch.position() + batch.sizeBytes());
  }

  private ConsumerRecord<K, V> record(TopicPartition partition, int leaderEpoch) {
    int keySize = cursor.keySize();
    int valueSize = cursor.valueSize();
    boolean hasKey = keySize != RecordCursor.ABSENT;
    boolean hasValue = valueSize != RecordCursor.ABSENT;
    int start = hasKey ? cursor.keyPosition() : hasValue ? cursor.valuePosition() : 0;
    int end =
        hasValue ? cursor.valuePosition() + valueSize : hasKey ? cursor.keyPosition() + keySize : 0;
    RecordChunk<K, V> current = chunk;
    if (current == null || end > chunkEnd) {
      current = copy(partition, leaderEpoch, start, end);
    }
    return maker.make(
        current,
        cursor.offset(),
        cursor.timestamp(),
        cursor.headers(),
        cursor.keyPosition() - chunkStart,
        keySize,
        cursor.valuePosition() - chunkStart,
        valueSize);
  }

  private RecordChunk<K, V> copy(TopicPartition partition, int leaderEpoch, int start, int end) {
    int ahead = end == 0 ? 0 : Math.min(CHUNK_BYTES, cursor.recordsEnd() - start);
    int size = Math.max(end - start, ahead);
    byte[] bytes = new byte[size];
    cursor.copy(start, bytes);
    chunkStart = start;
    chunkEnd = start + size;
    RecordChunk<K, V> made = new RecordChunk<>(partition, leaderEpoch, bytes, keys, values);
    chunk = made;
    return made;
  }

  private MillraceException corrupt(AssignedPartition partition, CorruptBatchException e) {
    BatchView batch = batches.batch();
    long behind = batch.sizeBytes() > 0 ? batch.nextOffset() : 0;
    return ReadFailures.corrupt(
        partition.id(), partition.position(), behind, e.getMessage() + partition.from());
  }
}
