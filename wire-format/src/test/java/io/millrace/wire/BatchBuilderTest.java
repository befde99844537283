package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class BatchBuilderTest {
  private static final List<RecordHeader> NO_HEADERS = List.of();

  private static BatchBuilder builder(int fullSizeBytes) {
    return new BatchBuilder(fullSizeBytes, 1 << 20, ByteBuffer::allocate);
  }

  @Test
  void knowsItsSizeAfterEveryRecord() {
    for (int seed = 0; seed < 50; seed++) {
      List<RandomBatches.Draft> drafts = new RandomBatches(seed).records(40);
      BatchBuilder builder = builder(1 << 20);
      assertThat(builder.sizeBytes()).isEqualTo(BatchLayout.MIN_SIZE_BYTES);
      for (int i = 0; i < drafts.size(); i++) {
        RandomBatches.Draft draft = drafts.get(i);
        builder.tryAppend(draft.timestampMillis(), draft.key(), draft.value(), draft.headers());
        assertThat(builder.sizeBytes())
            .isEqualTo(
                RandomBatches.encode(drafts.subList(0, i + 1), Compressions.NONE).remaining());
      }
    }
  }

  @Test
  void givesTheSameBytesForTheSameRecordsFromAnyMemoryAndAfterReuse() {
    IntFunction<ByteBuffer> direct = ByteBuffer::allocateDirect;
    BatchBuilder reused = new BatchBuilder(1 << 20, 1 << 20, direct);
    for (String compression : List.of("none", "zstd")) {
      for (int seed = 0; seed < 50; seed++) {
        List<RandomBatches.Draft> drafts = new RandomBatches(seed).records(1 + seed * 5);
        reused.reset();
        for (RandomBatches.Draft draft : drafts) {
          ByteBuffer key = draft.key() == null ? null : ByteBuffer.wrap(draft.key());
          ByteBuffer value = draft.value() == null ? null : ByteBuffer.wrap(draft.value());
          assertThat(reused.tryAppend(draft.timestampMillis(), key, value, draft.headers()))
              .isTrue();
        }
        assertThat(reused.finish(Compressions.named(compression)))
            .isEqualTo(RandomBatches.encode(drafts, Compressions.named(compression)));
      }
    }
  }

  @Test
  void aFullBatchRefusesTheRecordAndStaysAsItWas() {
    BatchBuilder builder = builder(1000);
    int count = 0;
    while (builder.tryAppend(5, null, new byte[50], NO_HEADERS)) {
      count++;
    }
    int size = builder.sizeBytes();

    assertThat(size).isLessThanOrEqualTo(1000).isGreaterThan(1000 - 60);
    assertThat(builder.recordCount()).isEqualTo(count);
    assertThat(builder.finish(Compressions.NONE).remaining()).isEqualTo(size);
  }

  @Test
  void theLimitIsExact() {
    for (int valueSize = 0; valueSize < 400; valueSize++) {
      BatchBuilder free = builder(1 << 20);
      assertThat(free.tryAppend(5, null, new byte[3], NO_HEADERS)).isTrue();
      assertThat(free.tryAppend(9, null, new byte[valueSize], NO_HEADERS)).isTrue();
      for (int difference : new int[] {0, 1}) {
        BatchBuilder tight = builder(free.sizeBytes() - difference);
        assertThat(tight.tryAppend(5, null, new byte[3], NO_HEADERS)).isTrue();
        assertThat(tight.tryAppend(9, null, new byte[valueSize], NO_HEADERS))
            .isEqualTo(difference == 0);
      }
    }
  }

  @Test
  void oneRecordLargerThanAFullBatchStillGoesAlone() {
    BatchBuilder builder = builder(1000);
    assertThat(builder.tryAppend(5, null, new byte[500_000], NO_HEADERS)).isTrue();
    assertThat(builder.tryAppend(5, null, new byte[0], NO_HEADERS)).isFalse();
    ByteBuffer batch = builder.finish(Compressions.NONE);
    assertThat(new BatchView().wrap(batch, 0).checksumMatches()).isTrue();

    builder.reset();
    assertThat(builder.tryAppend(5, null, new byte[1 << 20], NO_HEADERS)).isFalse();
    assertThat(builder.recordCount()).isZero();
  }

  @Test
  void b32_takesNoMoreRecordsThanABrokerDoes() {
    BatchBuilder builder = builder(1 << 20);
    while (builder.tryAppend(5, (byte[]) null, null, NO_HEADERS)) {}

    assertThat(builder.recordCount()).isEqualTo(BatchLimits.DEFAULT_RECORDS_PER_BATCH);
    assertThat(
            new BatchValidator()
                .validate(builder.finish(Compressions.NONE), BatchLimits.DEFAULT, 5))
        .isInstanceOf(BatchValidator.Valid.class);
  }

  @Test
  void writesWhoSendsIt() {
    BatchBuilder builder = builder(1000);
    builder.tryAppend(5, null, new byte[1], NO_HEADERS);
    builder.producer(1L << 33, 4, 99);
    BatchView view = new BatchView().wrap(builder.finish(Compressions.NONE), 0);
    assertThat(view.producerId()).isEqualTo(1L << 33);
    assertThat(view.producerEpoch()).isEqualTo(4);
    assertThat(view.baseSequence()).isEqualTo(99);

    builder.reset();
    builder.tryAppend(5, null, new byte[1], NO_HEADERS);
    view.wrap(builder.finish(Compressions.NONE), 0);
    assertThat(view.producerId()).isEqualTo(BatchLayout.NO_PRODUCER_ID);
  }

  @Test
  void recordsThatDoNotGetSmallerStayUncompressed() {
    byte[] noise = new byte[300];
    new java.util.Random(1).nextBytes(noise);
    BatchBuilder builder = builder(1000);
    builder.tryAppend(5, null, noise, NO_HEADERS);
    ByteBuffer batch = builder.finish(Compressions.named("zstd"));

    assertThat(new BatchView().wrap(batch, 0).compressionId()).isZero();
    assertThat(batch.remaining()).isEqualTo(builder.sizeBytes());
  }

  @Test
  void leavesKeyAndValueAsTheyWere() {
    ByteBuffer key = ByteBuffer.wrap(new byte[] {1, 2, 3, 4}).position(1).limit(3);
    BatchBuilder builder = builder(1000);
    builder.tryAppend(5, key, key, NO_HEADERS);
    RecordCursor cursor =
        new RecordCursor(1000).over(new BatchView().wrap(builder.finish(Compressions.NONE), 0));

    assertThat(key.position()).isEqualTo(1);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.key()).isEqualTo(ByteBuffer.wrap(new byte[] {2, 3}));
    assertThat(cursor.value()).isEqualTo(ByteBuffer.wrap(new byte[] {2, 3}));
  }

  @Test
  void isUsedInOrder() {
    BatchBuilder builder = builder(1000);
    assertThatThrownBy(() -> builder.finish(Compressions.NONE))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> builder.tryAppend(-1, null, new byte[1], NO_HEADERS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    builder.tryAppend(5, null, new byte[1], NO_HEADERS);
    builder.finish(Compressions.NONE);
    assertThatThrownBy(() -> builder.tryAppend(5, null, new byte[1], NO_HEADERS))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> builder.finish(Compressions.NONE))
        .isInstanceOf(IllegalStateException.class);
  }
}
