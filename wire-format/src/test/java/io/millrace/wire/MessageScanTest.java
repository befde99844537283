package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.millrace.wire.MessageScan.Verdict;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageScanTest {
  private static final Request PRODUCE =
      Request.newBuilder()
          .setCorrelationId(-1)
          .setTimeoutMs(30_000)
          .setProduce(ProduceRequest.newBuilder().setDurabilityValue(3))
          .build();

  private final MessageScan scan = MessageScan.ofRequests(1 << 20, 10_050);

  private Verdict scan(byte[] message) {
    // Not at the start of its memory, as in real life.
    ByteBuffer buffer = ByteBuffer.allocateDirect(message.length + 10).position(7);
    buffer.put(message).flip().position(7);
    return scan.scan(buffer);
  }

  private static byte[] join(byte[]... pieces) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      joined.writeBytes(piece);
    }
    return joined.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private static byte[] fields(Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] payload(int size) {
    return fields(out -> out.writeByteArray(1000, new byte[size]));
  }

  @Test
  void findsTheHeadAndThePayload() {
    byte[] head = PRODUCE.toByteArray();
    assertThat(scan(join(head, payload(200)))).isEqualTo(Verdict.VALID);
    assertThat(scan.correlationId()).isEqualTo(-1);
    assertThat(scan.hasCorrelationId()).isTrue();
    assertThat(scan.hasSecondField()).isTrue();
    assertThat(scan.api()).isEqualTo(Request.PRODUCE_FIELD_NUMBER);
    assertThat(scan.headSize()).isEqualTo(head.length);
    assertThat(scan.payloadPosition()).isEqualTo(7 + head.length + 4);
    assertThat(scan.payloadSize()).isEqualTo(200);
  }

  @Test
  void takesAMessageWithoutPayloadAndOneWithAnEmptyOne() {
    byte[] head = PRODUCE.toByteArray();
    assertThat(scan(head)).isEqualTo(Verdict.VALID);
    assertThat(scan.headSize()).isEqualTo(head.length);
    assertThat(scan.payloadSize()).isZero();
    assertThat(scan(join(head, payload(0)))).isEqualTo(Verdict.VALID);
    assertThat(scan.headSize()).isEqualTo(head.length);
    assertThat(scan.payloadSize()).isZero();
  }

  @Test
  void remembersNothingOfTheMessageBefore() {
    scan(join(PRODUCE.toByteArray(), payload(5)));
    assertThat(scan(bytes())).isEqualTo(Verdict.VALID);
    assertThat(scan.api()).isZero();
    assertThat(scan.correlationId()).isZero();
    assertThat(scan.hasCorrelationId()).isFalse();
    assertThat(scan.headSize()).isZero();
    assertThat(scan.payloadSize()).isZero();
  }

  @Test
  void takesHeadFieldsInAnyOrderAndSkipsThoseOfANewerSender() {
    byte[] message =
        fields(
            out -> {
              out.writeString(9, "from a later version");
              out.writeMessage(Request.HELLO_FIELD_NUMBER, HelloRequest.getDefaultInstance());
              out.writeFixed32(3, 1);
              out.writeFixed64(4, 1);
              out.writeUInt64(5, Long.MAX_VALUE);
              out.writeUInt64(1, 77);
            });
    assertThat(scan(message)).isEqualTo(Verdict.VALID);
    assertThat(scan.correlationId()).isEqualTo(77);
    assertThat(scan.api()).isEqualTo(Request.HELLO_FIELD_NUMBER);
  }

  @Test
  void b08_refusesAnythingBehindThePayload() {
    byte[] sound = join(PRODUCE.toByteArray(), payload(10));
    assertThat(scan(join(sound, fields(out -> out.writeUInt64(1, 5)))))
        .isEqualTo(Verdict.AFTER_PAYLOAD);
    assertThat(scan(join(sound, bytes(0)))).isEqualTo(Verdict.AFTER_PAYLOAD);
    assertThat(scan(join(sound, payload(10)))).isEqualTo(Verdict.AFTER_PAYLOAD);
    assertThat(scan(join(PRODUCE.toByteArray(), fields(out -> out.writeUInt32(1001, 5)))))
        .isEqualTo(Verdict.AFTER_PAYLOAD);
    assertThat(scan.hasCorrelationId()).isTrue();
  }

  @Test
  void b10_tellsAnApiItDoesNotKnowByItsNumber() {
    byte[] message =
        fields(
            out -> {
              out.writeMessage(999, HelloRequest.getDefaultInstance());
              out.writeUInt64(1, 5);
            });
    assertThat(scan(message)).isEqualTo(Verdict.UNKNOWN_API);
    assertThat(scan.api()).isEqualTo(999);
    assertThat(scan.correlationId()).isEqualTo(5);
    assertThat(scan.knownApis()).contains("hello (10)").contains("describe_cluster (24)");
  }

  @Test
  void b19_refusesTwoApisInOneMessage() {
    byte[] hello =
        Request.newBuilder().setHello(HelloRequest.getDefaultInstance()).build().toByteArray();
    assertThat(scan(join(PRODUCE.toByteArray(), hello))).isEqualTo(Verdict.TWO_APIS);
    assertThat(scan(join(hello, hello))).isEqualTo(Verdict.TWO_APIS);
  }

  @Test
  void refusesAHeadFieldThatComesTwice() {
    byte[] id = fields(out -> out.writeUInt64(1, 5));
    byte[] timeout = fields(out -> out.writeUInt32(2, 5));
    assertThat(scan(join(id, id))).isEqualTo(Verdict.REPEATED_FIELD);
    assertThat(scan(join(timeout, id, timeout))).isEqualTo(Verdict.REPEATED_FIELD);
  }

  @Test
  void b16_refusesGroupsWithoutGoingIntoThem() {
    byte[] opened = new byte[10_000];
    Arrays.fill(opened, (byte) (3 << 3 | 3)); // field 3, group begins
    assertThat(scan(opened)).isEqualTo(Verdict.GROUP);
    assertThat(scan(bytes(3 << 3 | 4))).isEqualTo(Verdict.GROUP);
    assertThat(scan(fields(out -> out.writeByteArray(12, opened)))).isEqualTo(Verdict.GROUP);
  }

  @Test
  void b17_refusesMoreFieldsThanAMessageMayHave() {
    byte[] many = new byte[2 * 100];
    for (int i = 0; i < many.length; i += 2) {
      many[i] = 5 << 3; // field 5, varint 0
    }
    assertThat(scan(many)).isEqualTo(Verdict.TOO_MANY_FIELDS);
  }

  @Test
  void b21_refusesVarintsThatAreLongerThanTheyNeedToBe() {
    assertThat(scan(bytes(0x88, 0x00, 5))).as("tag").isEqualTo(Verdict.BAD_VARINT);
    assertThat(scan(bytes(8, 0x85, 0x00))).as("value").isEqualTo(Verdict.BAD_VARINT);
    assertThat(scan(bytes(8, 0x80, 0x80, 0x00))).as("zero").isEqualTo(Verdict.BAD_VARINT);
    byte[] eleven = new byte[12];
    Arrays.fill(eleven, (byte) 0xff);
    eleven[0] = 8;
    eleven[11] = 1;
    assertThat(scan(eleven)).as("eleven bytes").isEqualTo(Verdict.BAD_VARINT);
    byte[] overflowing = Arrays.copyOf(eleven, 11);
    overflowing[10] = 2;
    assertThat(scan(overflowing)).as("more than 64 bits").isEqualTo(Verdict.BAD_VARINT);
    overflowing[10] = 1;
    assertThat(scan(overflowing)).as("64 bits").isEqualTo(Verdict.VALID);
    assertThat(scan.correlationId()).isEqualTo(-1);
  }

  @Test
  void b21_b23_refusesLengthsPastTheEndAndNegativeOnes() {
    assertThat(scan(bytes(82, 100, 0))).isEqualTo(Verdict.TRUNCATED);
    assertThat(scan(fields(out -> out.writeTag(1000, 2)))).isEqualTo(Verdict.TRUNCATED);
    byte[] negative = fields(out -> out.writeUInt64(10, -1));
    negative[0] = 82; // the same, as length-delimited
    assertThat(scan(negative)).isEqualTo(Verdict.TRUNCATED);
    byte[] huge = fields(out -> out.writeUInt64(10, 100L << 20));
    huge[0] = 82;
    assertThat(scan(huge)).isEqualTo(Verdict.TRUNCATED);
    assertThat(scan(bytes(5 << 3 | 1, 0, 0, 0, 0, 0, 0, 0))).isEqualTo(Verdict.TRUNCATED);
    assertThat(scan(bytes(5 << 3 | 5, 0, 0, 0))).isEqualTo(Verdict.TRUNCATED);
  }

  @Test
  void b21_refusesEveryCutOfASoundMessageOrSeesOnlyWholeFields() {
    byte[] sound = join(PRODUCE.toByteArray(), payload(300));
    for (int size = 0; size < sound.length; size++) {
      Verdict verdict = scan(Arrays.copyOf(sound, size));
      if (verdict == Verdict.VALID) {
        assertThat(scan.headSize())
            .isEqualTo(size)
            .isLessThanOrEqualTo(PRODUCE.getSerializedSize());
      } else {
        assertThat(verdict).isEqualTo(Verdict.TRUNCATED);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 6, 7, 14})
  void refusesTagsThatCannotBe(int tag) {
    assertThat(scan(bytes(tag, 0))).isEqualTo(Verdict.BAD_TAG);
  }

  @Test
  void refusesAFieldNumberBeyond29Bits() {
    assertThat(scan(bytes(0x80, 0x80, 0x80, 0x80, 0x10))).isEqualTo(Verdict.BAD_TAG);
  }

  @Test
  void b22_refusesKnownFieldsOfAnotherWireType() {
    assertThat(scan(fields(out -> out.writeFixed64(1, 5)))).isEqualTo(Verdict.WRONG_TYPE);
    assertThat(scan(fields(out -> out.writeString(2, "5")))).isEqualTo(Verdict.WRONG_TYPE);
    assertThat(scan(fields(out -> out.writeUInt64(12, 5)))).isEqualTo(Verdict.WRONG_TYPE);
    assertThat(scan(fields(out -> out.writeUInt64(500, 5)))).isEqualTo(Verdict.WRONG_TYPE);
    assertThat(scan(fields(out -> out.writeUInt64(1000, 5)))).isEqualTo(Verdict.WRONG_TYPE);
  }

  @Test
  void b25_refusesAMillionElementsBeforeParsingThem() {
    byte[] partitions = new byte[1_000_000];
    for (int i = 0; i < partitions.length; i += 2) {
      partitions[i] = 4 << 3 | 2; // an empty FetchPartition
    }
    assertThat(scan(fields(out -> out.writeByteArray(13, partitions))))
        .isEqualTo(Verdict.TOO_MANY_FIELDS);
  }

  @Test
  void takesTenThousandElements() {
    FetchRequest.Builder fetch = FetchRequest.newBuilder().setMinBytes(1).setMaxBytes(1);
    for (int i = 0; i < 10_000; i++) {
      fetch.addPartitions(FetchPartition.newBuilder().setTopicId("t~k3v9x2qa").setPartition(i));
    }
    assertThat(scan(Request.newBuilder().setFetch(fetch).build().toByteArray()))
        .isEqualTo(Verdict.VALID);
  }

  @Test
  void refusesAHeadOverItsLimitAndNotAPayload() {
    MetadataRequest large = MetadataRequest.newBuilder().addTopics("x".repeat(2 << 20)).build();
    assertThat(scan(Request.newBuilder().setMetadata(large).build().toByteArray()))
        .isEqualTo(Verdict.HEAD_TOO_LARGE);
    assertThat(scan(fields(out -> out.writeByteArray(9, new byte[2 << 20]))))
        .isEqualTo(Verdict.HEAD_TOO_LARGE);
    assertThat(scan(join(PRODUCE.toByteArray(), payload(2 << 20)))).isEqualTo(Verdict.VALID);
  }

  @Test
  void b27_doesNotTakeAResponseForARequest() {
    Response error =
        Response.newBuilder()
            .setCorrelationId(1)
            .setError(io.millrace.wire.v1.Error.newBuilder().setMessage("no"))
            .build();
    assertThat(scan(error.toByteArray())).isEqualTo(Verdict.WRONG_TYPE);
    MessageScan responses = MessageScan.ofResponses(1 << 20, 1 << 20);
    assertThat(responses.scan(ByteBuffer.wrap(error.toByteArray()))).isEqualTo(Verdict.VALID);
    assertThat(responses.hasSecondField()).isTrue();
    assertThat(responses.scan(ByteBuffer.wrap(PRODUCE.toByteArray())))
        .isEqualTo(Verdict.WRONG_TYPE);
  }

  @Test
  void agreesWithTheStockParserOnWhateverItTakes() throws Exception {
    Random random = new Random(42);
    byte[] sound = join(PRODUCE.toByteArray(), payload(40));
    int taken = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] damaged = sound.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      if (scan(damaged) != Verdict.VALID) {
        continue;
      }
      taken++;
      Request parsed = Request.parser().parsePartialFrom(damaged);
      assertThat(scan.correlationId()).isEqualTo(parsed.getCorrelationId());
      assertThat(scan.api()).isEqualTo(parsed.getApiCase().getNumber());
      assertThat(scan.payloadSize()).isEqualTo(parsed.getPayload().size());
      ByteString payload =
          ByteString.copyFrom(damaged, scan.payloadPosition() - 7, scan.payloadSize());
      assertThat(payload).isEqualTo(parsed.getPayload());
    }
    assertThat(taken).isPositive();
  }

  @Test
  void neverFailsOnRandomBytes() {
    Random random = new Random(43);
    for (int i = 0; i < 200_000; i++) {
      byte[] noise = new byte[random.nextInt(40)];
      random.nextBytes(noise);
      assertThat(scan(noise)).isNotNull();
    }
  }
}
