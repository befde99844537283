package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.wire.RandomBatches.Draft;
import io.millrace.wire.v1.BatchSequence;
import io.millrace.wire.v1.BatchSequenceView;
import io.millrace.wire.v1.Header;
import io.millrace.wire.v1.Record;
import io.millrace.wire.v1.RecordBatch;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Our encoder and decoder are protobuf's, in both directions, on thousands of random batches. */
class GeneratedClassesTest {
  private static final int ROUNDS = 10_000;

  @Test
  void generatedClassesReadWhatWeWroteAndWriteTheSameBytes() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      List<Draft> drafts = new RandomBatches(seed).records(1 + seed % 12);
      ByteBuffer bytes = RandomBatches.encode(drafts, Compressions.NONE);
      new BatchView().wrap(bytes, 0).stamp(seed, 3, RandomBatches.NOW_MILLIS);

      BatchSequence sequence = BatchSequence.parseFrom(bytes.duplicate());
      assertThat(sequence.getBatchCount()).isOne();
      RecordBatch batch = sequence.getBatch(0);
      assertThat(batch.getBaseOffset()).isEqualTo(seed);
      assertThat(batch.getLeaderEpoch()).isEqualTo(3);
      assertThat(batch.getAppendTimestamp()).isEqualTo(RandomBatches.NOW_MILLIS);
      assertThat(batch.getAttributes()).isZero();
      assertThat(batch.getLastOffsetDelta()).isEqualTo(drafts.size() - 1);
      assertThat(batch.getBaseTimestamp()).isEqualTo(drafts.get(0).timestampMillis());
      assertThat(batch.getMaxTimestamp())
          .isEqualTo(drafts.stream().mapToLong(Draft::timestampMillis).max().getAsLong());
      assertThat(batch.getProducerId()).isEqualTo(-1);
      assertThat(batch.getProducerEpoch()).isEqualTo(-1);
      assertThat(batch.getBaseSequence()).isEqualTo(-1);
      assertThat(batch.getRecordCount()).isEqualTo(drafts.size());

      RecordSet expected = recordSet(drafts, batch.getBaseTimestamp());
      assertThat(RecordSet.parseFrom(batch.getRecords())).isEqualTo(expected);
      assertThat(BatchSequenceView.parseFrom(bytes.duplicate()).getBatch(0).getRecords())
          .isEqualTo(expected);
      assertThat(ByteBuffer.wrap(sequence.toByteArray())).isEqualTo(bytes);
    }
  }

  private static RecordSet recordSet(List<Draft> drafts, long baseTimestamp) {
    RecordSet.Builder set = RecordSet.newBuilder();
    for (Draft draft : drafts) {
      Record.Builder record = set.addRecordBuilder();
      if (draft.timestampMillis() != baseTimestamp) {
        record.setTimestampDelta(draft.timestampMillis() - baseTimestamp);
      }
      if (draft.key() != null) {
        record.setKey(ByteString.copyFrom(draft.key()));
      }
      if (draft.value() != null) {
        record.setValue(ByteString.copyFrom(draft.value()));
      }
      for (RecordHeader each : draft.headers()) {
        Header.Builder header = record.addHeaderBuilder().setName(each.name());
        if (each.value() != null) {
          header.setValue(ByteString.copyFrom(each.value()));
        }
      }
    }
    return set.build();
  }

  @Test
  void weReadWhatGeneratedClassesWrote() {
    for (int seed = 0; seed < ROUNDS; seed++) {
      Random random = new Random(seed);
      RecordSet set = anyRecordSet(random);
      RecordBatch batch = Forged.seal(header(set, random).setRecords(set.toByteString()));
      ByteBuffer bytes =
          ByteBuffer.wrap(BatchSequence.newBuilder().addBatch(batch).build().toByteArray());

      BatchView view = new BatchView().wrap(bytes, 0);
      assertThat(view.sizeBytes()).isEqualTo(bytes.remaining());
      assertThat(view.checksumMatches()).isTrue();
      assertThat(view.baseOffset()).isEqualTo(batch.getBaseOffset());
      assertThat(view.leaderEpoch()).isEqualTo(batch.getLeaderEpoch());
      assertThat(view.appendTimestamp()).isEqualTo(batch.getAppendTimestamp());
      assertThat(view.crc()).isEqualTo(batch.getCrc());
      assertThat(view.attributes()).isEqualTo(batch.getAttributes());
      assertThat(view.lastOffsetDelta()).isEqualTo(batch.getLastOffsetDelta());
      assertThat(view.baseTimestamp()).isEqualTo(batch.getBaseTimestamp());
      assertThat(view.maxTimestamp()).isEqualTo(batch.getMaxTimestamp());
      assertThat(view.producerId()).isEqualTo(batch.getProducerId());
      assertThat(view.producerEpoch()).isEqualTo(batch.getProducerEpoch());
      assertThat(view.baseSequence()).isEqualTo(batch.getBaseSequence());
      assertThat(view.recordCount()).isEqualTo(batch.getRecordCount());
      assertThat(view.records()).isEqualTo(batch.getRecords().asReadOnlyByteBuffer());
      assertReads(set, view);
    }
  }

  private static void assertReads(RecordSet set, BatchView view) {
    RecordCursor cursor = new RecordCursor(1 << 20).over(view);
    long offset = view.baseOffset() - 1;
    for (Record record : set.getRecordList()) {
      assertThat(cursor.next()).isTrue();
      offset = record.hasOffsetDelta() ? view.baseOffset() + record.getOffsetDelta() : offset + 1;
      assertThat(cursor.offset()).isEqualTo(offset);
      assertThat(cursor.timestamp()).isEqualTo(view.baseTimestamp() + record.getTimestampDelta());
      assertThat(cursor.key()).isEqualTo(record.hasKey() ? view(record.getKey()) : null);
      assertThat(cursor.value()).isEqualTo(record.hasValue() ? view(record.getValue()) : null);
      assertThat(cursor.headers())
          .isEqualTo(
              record.getHeaderList().stream()
                  .map(each -> new RecordHeader(each.getName(), bytes(each)))
                  .toList());
    }
    assertThat(cursor.next()).isFalse();
  }

  private static ByteBuffer view(ByteString bytes) {
    return bytes.asReadOnlyByteBuffer();
  }

  private static byte @Nullable [] bytes(Header header) {
    return header.hasValue() ? header.getValue().toByteArray() : null;
  }

  /** All that the schema can say: gaps in the offsets, any time, explicit zeros. */
  private static RecordSet anyRecordSet(Random random) {
    RecordSet.Builder set = RecordSet.newBuilder();
    int delta = -1;
    int count = 1 + random.nextInt(12);
    for (int i = 0; i < count; i++) {
      Record.Builder record = set.addRecordBuilder();
      delta++;
      if (random.nextBoolean()) {
        delta += random.nextInt(1 << random.nextInt(25));
        record.setOffsetDelta(delta);
      }
      if (random.nextBoolean()) {
        record.setTimestampDelta(random.nextLong() >> random.nextInt(64));
      }
      if (random.nextBoolean()) {
        record.setKey(bytes(random, 40));
      }
      if (random.nextBoolean()) {
        record.setValue(bytes(random, 300));
      }
      while (random.nextInt(3) == 0) {
        Header.Builder header = record.addHeaderBuilder();
        header.setName("é".repeat(random.nextInt(80)));
        if (random.nextBoolean()) {
          header.setValue(bytes(random, 40));
        }
      }
    }
    return set.build();
  }

  private static ByteString bytes(Random random, int sizeBound) {
    byte[] bytes = new byte[random.nextInt(sizeBound)];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  private static RecordBatch.Builder header(RecordSet set, Random random) {
    return RecordBatch.newBuilder()
        .setBaseOffset(random.nextLong() >>> 8)
        .setLeaderEpoch(random.nextInt())
        .setAppendTimestamp(random.nextLong())
        .setAttributes(0)
        .setLastOffsetDelta(Integer.MAX_VALUE)
        .setBaseTimestamp(random.nextLong())
        .setMaxTimestamp(random.nextLong())
        .setProducerId(random.nextLong())
        .setProducerEpoch(random.nextInt())
        .setBaseSequence(random.nextInt())
        .setRecordCount(set.getRecordCount());
  }
}
