package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class BatchScanTest {
  private final BatchView view = new BatchView();

  private static ByteBuffer batch(int valueSize) {
    BatchBuilder builder =
        new BatchBuilder(
            BatchLayout.MAX_SIZE_BYTES, BatchLayout.MAX_SIZE_BYTES, ByteBuffer::allocate);
    assertThat(builder.tryAppend(1, null, new byte[valueSize], java.util.List.of())).isTrue();
    return builder.finish(Compressions.NONE);
  }

  @Test
  void tellsSizeAndHeaderBeforeTheRecordsAreThere() {
    for (int valueSize : new int[] {0, 50, 200, 20_000, 3_000_000}) {
      ByteBuffer batch = batch(valueSize);
      boolean headerSeen = false;
      for (int limit = 1; limit < Math.min(300, batch.remaining()); limit++) {
        BatchScan found = view.scan(batch, 0, limit);
        assertThat(found).isIn(BatchScan.INCOMPLETE, BatchScan.HEADER);
        // Once known it stays known, and it is known with the bytes that are promised to suffice.
        assertThat(found == BatchScan.HEADER || !headerSeen).isTrue();
        headerSeen = found == BatchScan.HEADER;
        assertThat(headerSeen || limit < BatchLayout.MAX_HEADER_BYTES).isTrue();
        if (headerSeen) {
          assertThat(view.sizeBytes()).isEqualTo(batch.remaining());
          assertThat(view.recordCount()).isOne();
          assertThatThrownBy(view::records).isInstanceOf(IllegalStateException.class);
          assertThatThrownBy(view::checksumMatches).isInstanceOf(IllegalStateException.class);
        }
      }
      assertThat(view.scan(batch, 0, batch.limit())).isEqualTo(BatchScan.WHOLE);
      assertThat(view.checksumMatches()).isTrue();
    }
  }

  @Test
  void b83_zerosAreTheEndAndNotABatch() {
    ByteBuffer zeros = ByteBuffer.allocate(1000);
    for (int limit = 0; limit <= 1000; limit++) {
      assertThat(view.scan(zeros, 0, limit)).isEqualTo(BatchScan.END);
    }
    ByteBuffer batch = batch(10);
    ByteBuffer file = ByteBuffer.allocate(batch.remaining() + 1).put(batch).clear();
    assertThat(view.scan(file, 0, file.limit())).isEqualTo(BatchScan.WHOLE);
    assertThat(view.scan(file, view.sizeBytes(), file.limit())).isEqualTo(BatchScan.END);
    assertThatThrownBy(() -> view.wrap(zeros, 0)).isInstanceOf(CorruptBatchException.class);
  }

  @Test
  void b83_aBatchWhoseEndIsZerosDoesNotMatchItsChecksum() {
    ByteBuffer batch = batch(100);
    for (int start = 0; start < batch.remaining(); start++) {
      ByteBuffer torn = Forged.copy(batch);
      torn.put(start, new byte[torn.limit() - start]);
      boolean same = torn.equals(batch);
      BatchScan found = view.scan(torn, 0, torn.limit());
      assertThat(found == BatchScan.WHOLE && view.checksumMatches()).isEqualTo(same);
    }
  }

  @Test
  void noOtherByteBeginsABatch() {
    ByteBuffer batch = batch(10);
    for (int each = 1; each < 256; each++) {
      if (each != BatchLayout.BATCH_TAG) {
        batch.put(0, (byte) each);
        assertThat(view.scan(batch, 0, batch.limit())).isEqualTo(BatchScan.MALFORMED);
        assertThat(view.problem()).contains("tag");
      }
    }
  }

  @Test
  void aLengthThatNoBatchHasIsRefusedBeforeAnybodyAllocatesForIt() {
    for (byte[] length :
        new byte[][] {
          {81}, // too short for a header
          {(byte) 0xd2, 0x00}, // not the shortest form
          {(byte) 0x80, (byte) 0x80, (byte) 0x80, 0x21}, // more than 64 MiB
          {-1, -1, -1, -1, 0x07}, // 2^31 - 1
          {-1, -1, -1, -1, 0x0f}, // 2^32 - 1
          {-1, -1, -1, -1, -1, -1, -1, -1, -1, 0x01}, // -1
        }) {
      ByteBuffer bytes = ByteBuffer.allocate(200).put((byte) 0x0a).put(length).clear();
      assertThat(view.scan(bytes, 0, 200)).isEqualTo(BatchScan.MALFORMED);
      assertThat(view.problem()).contains("length");
    }
  }

  @Test
  void theLargestBatchThereCanBeFits() {
    int overhead =
        batch(BatchLayout.MAX_SIZE_BYTES - 200).remaining() - (BatchLayout.MAX_SIZE_BYTES - 200);
    ByteBuffer batch = batch(BatchLayout.MAX_SIZE_BYTES - overhead);

    assertThat(batch.remaining()).isEqualTo(BatchLayout.MAX_SIZE_BYTES);
    assertThat(view.scan(batch, 0, 100)).isEqualTo(BatchScan.HEADER);
    assertThat(view.wrap(batch, 0).checksumMatches()).isTrue();
  }

  @Test
  void readsAndStampsWhateverTheBuffersByteOrderAndPlace() {
    ByteBuffer batch = batch(40);
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      ByteBuffer within = ByteBuffer.allocateDirect(batch.remaining() + 13).order(order);
      within.put(13, batch, 0, batch.remaining());

      view.wrap(within, 13).stamp(1L << 40, 77, 1L << 41);

      assertThat(view.baseOffset()).isEqualTo(1L << 40);
      assertThat(view.leaderEpoch()).isEqualTo(77);
      assertThat(view.appendTimestamp()).isEqualTo(1L << 41);
      assertThat(view.checksumMatches()).isTrue();
      assertThat(within.get(13 + Forged.message(batch) + BatchLayout.LEADER_EPOCH))
          .isEqualTo((byte) 77);
      assertThat(within.position()).isZero();
      assertThat(within.order()).isEqualTo(order);
    }
  }
}
