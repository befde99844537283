package io.millrace.wire;

import static io.millrace.wire.RandomBatches.NOW_MILLIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Header;
import io.millrace.wire.v1.Record;
import io.millrace.wire.v1.RecordBatch;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a broker lets in, and the reason it gives when it does not. */
class BatchValidatorTest {
  private static final long HOUR_MILLIS = 3_600_000;

  private final BatchValidator validator = new BatchValidator();

  private BatchValidator.Result validate(ByteBuffer share) {
    return validator.validate(share, BatchLimits.DEFAULT, NOW_MILLIS);
  }

  private void assertRefused(ByteBuffer share, ErrorCode code, String... partsOfMessage) {
    assertRefused(validate(share), code, partsOfMessage);
  }

  private static void assertRefused(
      BatchValidator.Result result, ErrorCode code, String... partsOfMessage) {
    assertThat(result)
        .isInstanceOfSatisfying(
            BatchValidator.Invalid.class,
            invalid -> {
              assertThat(invalid.code()).as(invalid.message()).isEqualTo(code);
              for (String part : partsOfMessage) {
                assertThat(invalid.message()).contains(part);
              }
            });
  }

  private void assertLetIn(ByteBuffer share) {
    assertThat(validate(share)).isInstanceOf(BatchValidator.Valid.class);
  }

  private static ByteBuffer batch() {
    return new RandomBatches(5).batch(4);
  }

  private static RecordSet empty(int count) {
    return RecordSet.newBuilder()
        .addAllRecord(Collections.nCopies(count, Record.getDefaultInstance()))
        .build();
  }

  @Test
  void tellsWhatAShareHolds() {
    RandomBatches random = new RandomBatches(1);
    ByteBuffer share = RandomBatches.concatenate(List.of(random.batch(3), random.batch(5)));
    long latest =
        Math.max(
            new BatchView().wrap(share, 0).maxTimestamp(),
            new BatchView().wrap(share, new BatchView().wrap(share, 0).sizeBytes()).maxTimestamp());

    assertThat(validate(share)).isEqualTo(new BatchValidator.Valid(2, 8, latest));
  }

  @Test
  void leavesTheBufferAsItIsAndLooksAtNothingOutsideIt() {
    ByteBuffer batch = batch();
    ByteBuffer within = ByteBuffer.allocateDirect(batch.remaining() + 20);
    within.put(10, batch, 0, batch.remaining()).position(10).limit(10 + batch.remaining());

    assertLetIn(within.asReadOnlyBuffer());
    assertLetIn(within);
    assertThat(within.position()).isEqualTo(10);
    assertThat(within.remaining()).isEqualTo(batch.remaining());
  }

  @Test
  void refusesAnEmptyShare() {
    assertRefused(ByteBuffer.allocate(0), ErrorCode.INVALID_REQUEST, "no batch");
  }

  @Test
  void namesTheBadBatchAmongGoodOnes() {
    ByteBuffer share = RandomBatches.concatenate(List.of(batch(), batch(), batch()));
    int second = batch().remaining();
    int lastByte = 2 * second - 1;
    share.put(lastByte, (byte) (share.get(lastByte) + 1));

    assertRefused(
        share,
        ErrorCode.CORRUPT_BATCH,
        "batch 1 ",
        "position " + second,
        "checksum does not match");
  }

  @Test
  void b28_refusesAWrongChecksum() {
    ByteBuffer batch = batch();
    int crc = Forged.message(batch) + BatchLayout.CRC;
    batch.put(crc, (byte) ~batch.get(crc));

    assertRefused(batch, ErrorCode.CORRUPT_BATCH, "checksum");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void b29_refusesARecordEncodingItDoesNotKnow(int encoding) {
    int attributes = encoding << BatchAttributes.ENCODING_SHIFT;

    assertRefused(
        Forged.withInt(batch(), BatchLayout.ATTRIBUTES, attributes),
        ErrorCode.UNSUPPORTED,
        "encoding",
        String.valueOf(encoding));
  }

  @Test
  void b29_refusesEveryAttributeBitItDoesNotKnow() {
    for (int bit = 0; bit < 32; bit++) {
      ByteBuffer batch = Forged.withInt(batch(), BatchLayout.ATTRIBUTES, 1 << bit);

      // The first three alone name a compression, and a broker does not look into what is
      // compressed.
      boolean known = bit < 3;
      assertThat(validate(batch) instanceof BatchValidator.Valid)
          .as("bit %d", bit)
          .isEqualTo(known);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 6, 7})
  void refusesACompressionThatIsNotKnownAndSaysWhichAre(int id) {
    assertRefused(
        Forged.withInt(batch(), BatchLayout.ATTRIBUTES, id),
        ErrorCode.UNSUPPORTED,
        "compressed",
        "none, gzip, snappy, lz4, zstd");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1, 3, 5, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void b30_refusesACountThatIsNotThatOfTheRecords(int count) {
    ByteBuffer batch = Forged.withInt(batch(), BatchLayout.RECORD_COUNT, count);

    assertThat(validate(batch)).isInstanceOf(BatchValidator.Invalid.class);
    if (count > 0 && count < 10) {
      ByteBuffer both = Forged.withInt(batch, BatchLayout.LAST_OFFSET_DELTA, count - 1);
      assertRefused(both, ErrorCode.CORRUPT_BATCH, count + " records and has 4");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 2, 4, Integer.MAX_VALUE})
  void b30_refusesALastDeltaThatIsNotThatOfTheRecords(int delta) {
    assertRefused(
        Forged.withInt(batch(), BatchLayout.LAST_OFFSET_DELTA, delta),
        ErrorCode.CORRUPT_BATCH,
        "last offset delta",
        "4 records");
  }

  @Test
  void b30_refusesGapsAndDisorderOfOffsetDeltas() {
    int[][] disorders = {{0, 2, 3}, {1, 2, 3}, {0, 1, 1}, {0, 2, 1}, {2, 1, 0}, {0, 1, 3}};
    for (int[] deltas : disorders) {
      RecordSet.Builder records = RecordSet.newBuilder();
      for (int delta : deltas) {
        records.addRecordBuilder().setOffsetDelta(delta);
      }
      RecordBatch.Builder batch = Forged.honest(records.build(), NOW_MILLIS);

      assertRefused(Forged.bytes(batch), ErrorCode.CORRUPT_BATCH, "delta");
      // Nor does it help to admit the gap.
      assertRefused(
          Forged.bytes(batch.setLastOffsetDelta(deltas[2])), ErrorCode.CORRUPT_BATCH, "delta");
    }
  }

  @Test
  void takesOffsetDeltasThatAreWrittenOut() {
    RecordSet.Builder records = RecordSet.newBuilder();
    for (int delta = 0; delta < 3; delta++) {
      records.addRecordBuilder().setOffsetDelta(delta).setTimestampDelta(0);
    }
    assertLetIn(Forged.bytes(Forged.honest(records.build(), NOW_MILLIS)));
  }

  @Test
  void b31_refusesLengthsThatDoNotFitTogether() {
    ByteBuffer batch = batch();
    int records = Forged.message(batch) + BatchLayout.HEADER_END + 1;
    for (int at : new int[] {1, records}) {
      for (int change : new int[] {1, -1}) {
        ByteBuffer lying = Forged.copy(batch);
        lying.put(at, (byte) (lying.get(at) + change));

        assertRefused(lying, ErrorCode.CORRUPT_BATCH);
      }
    }
  }

  @Test
  void b32_refusesABatchOverTheLimit() {
    ByteBuffer batch = batch();
    BatchLimits limits = new BatchLimits(batch.remaining() - 1, 1 << 20, 1000, HOUR_MILLIS);

    assertRefused(
        validator.validate(batch, limits, NOW_MILLIS),
        ErrorCode.TOO_LARGE,
        batch.remaining() + " bytes",
        "limit is " + (batch.remaining() - 1));
    assertThat(
            validator.validate(
                batch, new BatchLimits(batch.remaining(), 1 << 20, 1000, HOUR_MILLIS), NOW_MILLIS))
        .isInstanceOf(BatchValidator.Valid.class);
  }

  @Test
  void b32_refusesARecordOverTheLimitWhateverPartMakesItLarge() {
    BatchLimits limits = new BatchLimits(1 << 20, 99, 1000, HOUR_MILLIS);
    ByteString big = ByteString.copyFrom(new byte[100]);
    for (Record record :
        List.of(
            Record.newBuilder().setKey(big).build(),
            Record.newBuilder().setValue(big).build(),
            Record.newBuilder()
                .addHeader(Header.newBuilder().setName("ab").setValue(big.substring(2)))
                .build())) {
      RecordSet records = RecordSet.newBuilder().addRecord(record).build();
      ByteBuffer batch = Forged.bytes(Forged.honest(records, NOW_MILLIS));

      assertRefused(
          validator.validate(batch, limits, NOW_MILLIS),
          ErrorCode.TOO_LARGE,
          "record 0 has 100 bytes",
          "limit is 99");
      assertLetIn(batch);
    }
  }

  @Test
  void b32_refusesTenMillionEmptyRecordsByTheirNumber() {
    ByteBuffer batch = Forged.bytes(Forged.honest(empty(10_000_000), NOW_MILLIS));
    BatchLimits roomy = new BatchLimits(64 << 20, 1 << 20, 250_000, HOUR_MILLIS);

    assertRefused(
        validator.validate(batch, roomy, NOW_MILLIS),
        ErrorCode.TOO_LARGE,
        "10000000 records",
        "limit is 250000");
  }

  @Test
  void b36_refusesControlTransactionalAppendTimeAndCompactedBatchesFromAClient() {
    for (int flag :
        new int[] {
          BatchAttributes.CONTROL,
          BatchAttributes.TRANSACTIONAL,
          BatchAttributes.APPEND_TIME,
          BatchAttributes.COMPACTED,
          BatchAttributes.TOMBSTONES_TAKEN_OUT
        }) {
      assertRefused(
          Forged.withInt(batch(), BatchLayout.ATTRIBUTES, flag),
          ErrorCode.INVALID_REQUEST,
          "only brokers");
    }
  }

  @Test
  void b41_refusesMoreHeadersThanARecordMayHaveAndSoDoesTheBuilder() {
    List<RecordHeader> most = Collections.nCopies(10_000, new RecordHeader("", null));
    List<RecordHeader> tooMany = Collections.nCopies(10_001, new RecordHeader("", null));
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    assertThat(builder.tryAppend(0, (ByteBuffer) null, null, most)).isTrue();
    assertThatThrownBy(() -> builder.tryAppend(0, (ByteBuffer) null, null, tooMany))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("10001 headers");

    Record.Builder record = Record.newBuilder();
    tooMany.forEach(header -> record.addHeader(Header.getDefaultInstance()));
    assertRefused(
        Forged.bytes(Forged.honest(RecordSet.newBuilder().addRecord(record).build(), NOW_MILLIS)),
        ErrorCode.CORRUPT_BATCH,
        "more than 10000 headers");
  }

  @Test
  void b36_theLeaderOverwritesWhatAClientSaysInItsFields() {
    ByteBuffer batch = batch();
    BatchView view = new BatchView().wrap(batch, 0);
    view.stamp(Long.MAX_VALUE, -1, Long.MIN_VALUE);
    assertLetIn(batch);

    view.stamp(17, 3, NOW_MILLIS);

    assertThat(view.baseOffset()).isEqualTo(17);
    assertThat(view.leaderEpoch()).isEqualTo(3);
    assertThat(view.appendTimestamp()).isEqualTo(NOW_MILLIS);
    assertThat(view.checksumMatches()).isTrue();
  }

  @Test
  @DisplayName("B37: a producer is named with id, epoch and sequence, none of them negative")
  void b37_refusesHalfAProducer() {
    ErrorCode invalid = ErrorCode.INVALID_REQUEST;
    assertRefused(Forged.withLong(batch(), BatchLayout.PRODUCER_ID, 1), invalid, "producer");
    assertRefused(Forged.withInt(batch(), BatchLayout.PRODUCER_EPOCH, 0), invalid, "producer");
    assertRefused(Forged.withInt(batch(), BatchLayout.BASE_SEQUENCE, 0), invalid, "producer");
    ByteBuffer whole =
        Forged.withInt(
            Forged.withInt(
                Forged.withLong(batch(), BatchLayout.PRODUCER_ID, Long.MAX_VALUE),
                BatchLayout.PRODUCER_EPOCH,
                0),
            BatchLayout.BASE_SEQUENCE,
            Integer.MAX_VALUE);
    assertThat(validate(whole)).isInstanceOf(BatchValidator.Valid.class);
    assertRefused(Forged.withLong(whole, BatchLayout.PRODUCER_ID, -1), invalid, "producer");
    assertRefused(Forged.withLong(whole, BatchLayout.PRODUCER_ID, -2), invalid, "producer");
    assertRefused(Forged.withInt(whole, BatchLayout.PRODUCER_EPOCH, -1), invalid, "producer");
    assertRefused(Forged.withInt(whole, BatchLayout.BASE_SEQUENCE, -7), invalid, "producer");
  }

  private static ByteBuffer at(long baseTimestamp, long delta, long maxTimestamp) {
    RecordSet records =
        RecordSet.newBuilder().addRecord(Record.newBuilder().setTimestampDelta(delta)).build();
    return Forged.bytes(Forged.honest(records, baseTimestamp).setMaxTimestamp(maxTimestamp));
  }

  @Test
  void b42_refusesTimesBefore1970AndTimesTooFarAhead() {
    long latest = NOW_MILLIS + HOUR_MILLIS;
    assertLetIn(at(0, 0, 0));
    assertLetIn(at(latest, 0, latest));
    assertLetIn(at(latest, -latest, 0));
    for (long[] time :
        new long[][] {
          {-1, 0, -1},
          {-1, 1, 0},
          {0, -1, -1},
          {0, -1, 0},
          {Long.MIN_VALUE, 0, Long.MIN_VALUE},
          {latest, 1, latest + 1},
          {latest + 1, 0, latest + 1},
          {latest + 1, -1, latest},
          {Long.MAX_VALUE, 0, Long.MAX_VALUE},
          {latest, Long.MAX_VALUE, latest},
          {latest, Long.MIN_VALUE, latest},
        }) {
      assertRefused(at(time[0], time[1], time[2]), ErrorCode.INVALID_TIMESTAMP);
    }
  }

  @Test
  void b42_refusesAMaximumThatIsNotTheRecordsSoThatRetentionIsNotFooled() {
    assertRefused(at(1000, 5, 1006), ErrorCode.CORRUPT_BATCH, "latest time");
    assertRefused(at(1000, 5, 1004), ErrorCode.CORRUPT_BATCH, "latest time");
    assertRefused(at(1000, -5, 1000), ErrorCode.CORRUPT_BATCH, "latest time");
  }

  @Test
  void b42_checksTheTimesOfACompressedBatchByItsHeader() {
    ByteBuffer batch = RandomBatches.encode(new RandomBatches(3).records(50), zstd());
    assertThat(new BatchView().wrap(batch, 0).compressionId()).isEqualTo(zstd().id());
    assertLetIn(batch);

    assertRefused(
        Forged.withLong(batch, BatchLayout.MAX_TIMESTAMP, Long.MAX_VALUE),
        ErrorCode.INVALID_TIMESTAMP);
    assertRefused(
        Forged.withLong(batch, BatchLayout.BASE_TIMESTAMP, -1), ErrorCode.INVALID_TIMESTAMP);
  }

  private static Compression zstd() {
    return Compressions.named("zstd");
  }

  @Test
  void refusesLimitsThatNoBatchCouldMeet() {
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> new BatchLimits(83, 1, 1, 1))
        .hasMessageContaining("84 to 67108864");
  }
}
