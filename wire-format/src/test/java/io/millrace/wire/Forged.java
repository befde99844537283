package io.millrace.wire;

import com.google.protobuf.ByteString;
import io.millrace.wire.v1.BatchSequence;
import io.millrace.wire.v1.RecordBatch;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** Batches that no builder writes, with a checksum that matches all the same. */
final class Forged {
  private Forged() {}

  /** A batch that says of itself what is true of {@code count} records at that time. */
  static RecordBatch.Builder honest(RecordSet records, long timestampMillis) {
    return RecordBatch.newBuilder()
        .setBaseOffset(0)
        .setLeaderEpoch(0)
        .setAppendTimestamp(0)
        .setAttributes(0)
        .setLastOffsetDelta(records.getRecordCount() - 1)
        .setBaseTimestamp(timestampMillis)
        .setMaxTimestamp(timestampMillis)
        .setProducerId(-1)
        .setProducerEpoch(-1)
        .setBaseSequence(-1)
        .setRecordCount(records.getRecordCount())
        .setRecords(records.toByteString());
  }

  /** A batch of one record whose fields are these bytes. */
  static ByteBuffer batchOfRecord(byte... fields) {
    ByteBuffer records = ByteBuffer.allocate(fields.length + 6);
    records.put((byte) RecordScan.RECORD_TAG);
    records.position(Varint.put(records, 1, fields.length)).put(fields).flip();
    return bytes(
        honest(RecordSet.getDefaultInstance(), RandomBatches.NOW_MILLIS)
            .setRecords(ByteString.copyFrom(records))
            .setRecordCount(1)
            .setLastOffsetDelta(0));
  }

  static RecordBatch seal(RecordBatch.Builder batch) {
    byte[] bytes = batch.setCrc(0).build().toByteArray();
    return batch.setCrc(crc(ByteBuffer.wrap(bytes), BatchLayout.CHECKSUMMED)).build();
  }

  private static int crc(ByteBuffer bytes, int start) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(start, bytes.limit() - start));
    return (int) crc.getValue();
  }

  static ByteBuffer bytes(RecordBatch.Builder batch) {
    return ByteBuffer.wrap(BatchSequence.newBuilder().addBatch(seal(batch)).build().toByteArray());
  }

  /** The batch with a change to its bytes and a checksum to match. */
  static ByteBuffer changed(ByteBuffer batch, Consumer<ByteBuffer> change) {
    ByteBuffer copy = copy(batch);
    change.accept(copy);
    return reseal(copy);
  }

  static ByteBuffer reseal(ByteBuffer batch) {
    int message = message(batch);
    int crc = crc(batch, message + BatchLayout.CHECKSUMMED);
    LittleEndian.putInt(batch, message + BatchLayout.CRC, crc);
    return batch;
  }

  /** The batch with another attribute word, last delta or count. */
  static ByteBuffer withInt(ByteBuffer batch, int field, int value) {
    return changed(batch, copy -> LittleEndian.putInt(copy, message(copy) + field, value));
  }

  /** The batch with another time or producer id. */
  static ByteBuffer withLong(ByteBuffer batch, int field, long value) {
    return changed(batch, copy -> LittleEndian.putLong(copy, message(copy) + field, value));
  }

  /** Where the message of a batch at position 0 begins. */
  static int message(ByteBuffer batch) {
    return 1 + Varint.lengthOf(Varint.readSize(batch, 1, batch.limit()));
  }

  static ByteBuffer copy(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return ByteBuffer.wrap(copy);
  }
}
