package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the builder wrote the validator takes and the cursor reads back. */
class BatchRoundTripTest {
  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void readsBackWhatWasWritten(String compression) {
    for (int seed = 0; seed < 300; seed++) {
      RandomBatches random = new RandomBatches(seed);
      List<RandomBatches.Draft> drafts = random.records(1 + seed % 30);
      ByteBuffer batch = RandomBatches.encode(drafts, Compressions.named(compression));
      BatchView view = new BatchView().wrap(batch, 0);
      view.stamp(1000, 7, RandomBatches.NOW_MILLIS + 5);

      assertThat(view.sizeBytes()).isEqualTo(batch.remaining());
      assertThat(view.checksumMatches()).isTrue();
      assertThat(view.nextOffset()).isEqualTo(1000 + drafts.size());
      RecordCursor cursor = new RecordCursor(1 << 20).over(view);
      for (int i = 0; i < drafts.size(); i++) {
        RandomBatches.Draft draft = drafts.get(i);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.offset()).isEqualTo(1000 + i);
        assertThat(cursor.timestamp()).isEqualTo(draft.timestampMillis());
        assertThat(cursor.key()).isEqualTo(wrapped(draft.key()));
        assertThat(cursor.value()).isEqualTo(wrapped(draft.value()));
        assertThat(cursor.headers()).isEqualTo(draft.headers());
      }
      assertThat(cursor.next()).isFalse();
    }
  }

  private static @Nullable ByteBuffer wrapped(byte @Nullable [] bytes) {
    return bytes == null ? null : ByteBuffer.wrap(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 50})
  void stepsOverAShareAndFindsItValid(int batchCount) {
    ByteBuffer share = new RandomBatches(batchCount).sequence(batchCount, 0, 0);

    List<Long> offsets = new ArrayList<>();
    BatchIterator batches = new BatchIterator().over(share);
    long expected = 0;
    int records = 0;
    while (batches.next()) {
      offsets.add(batches.batch().baseOffset());
      assertThat(batches.batch().baseOffset()).isEqualTo(expected);
      expected = batches.batch().nextOffset();
      records += batches.batch().recordCount();
    }

    assertThat(offsets).hasSize(batchCount);
    assertThat(new BatchValidator().validate(share, BatchLimits.DEFAULT, RandomBatches.NOW_MILLIS))
        .isInstanceOfSatisfying(
            BatchValidator.Valid.class,
            valid -> {
              assertThat(valid.batchCount()).isEqualTo(batchCount);
              assertThat(valid.recordCount()).isEqualTo(batches.batch().nextOffset());
            });
    assertThat(records).isPositive();
  }
}
