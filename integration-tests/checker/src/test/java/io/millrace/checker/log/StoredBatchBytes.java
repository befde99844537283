package io.millrace.checker.log;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A batch with keys, as PROTOCOL.md draws it: records may be missing, as compaction leaves it. */
final class StoredBatchBytes {
  private static final int COMPACTED = 1 << 6;

  private final long baseOffset;
  private final long lastOffset;
  private final int epoch;
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(long offset, String key, @Nullable String value) {}

  StoredBatchBytes(long baseOffset, long lastOffset, int epoch) {
    this.baseOffset = baseOffset;
    this.lastOffset = lastOffset;
    this.epoch = epoch;
  }

  StoredBatchBytes put(long offset, String key, String value) {
    entries.add(new Entry(offset, key, value));
    return this;
  }

  StoredBatchBytes delete(long offset, String key) {
    entries.add(new Entry(offset, key, null));
    return this;
  }

  byte[] bytes() {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    for (Entry entry : entries) {
      ByteArrayOutputStream record = new ByteArrayOutputStream();
      record.write(0x10);
      record.write((int) (entry.offset() - baseOffset));
      field(record, 0x1A, entry.key());
      if (entry.value() != null) {
        field(record, 0x22, entry.value());
      }
      records.write(0x0A);
      records.write(record.size());
      records.writeBytes(record.toByteArray());
    }
    ByteArrayOutputStream size = new ByteArrayOutputStream();
    varint(size, records.size());
    ByteBuffer body =
        ByteBuffer.allocate(81 + size.size() + records.size()).order(ByteOrder.LITTLE_ENDIAN);
    body.put((byte) 0x09).putLong(baseOffset).put((byte) 0x15).putInt(epoch);
    body.put((byte) 0x19).putLong(1).put((byte) 0x25).putInt(0);
    body.put((byte) 0x2D).putInt(COMPACTED);
    body.put((byte) 0x35).putInt((int) (lastOffset - baseOffset));
    body.put((byte) 0x39).putLong(1).put((byte) 0x41).putLong(1);
    body.put((byte) 0x49).putLong(-1).put((byte) 0x55).putInt(-1).put((byte) 0x5D).putInt(-1);
    body.put((byte) 0x65).putInt(entries.size());
    body.put((byte) 0x7A).put(size.toByteArray()).put(records.toByteArray());
    CRC32C crc = new CRC32C();
    crc.update(body.array(), 28, body.limit() - 28);
    body.putInt(24, (int) crc.getValue());
    ByteArrayOutputStream batch = new ByteArrayOutputStream();
    batch.write(0x0A);
    varint(batch, body.limit());
    batch.writeBytes(body.array());
    return batch.toByteArray();
  }

  private static void field(ByteArrayOutputStream out, int tag, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.write(tag);
    out.write(bytes.length);
    out.writeBytes(bytes);
  }

  private static void varint(ByteArrayOutputStream out, int value) {
    int left = value;
    while (left > 0x7F) {
      out.write((left & 0x7F) | 0x80);
      left >>>= 7;
    }
    out.write(left);
  }
}
