package io.millrace.client.fake;

import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchView;
import io.millrace.wire.RecordCursor;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The records of one partition, in memory. */
public final class FakeLog {
  private record Entry(long baseOffset, long nextOffset, ByteBuffer bytes) {}

  private final List<Entry> entries = new ArrayList<>();
  private long startOffset;
  private long endOffset;

  /** A producer's batch as the leader remembers it: all of them, here. */
  private record Remembered(int epoch, int sequence, int records, int crc, long offset) {}

  private final Map<Long, List<Remembered>> producers = new HashMap<>();

  /** Forgets what was known of producers, as if all had been idle for a day. */
  public synchronized void forgetProducers() {
    producers.clear();
  }

  /** Why a share cannot be taken, by the numbers of its batches; null when it can. */
  synchronized @Nullable Error outOfSequence(ByteBuffer share) {
    Map<Long, Remembered> last = new HashMap<>();
    producers.forEach((id, batches) -> last.put(id, batches.get(batches.size() - 1)));
    BatchIterator batches = new BatchIterator().over(share);
    while (batches.next()) {
      BatchView batch = batches.batch();
      Remembered before = last.get(batch.producerId());
      if (batch.producerId() < 0 || find(batch) != null) {
        continue;
      }
      int expected = before == null ? 0 : before.sequence() + before.records();
      if (before == null && batch.baseSequence() != 0) {
        return error(ErrorCode.UNKNOWN_PRODUCER, "never heard of it");
      } else if (before != null && batch.producerEpoch() < before.epoch()) {
        return error(ErrorCode.FENCED_PRODUCER, "epoch " + before.epoch() + " has begun");
      } else if (before != null && batch.producerEpoch() > before.epoch()) {
        expected = 0;
      }
      if (batch.baseSequence() > expected) {
        return error(ErrorCode.OUT_OF_ORDER_SEQUENCE, expected + " comes next");
      } else if (batch.baseSequence() < expected) {
        return isForgotten(batch)
            ? error(ErrorCode.DUPLICATE_SEQUENCE, "written once, nobody knows where")
            : error(ErrorCode.SEQUENCE_REUSED, expected + " comes next");
      }
      last.put(batch.producerId(), remembered(batch, 0));
    }
    return null;
  }

  /** A leader knows the last 32 batches again. */
  private boolean isForgotten(BatchView batch) {
    List<Remembered> all = producers.getOrDefault(batch.producerId(), List.of());
    return all.size() > 32 && batch.baseSequence() < all.get(all.size() - 32).sequence();
  }

  private static Error error(ErrorCode code, String message) {
    return Error.newBuilder().setCode(code).setMessage(message).build();
  }

  private static Remembered remembered(BatchView batch, long offset) {
    return new Remembered(
        batch.producerEpoch(), batch.baseSequence(), batch.recordCount(), batch.crc(), offset);
  }

  private @Nullable Remembered find(BatchView batch) {
    for (Remembered each : producers.getOrDefault(batch.producerId(), List.of())) {
      if (each.equals(remembered(batch, each.offset()))) {
        return each;
      }
    }
    return null;
  }

  /** What a leader does with a produce request's share; returns the base offsets. */
  public synchronized List<Long> append(ByteBuffer share, int leaderEpoch, long nowMillis) {
    byte[] copy = new byte[share.remaining()];
    share.get(share.position(), copy);
    ByteBuffer own = ByteBuffer.wrap(copy);
    List<Long> baseOffsets = new ArrayList<>();
    BatchIterator batches = new BatchIterator().over(own);
    while (batches.next()) {
      BatchView batch = batches.batch();
      if (!batch.checksumMatches()) {
        throw new IllegalStateException("a client sent a damaged batch");
      }
      Remembered twice = batch.producerId() < 0 ? null : find(batch);
      if (twice != null) {
        baseOffsets.add(twice.offset());
        continue;
      }
      if (batch.producerId() >= 0) {
        producers
            .computeIfAbsent(batch.producerId(), id -> new ArrayList<>())
            .add(remembered(batch, endOffset));
      }
      batch.stamp(endOffset, leaderEpoch, nowMillis);
      baseOffsets.add(endOffset);
      byte[] bytes = new byte[batch.sizeBytes()];
      own.get(batch.position(), bytes);
      entries.add(new Entry(endOffset, batch.nextOffset(), ByteBuffer.wrap(bytes)));
      endOffset = batch.nextOffset();
    }
    return baseOffsets;
  }

  /** Adds bytes as they are, for damage. */
  public synchronized void appendRaw(long baseOffset, long nextOffset, byte[] bytes) {
    entries.add(new Entry(baseOffset, nextOffset, ByteBuffer.wrap(bytes)));
    endOffset = Math.max(endOffset, nextOffset);
  }

  /** Offsets that hold nothing, as compaction leaves them. */
  public synchronized void skip(long count) {
    endOffset += count;
  }

  /** Forgets whole batches below that offset. */
  public synchronized void trim(long newStart) {
    entries.removeIf(entry -> entry.nextOffset() <= newStart);
    startOffset = newStart;
  }

  /** As a leader that lost its tail. */
  public synchronized void cut(long newEnd) {
    entries.removeIf(entry -> entry.baseOffset() >= newEnd);
    producers.values().forEach(all -> all.removeIf(batch -> batch.offset() >= newEnd));
    producers.values().removeIf(List::isEmpty);
    endOffset = newEnd;
  }

  public synchronized long startOffset() {
    return startOffset;
  }

  public synchronized long endOffset() {
    return endOffset;
  }

  /** Whole batches from the one with that offset on; at least one. */
  synchronized byte[] read(long offset, int maxBytes) {
    ByteArrayOutputStream found = new ByteArrayOutputStream();
    for (Entry entry : entries) {
      if (entry.nextOffset() > offset) {
        if (found.size() > 0 && found.size() + entry.bytes().remaining() > maxBytes) {
          break;
        }
        found.writeBytes(entry.bytes().array());
      }
    }
    return found.toByteArray();
  }

  /** Where to go on after {@link #read}. */
  synchronized long nextOffset(long offset, int maxBytes) {
    long next = offset;
    int size = 0;
    for (Entry entry : entries) {
      if (entry.nextOffset() > offset) {
        if (size > 0 && size + entry.bytes().remaining() > maxBytes) {
          return next;
        }
        size += entry.bytes().remaining();
        next = entry.nextOffset();
      }
    }
    return endOffset;
  }

  /** The offset and time of the first record at or after a time. */
  synchronized long[] find(long timestamp) {
    for (Entry entry : entries) {
      RecordCursor cursor = new RecordCursor(64 << 20);
      BatchIterator batches = new BatchIterator().over(entry.bytes());
      batches.next();
      cursor.over(batches.batch());
      while (cursor.next()) {
        if (cursor.timestamp() >= timestamp) {
          return new long[] {cursor.offset(), cursor.timestamp()};
        }
      }
    }
    return new long[0];
  }

  /** The values of all records, in order, as text. */
  public synchronized List<String> values() {
    List<String> values = new ArrayList<>();
    for (Entry entry : entries) {
      RecordCursor cursor = new RecordCursor(64 << 20);
      BatchIterator batches = new BatchIterator().over(entry.bytes());
      batches.next();
      cursor.over(batches.batch());
      while (cursor.next()) {
        ByteBuffer value = cursor.value();
        values.add(value == null ? "null" : StandardCharsets.UTF_8.decode(value).toString());
      }
    }
    return values;
  }

  /** {@code epoch:sequence+records} of every batch, in order. */
  public synchronized List<String> numbers() {
    List<String> numbers = new ArrayList<>();
    for (Entry entry : entries) {
      BatchView batch = new BatchView().wrap(entry.bytes(), 0);
      numbers.add(batch.producerEpoch() + ":" + batch.baseSequence() + "+" + batch.recordCount());
    }
    return numbers;
  }

  /** How many batches there are. */
  public synchronized int batches() {
    return entries.size();
  }
}
