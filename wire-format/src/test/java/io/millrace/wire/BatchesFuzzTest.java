package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.ByteString;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;

/**
 * FZ3: any bytes in the place of batches, and in the place of the compressed records of a batch for
 * each codec. What a broker lets in a reader must be able to read.
 */
class BatchesFuzzTest {
  private static final int LIMIT = 1 << 20;

  private final RecordCursor cursor = new RecordCursor(LIMIT);

  @FuzzTest(maxDuration = "60s")
  void fz3_readsAnyBatchesOrRefusesThem(byte[] bytes) {
    ByteBuffer sequence = ByteBuffer.wrap(bytes);
    sealEachBatch(sequence);
    boolean valid =
        new BatchValidator().validate(sequence, BatchLimits.DEFAULT, RandomBatches.NOW_MILLIS)
            instanceof BatchValidator.Valid;
    BatchIterator batches = new BatchIterator().over(sequence);
    try {
      while (batches.next()) {
        BatchView batch = batches.batch();
        boolean compressed = batch.compressionId() != Compressions.NONE.id();
        int read = readAll(batch, valid && !compressed);
        assertThat(!valid || compressed || read == batch.recordCount()).isTrue();
      }
    } catch (CorruptBatchException refused) {
      assertThat(valid).as("let in by the broker, and then: %s", refused).isFalse();
    }
  }

  /** Guessing a checksum would take for ever. */
  private static void sealEachBatch(ByteBuffer sequence) {
    BatchView view = new BatchView();
    for (int at = 0; view.scan(sequence, at, sequence.limit()) == BatchScan.WHOLE; ) {
      Forged.reseal(sequence.slice(at, view.sizeBytes()));
      at += view.sizeBytes();
    }
  }

  @FuzzTest(maxDuration = "60s")
  void fz3_decompressesAnyGzipOrRefusesIt(byte[] bytes) {
    decompress("gzip", bytes);
  }

  @FuzzTest(maxDuration = "60s")
  void fz3_decompressesAnySnappyOrRefusesIt(byte[] bytes) {
    decompress("snappy", bytes);
  }

  @FuzzTest(maxDuration = "60s")
  void fz3_decompressesAnyLz4OrRefusesIt(byte[] bytes) {
    decompress("lz4", bytes);
  }

  @FuzzTest(maxDuration = "60s")
  void fz3_decompressesAnyZstdOrRefusesIt(byte[] bytes) {
    decompress("zstd", bytes);
  }

  private void decompress(String compression, byte[] bytes) {
    ByteBuffer batch =
        Forged.bytes(
            Forged.honest(RecordSet.getDefaultInstance(), RandomBatches.NOW_MILLIS)
                .setAttributes(Compressions.named(compression).id())
                .setRecords(ByteString.copyFrom(bytes)));
    readAll(new BatchView().wrap(batch, 0), false);
  }

  /** How many records there are before the end, or before something is wrong. */
  private int readAll(BatchView batch, boolean mustBeSound) {
    int count = 0;
    try {
      cursor.over(batch);
      while (cursor.next()) {
        count++;
        ByteBuffer key = cursor.key();
        ByteBuffer value = cursor.value();
        int content = (key == null ? 0 : key.remaining()) + (value == null ? 0 : value.remaining());
        assertThat(content).isLessThanOrEqualTo(LIMIT);
        assertThat(cursor.headers()).doesNotContainNull();
        assertThat(cursor.offset() - batch.baseOffset()).isNotNegative();
      }
    } catch (CorruptBatchException refused) {
      assertThat(mustBeSound).as("let in by the broker, and then: %s", refused).isFalse();
      assertThat(refused.code())
          .isIn(ErrorCode.CORRUPT_BATCH, ErrorCode.TOO_LARGE, ErrorCode.UNSUPPORTED);
    }
    return count;
  }
}
