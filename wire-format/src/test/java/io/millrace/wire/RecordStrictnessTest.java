package io.millrace.wire;

import static io.millrace.wire.RandomBatches.NOW_MILLIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One content, one encoding: what protobuf's parsers let pass within a record is refused. */
class RecordStrictnessTest {
  private static ByteBuffer batch(String hex) {
    return Forged.batchOfRecord(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  @ParameterizedTest
  @CsvSource({
    "08 82 00              , timestamp in two bytes where one would do",
    "08 80 80 80 80 80 80 80 80 80 80 01 , timestamp of eleven bytes (B21)",
    "08 ff ff ff ff ff ff ff ff ff 02    , timestamp of more than 64 bits",
    "08 80                 , timestamp cut off",
    "08                    , timestamp missing",
    "10 80 00              , offset delta not in its shortest form",
    "10 80 80 80 80 08     , offset delta of 2^31",
    "10 ff ff ff ff ff ff ff ff ff 01 , offset delta of -1",
    "1a 80 00              , key length not in its shortest form",
    "1a 05 61              , key longer than the record (B21)",
    "1a ff ff ff ff 0f     , key of 4 GiB",
    "1a ff ff ff ff ff ff ff ff ff 01 , key of a negative length (B21)",
    "22 01                 , value longer than the record",
    "22 01 61 1a 01 61     , value before key",
    "1a 01 61 1a 01 61     , key twice",
    "22 01 61 22 01 61     , value twice",
    "08 02 08 02           , timestamp twice",
    "10 00 08 02           , offset delta before timestamp",
    "2a 00 22 01 61        , header before value",
    "0a 01 61              , timestamp of another wire type (B22)",
    "18 01                 , key of another wire type (B22)",
    "1b 1c                 , a group",
    "30 01                 , a field that does not exist",
    "00                    , field number zero",
    "2a 01                 , header longer than the record",
    "2a 02 0a 01           , header name longer than the header",
    "2a 03 12 02 61        , header value longer than the header",
    "2a 06 12 01 61 0a 01 61 , header value before name",
    "2a 06 0a 01 61 0a 01 61 , header name twice",
    "2a 02 18 01           , a header field that does not exist",
    "2a 04 0a 02 c3 28     , header name that is not UTF-8 (B24)",
  })
  void isRefused(String fields, String what) {
    ByteBuffer batch = batch(fields);

    assertThat(new BatchValidator().validate(batch, BatchLimits.DEFAULT, NOW_MILLIS))
        .as(what)
        .isInstanceOfSatisfying(
            BatchValidator.Invalid.class,
            invalid -> assertThat(invalid.message()).contains("record 0"));
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(batch, 0));
    assertThatThrownBy(cursor::next).as(what).isInstanceOf(CorruptBatchException.class);
    // It does not get over a bad record by being asked again.
    assertThatThrownBy(cursor::next).as(what).isInstanceOf(CorruptBatchException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "''                    , nothing at all",
    "08 00                 , a zero written out",
    "10 00                 , a zero written out",
    "1a 00 22 00           , empty key and value",
    "2a 00                 , empty header",
    "2a 02 0a 00           , empty name written out",
    "2a 02 12 00           , empty header value",
    "2a 00 2a 00           , header twice",
  })
  void isTaken(String fields, String what) {
    ByteBuffer batch = batch(fields);

    assertThat(new BatchValidator().validate(batch, BatchLimits.DEFAULT, NOW_MILLIS))
        .as(what)
        .isInstanceOf(BatchValidator.Valid.class);
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(batch, 0));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isFalse();
  }

  @Test
  void headersCanBeReadInTheMiddleOfTheBatchAndAgain() {
    ByteBuffer batch = new RandomBatches(11).batch(200);
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(batch, 0));
    int count = 0;
    while (cursor.next()) {
      assertThat(cursor.headers()).isEqualTo(cursor.headers());
      count++;
    }
    assertThat(count).isEqualTo(200);
  }

  @Test
  void readersStopAtTheFirstRecordTooMany() {
    ByteBuffer batch = Forged.withInt(new RandomBatches(1).batch(3), BatchLayout.RECORD_COUNT, 2);
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(batch, 0));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isTrue();
    assertThatThrownBy(cursor::next).hasMessageContaining("only 2");
  }

  @Test
  void readersNoticeAMissingRecord() {
    ByteBuffer batch = Forged.withInt(new RandomBatches(1).batch(3), BatchLayout.RECORD_COUNT, 4);
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(batch, 0));
    for (int i = 0; i < 3; i++) {
      assertThat(cursor.next()).isTrue();
    }
    assertThatThrownBy(cursor::next).hasMessageContaining("missing");
  }

  @Test
  void readersRefuseAnOffsetBehindTheLast() {
    ByteBuffer batch =
        Forged.withInt(new RandomBatches(1).batch(3), BatchLayout.LAST_OFFSET_DELTA, 1);
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(batch, 0));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isTrue();
    assertThatThrownBy(cursor::next).hasMessageContaining("behind the batch's last");
  }

  /** As compaction leaves them. */
  @Test
  void readersTakeABatchWithHolesAndOneWithoutRecords() {
    RecordSet.Builder records = RecordSet.newBuilder();
    records.addRecordBuilder().setOffsetDelta(3);
    records.addRecordBuilder();
    ByteBuffer holes =
        Forged.bytes(
            Forged.honest(records.build(), NOW_MILLIS).setLastOffsetDelta(9).setBaseOffset(100));
    RecordCursor cursor = new RecordCursor(1000).over(new BatchView().wrap(holes, 0));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.offset()).isEqualTo(103);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.offset()).isEqualTo(104);
    assertThat(cursor.next()).isFalse();

    ByteBuffer empty =
        Forged.bytes(
            Forged.honest(RecordSet.getDefaultInstance(), NOW_MILLIS).setLastOffsetDelta(9));
    BatchView view = new BatchView().wrap(empty, 0);
    assertThat(empty.remaining()).isEqualTo(BatchLayout.MIN_SIZE_BYTES);
    assertThat(view.nextOffset()).isEqualTo(10);
    assertThat(cursor.over(view).next()).isFalse();
  }

  @Test
  void readersRefuseAttributesTheyDoNotKnow() {
    for (int bit : new int[] {8, 9, 10, 11, 31}) {
      ByteBuffer batch =
          Forged.withInt(new RandomBatches(1).batch(3), BatchLayout.ATTRIBUTES, 1 << bit);
      BatchView view = new BatchView().wrap(batch, 0);
      assertThatThrownBy(() -> new RecordCursor(1000).over(view))
          .isInstanceOfSatisfying(
              CorruptBatchException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    }
  }

  @Test
  void theTimeIsTheBrokersWhereTheBatchSaysSo() {
    ByteBuffer batch =
        Forged.withInt(
            new RandomBatches(1).batch(3), BatchLayout.ATTRIBUTES, BatchAttributes.APPEND_TIME);
    BatchView view = new BatchView().wrap(batch, 0);
    view.stamp(0, 0, 12345);
    RecordCursor cursor = new RecordCursor(1000).over(view);
    while (cursor.next()) {
      assertThat(cursor.timestamp()).isEqualTo(12345);
    }
  }
}
