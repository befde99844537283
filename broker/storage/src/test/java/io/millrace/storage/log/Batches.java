package io.millrace.storage.log;

import io.millrace.rpc.FileSlice;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.Compressions;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Makes and reads shares of batches for tests. */
public final class Batches {
  private Batches() {}

  /** One batch, its records' values as given and their times from {@code timestamp} up by one. */
  public static ByteBuffer batch(long timestamp, String... values) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    long time = timestamp;
    for (String value : values) {
      if (!builder.tryAppend(
          time++, null, ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)), List.of())) {
        throw new IllegalArgumentException("too much for one batch");
      }
    }
    ByteBuffer finished = builder.finish(Compressions.NONE);
    return ByteBuffer.allocate(finished.remaining()).put(finished).flip();
  }

  /** One batch of a producer that counts its records. */
  public static ByteBuffer of(long producerId, int epoch, int sequence, String... values) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    for (String value : values) {
      builder.tryAppend(
          1_700_000_000_000L,
          null,
          ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)),
          List.of());
    }
    builder.producer(producerId, epoch, sequence);
    ByteBuffer finished = builder.finish(Compressions.NONE);
    return ByteBuffer.allocate(finished.remaining()).put(finished).flip();
  }

  /** A batch of one record. */
  public static ByteBuffer single(String value) {
    return batch(1_700_000_000_000L, value);
  }

  /** A batch of one record that has a key. */
  public static ByteBuffer keyed(String key, String value) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    builder.tryAppend(
        1_700_000_000_000L,
        key.getBytes(StandardCharsets.UTF_8),
        value.getBytes(StandardCharsets.UTF_8),
        List.of());
    ByteBuffer finished = builder.finish(Compressions.NONE);
    return ByteBuffer.allocate(finished.remaining()).put(finished).flip();
  }

  public static ByteBuffer concat(ByteBuffer... parts) {
    int size = 0;
    for (ByteBuffer part : parts) {
      size += part.remaining();
    }
    ByteBuffer all = ByteBuffer.allocate(size);
    for (ByteBuffer part : parts) {
      all.put(part.duplicate());
    }
    return all.flip();
  }

  /** Reads a slice in full and releases it. */
  public static ByteBuffer bytes(FileSlice slice) {
    try {
      ByteBuffer bytes = ByteBuffer.allocate((int) slice.size());
      slice.read(0, bytes);
      return bytes.flip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      slice.release();
    }
  }

  /** {@code offset:value} of every record. */
  public static List<String> records(ByteBuffer sequence) {
    List<String> found = new ArrayList<>();
    BatchIterator batches = new BatchIterator().over(sequence);
    RecordCursor records = new RecordCursor(1 << 20);
    while (batches.next()) {
      records.over(batches.batch());
      while (records.next()) {
        ByteBuffer value = Objects.requireNonNull(records.value());
        found.add(records.offset() + ":" + StandardCharsets.UTF_8.decode(value));
      }
    }
    return found;
  }
}
