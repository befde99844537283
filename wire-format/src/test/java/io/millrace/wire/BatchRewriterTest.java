package io.millrace.wire;

import static io.millrace.wire.RandomBatches.NOW_MILLIS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What compaction writes: fewer records under the same offsets, read by whoever reads batches. */
class BatchRewriterTest {
  private static final long BASE = 1_000;

  private final BatchRewriter rewriter = new BatchRewriter();

  private static ByteBuffer batch(Compression compression, int records) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    for (int i = 0; i < records; i++) {
      builder.tryAppend(
          NOW_MILLIS - records + i,
          ("key-" + i).getBytes(StandardCharsets.UTF_8),
          i % 5 == 4 ? null : "value value value".getBytes(StandardCharsets.UTF_8),
          List.of(new RecordHeader("h" + i, new byte[] {(byte) i})));
    }
    builder.producer(7, 3, 40);
    ByteBuffer finished = builder.finish(compression);
    ByteBuffer own = ByteBuffer.allocate(finished.remaining()).put(finished).flip();
    new BatchView().wrap(own, 0).stamp(BASE, 9, NOW_MILLIS + 5);
    return own;
  }

  private static List<String> records(ByteBuffer batch) {
    RecordCursor cursor = new RecordCursor().over(new BatchView().wrap(batch, batch.position()));
    List<String> found = new ArrayList<>();
    while (cursor.next()) {
      found.add(
          cursor.offset()
              + " "
              + cursor.timestamp()
              + " "
              + text(cursor.key())
              + "="
              + text(cursor.value())
              + cursor.headers().get(0).name());
    }
    return found;
  }

  private static String text(@Nullable ByteBuffer bytes) {
    return bytes == null ? "-" : StandardCharsets.UTF_8.decode(bytes).toString();
  }

  private ByteBuffer everyThird(ByteBuffer original, long horizonMillis) {
    BatchView view = new BatchView().wrap(original, 0);
    RecordCursor cursor = new RecordCursor().over(view);
    rewriter.begin(view, horizonMillis);
    for (int i = 0; cursor.next(); i++) {
      if (i % 3 == 2) {
        rewriter.keep(cursor);
      }
    }
    return rewriter.finish();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void keepsOffsetsTimesKeysValuesHeadersAndProducerOfWhatStays(String compression) {
    ByteBuffer original = batch(Compressions.named(compression), 60);
    List<String> all = records(original);
    List<String> expected = new ArrayList<>();
    for (int i = 2; i < all.size(); i += 3) {
      expected.add(all.get(i));
    }

    for (long horizon : new long[] {BatchRewriter.NO_TOMBSTONES, NOW_MILLIS + 86_400_000}) {
      ByteBuffer rewritten = everyThird(original, horizon);
      BatchView view = new BatchView().wrap(rewritten, rewritten.position());
      assertThat(records(rewritten)).isEqualTo(expected);
      assertThat(view.isCompacted()).isTrue();
      assertThat(view.compressionId()).isEqualTo(Compressions.named(compression).id());
      assertThat(view.baseOffset()).isEqualTo(BASE);
      assertThat(view.nextOffset()).isEqualTo(BASE + 60);
      assertThat(view.leaderEpoch()).isEqualTo(9);
      assertThat(view.appendTimestamp()).isEqualTo(NOW_MILLIS + 5);
      assertThat(view.maxTimestamp()).isEqualTo(NOW_MILLIS - 1);
      assertThat(view.producerId()).isEqualTo(7);
      assertThat(view.producerEpoch()).isEqualTo(3);
      assertThat(view.baseSequence()).isEqualTo(40);
      if (horizon != BatchRewriter.NO_TOMBSTONES) {
        assertThat(view.baseTimestamp()).isEqualTo(horizon);
      }
      // And once more: a second pass reads what the first has written.
      List<String> again = records(everyThird(copy(rewritten), horizon));
      assertThat(again).hasSize(6).allMatch(expected::contains);
    }
  }

  private static ByteBuffer copy(ByteBuffer of) {
    return ByteBuffer.allocate(of.remaining()).put(of.duplicate()).flip();
  }

  @Test
  void whatHoldsNothingBecomesOneEmptyBatchOverAllItsOffsets() {
    ByteBuffer first = batch(Compressions.NONE, 3);
    ByteBuffer second = batch(Compressions.NONE, 4);
    BatchView next = new BatchView().wrap(second, 0);
    next.stamp(BASE + 3, 9, NOW_MILLIS + 7);

    rewriter.beginEmpty(new BatchView().wrap(first, 0));
    rewriter.extend(next);
    rewriter.tombstoneLeftOut();
    ByteBuffer empty = rewriter.finish();

    BatchView view = new BatchView().wrap(empty, empty.position());
    assertThat(empty.remaining()).isEqualTo(BatchLayout.MIN_SIZE_BYTES);
    assertThat(records(empty)).isEmpty();
    assertThat(view.baseOffset()).isEqualTo(BASE);
    assertThat(view.nextOffset()).isEqualTo(BASE + 7);
    assertThat(view.appendTimestamp()).isEqualTo(NOW_MILLIS + 7);
    assertThat(view.producerId()).isEqualTo(BatchLayout.NO_PRODUCER_ID);
    assertThat(view.hasLostTombstones()).isTrue();
  }

  @Test
  void aFollowerTakesTheRestOfAnEmptyBatchOfWhichItHasTheFirstPart() {
    rewriter.beginEmpty(new BatchView().wrap(batch(Compressions.NONE, 10), 0));
    ByteBuffer empty = rewriter.finish();
    ByteBuffer behind = batch(Compressions.NONE, 2);
    new BatchView().wrap(behind, 0).stamp(BASE + 10, 9, NOW_MILLIS);
    ByteBuffer both = ByteBuffer.allocate(empty.remaining() + behind.remaining());
    both.put(empty).put(behind.duplicate()).flip();

    ByteBuffer rest = BatchRewriter.beginningAt(both, BASE + 4);

    BatchIterator batches = new BatchIterator().over(rest);
    assertThat(batches.next()).isTrue();
    assertThat(batches.batch().baseOffset()).isEqualTo(BASE + 4);
    assertThat(batches.batch().nextOffset()).isEqualTo(BASE + 10);
    assertThat(batches.batch().checksumMatches()).isTrue();
    assertThat(batches.next()).isTrue();
    assertThat(batches.batch().baseOffset()).isEqualTo(BASE + 10);
    assertThat(batches.next()).isFalse();
    // Records are never cut, and what fits is left alone.
    assertThat(BatchRewriter.beginningAt(behind, BASE + 11)).isSameAs(behind);
    assertThat(BatchRewriter.beginningAt(both, BASE)).isSameAs(both);
    assertThat(BatchRewriter.beginningAt(both, BASE + 10)).isSameAs(both);
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "zstd"})
  @DisplayName("B41: a record without a key is refused where a topic keeps the latest of each key")
  void b41_refusesARecordWithoutAKeyWhereKeysAreNeeded(String compression) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    byte[] value = "value value value value value value".getBytes(StandardCharsets.UTF_8);
    builder.tryAppend(NOW_MILLIS, new byte[0], value, List.of());
    builder.tryAppend(NOW_MILLIS, (byte[]) null, value, List.of());
    ByteBuffer batch = builder.finish(Compressions.named(compression));
    BatchLimits keyed = new BatchLimits(1 << 20, 1 << 20, 1_000, 3_600_000, true);

    BatchValidator validator = new BatchValidator();
    assertThat(validator.validate(batch, BatchLimits.DEFAULT, NOW_MILLIS))
        .isInstanceOf(BatchValidator.Valid.class);
    assertThat(validator.validate(batch, keyed, NOW_MILLIS))
        .isInstanceOfSatisfying(
            BatchValidator.Invalid.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(ErrorCode.KEY_MISSING);
              assertThat(refused.message()).contains("record 1 has no key", "cleanup=delete");
            });
  }
}
