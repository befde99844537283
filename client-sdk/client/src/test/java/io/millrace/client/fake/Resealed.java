package io.millrace.client.fake;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.v1.BatchSequence;
import io.millrace.wire.v1.RecordBatch;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** Batches that are not what they should be, under a checksum that is right. */
public final class Resealed {
  private static final int CHECKED_FROM = 28;

  private Resealed() {}

  /** The batch with a change, and a checksum that fits it. */
  public static ByteBuffer batch(ByteBuffer batch, Consumer<RecordBatch.Builder> change) {
    RecordBatch.Builder changed;
    try {
      changed = BatchSequence.parseFrom(batch.duplicate()).getBatch(0).toBuilder();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no batch", e);
    }
    change.accept(changed);
    byte[] bytes = changed.setCrc(1).build().toByteArray();
    CRC32C crc = new CRC32C();
    crc.update(bytes, CHECKED_FROM, bytes.length - CHECKED_FROM);
    return BatchSequence.newBuilder()
        .addBatch(changed.setCrc((int) crc.getValue()))
        .build()
        .toByteString()
        .asReadOnlyByteBuffer();
  }
}
