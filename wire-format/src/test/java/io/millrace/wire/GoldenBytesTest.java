package io.millrace.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.millrace.wire.v1.BatchSequence;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.RecordBatch;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of PROTOCOL.md are what this code writes and reads. */
class GoldenBytesTest {
  private static final long TIME = 1_800_000_000_000L;

  private static BatchBuilder builder() {
    return new BatchBuilder(1000, 1000, ByteBuffer::allocate);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(US_ASCII);
  }

  private static ByteBuffer view(String text) {
    return ByteBuffer.wrap(bytes(text));
  }

  /** Rows of the document's layout table: position, tag, name. */
  private static final Pattern ROW = Pattern.compile("(?m)^ +(\\d+)   ([0-9A-F]{2})  (\\w+) ");

  @Test
  void theHeaderIsLaidOutAsTheDocumentShowsAndTheSchemaSays() {
    Matcher rows = ROW.matcher(ProtocolDocument.text());
    int position = 0;
    for (FieldDescriptor field : RecordBatch.getDescriptor().getFields()) {
      boolean fixed32 = field.getType() == FieldDescriptor.Type.FIXED32;
      if (field.getName().equals("records")) {
        continue;
      }
      assertThat(rows.find()).as(field.getName()).isTrue();
      assertThat(rows.group(1)).isEqualTo(String.valueOf(position));
      assertThat(Integer.parseInt(rows.group(2), 16))
          .isEqualTo(field.getNumber() << 3 | (fixed32 ? 5 : 1));
      assertThat(rows.group(3)).isEqualTo(field.getName());
      position += fixed32 ? 5 : 9;
    }
    assertThat(position).isEqualTo(BatchLayout.HEADER_END);
  }

  @Test
  void aBatchIsWrittenAsTheDocumentShows() {
    BatchBuilder builder = builder();
    List<RecordHeader> headers = List.of(new RecordHeader("trace", bytes("x")));
    assertThat(builder.tryAppend(TIME, bytes("k1"), bytes("hello"), headers)).isTrue();
    assertThat(builder.tryAppend(TIME + 5, bytes("k2"), null, List.of())).isTrue();
    ByteBuffer batch = builder.finish(Compressions.NONE);
    new BatchView().wrap(batch, 0).stamp(42, 7, TIME + 123);

    assertThat(batch).isEqualTo(ProtocolDocument.bytes("batch"));
  }

  @Test
  void aBatchIsReadAsTheDocumentShows() {
    BatchView view = new BatchView().wrap(ProtocolDocument.bytes("batch"), 0);
    assertThat(view.baseOffset()).isEqualTo(42);
    assertThat(view.lastOffset()).isEqualTo(43);
    RecordCursor cursor = new RecordCursor(1000).over(view);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.offset()).isEqualTo(42);
    assertThat(cursor.timestamp()).isEqualTo(TIME);
    assertThat(cursor.key()).isEqualTo(view("k1"));
    assertThat(cursor.value()).isEqualTo(view("hello"));
    assertThat(cursor.headers()).containsExactly(new RecordHeader("trace", bytes("x")));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.offset()).isEqualTo(43);
    assertThat(cursor.timestamp()).isEqualTo(TIME + 5);
    assertThat(cursor.key()).isEqualTo(view("k2"));
    assertThat(cursor.value()).isNull();
    assertThat(cursor.next()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "snappy", "lz4", "zstd"})
  void aCompressedBatchIsReadAsTheDocumentShows(String compression) {
    BatchView view = new BatchView().wrap(ProtocolDocument.bytes(compression), 0);
    assertThat(Compressions.nameOf(view.compressionId())).isEqualTo(compression);
    assertThat(
            new BatchValidator()
                .validate(ProtocolDocument.bytes(compression), BatchLimits.DEFAULT, TIME))
        .isInstanceOf(BatchValidator.Valid.class);
    RecordCursor cursor = new RecordCursor(1000).over(view);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.key()).isNull();
    assertThat(cursor.value()).isEqualTo(view("la ".repeat(40)));
    assertThat(cursor.next()).isFalse();
  }

  @Test
  void framesAreWrittenAsTheDocumentShows() {
    Request hello =
        Request.newBuilder()
            .setCorrelationId(1)
            .setTimeoutMs(10_000)
            .setHello(HelloRequest.newBuilder().setClientName("example").setClientVersion("1.0"))
            .build();
    assertThat(FrameHead.encode(hello, 0)).isEqualTo(ProtocolDocument.bytes("hello"));

    int size = ProtocolDocument.bytes("batch").remaining();
    assertThat(FrameHead.encode(produce(size), size)).isEqualTo(ProtocolDocument.bytes("produce"));
  }

  private static Request produce(int size) {
    return Request.newBuilder()
        .setCorrelationId(3)
        .setTimeoutMs(30_000)
        .setProduce(
            ProduceRequest.newBuilder()
                .setDurability(Durability.STANDARD)
                .addPartitions(
                    ProducePartition.newBuilder().setTopicId("orders~k3v9x2qa").setSize(size)))
        .build();
  }

  @Test
  void protocReadsABatchAsTheDocumentShows() {
    assertThat(Protoc.decode("BatchSequenceView", ProtocolDocument.bytes("batch")))
        .isEqualTo(ProtocolDocument.text("text"));
  }

  @Test
  void protocReadsAFrameWithItsPayload() {
    ByteBuffer head = ProtocolDocument.bytes("produce");
    ByteBuffer frame = RandomBatches.concatenate(List.of(head, ProtocolDocument.bytes("batch")));
    int length = frame.getInt();

    assertThat(length).isEqualTo(frame.remaining());
    assertThat(Protoc.decode("Request", frame))
        .contains("correlation_id: 3", "topic_id: \"orders~k3v9x2qa\"", "payload: ", "hello");
  }

  @Test
  void protocReadsASequenceOfRandomBatches() throws Exception {
    ByteBuffer plain =
        RandomBatches.concatenate(
            List.of(new RandomBatches(1).batch(20), new RandomBatches(2).batch(1)));
    String text = Protoc.decode("BatchSequenceView", plain);
    assertThat(text.split("\n  records \\{")).hasSize(3);
    assertThat(text.split("\n    record \\{")).hasSize(22);

    ByteBuffer mixed = new RandomBatches(3).sequence(30, 1000, 1);
    assertThat(Protoc.decode("BatchSequence", mixed).split("batch \\{"))
        .hasSize(BatchSequence.parseFrom(mixed.duplicate()).getBatchCount() + 1);
  }
}
