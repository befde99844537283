package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.MessageScan;
import io.millrace.wire.MessageScan.Verdict;
import io.millrace.wire.v1.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A mebibyte that means next to nothing and is made of as many fields as it can hold. Held against
 * bytes allocated, not against a clock: garbage is what such input is sent for.
 */
class GarbageStormBadInputTest {
  private static final int STORM = 1 << 20;
  private static final int MAX_FIELDS = 10_000;

  /** One copy of the head, and again as much for what the largest sound list of fields becomes. */
  private static final long MOST_ALLOCATED = 4L * STORM;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private record Storm(String name, ByteString head) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Storm storm(String name, byte[] head) {
    return new Storm(name, ByteString.copyFrom(head));
  }

  private interface Fields {
    void write(CodedOutputStream out, int number) throws IOException;
  }

  static Stream<Storm> storms() throws IOException {
    return Stream.of(
        storm("unknown fields in the head", many((out, i) -> out.writeUInt32(3 + i % 5, i))),
        storm(
            "unknown fields in the api's message",
            field(13, many((out, i) -> out.writeUInt32(100 + i % 500, i)))),
        storm(
            "unknown and repeated fields in turn",
            field(
                13,
                many(
                    (out, i) -> {
                      if (i % 2 == 0) {
                        out.writeUInt32(100, 1);
                      } else {
                        out.writeByteArray(4, new byte[0]);
                      }
                    }))),
        storm(
            "unknown numbers in one partition",
            field(13, field(4, many((out, i) -> out.writeUInt32(100 + i % 500, i))))),
        storm(
            "unknown texts in one partition",
            field(13, field(4, many((out, i) -> out.writeString(100 + i % 500, "x"))))),
        storm(
            "unknown messages in one partition",
            field(13, field(4, many((out, i) -> out.writeByteArray(99, new byte[] {8, 1}))))),
        storm(
            "one number of a partition again and again",
            field(13, field(4, many((out, i) -> out.writeUInt32(2, 1 + i % 100))))),
        storm(
            "the arms of a oneof in turn",
            field(14, field(1, many((out, i) -> out.writeByteArray(4 + i % 2, new byte[0]))))),
        // As long as a connection's first frame may be; nothing else has a list of bare numbers.
        storm(
            "a list of features without end",
            field(
                10,
                field(
                    3,
                    many(
                        RpcServerSettings.HELLO_SIZE_LIMIT - 16,
                        (out, i) -> out.writeUInt32NoTag(i % 128))))));
  }

  @ParameterizedTest
  @MethodSource("storms")
  @DisplayName("B17: a mebibyte of fields is refused, or costs no more than reading it")
  void b17_costsNoMoreThanReadingIt(Storm storm) {
    byte[] head = storm.head().toByteArray();
    take(head);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    take(head);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_ALLOCATED);
  }

  /** As a connection takes a message: looks first, and parses what is sound. */
  private static void take(byte[] head) {
    MessageScan scan = MessageScan.ofRequests(64 << 20, MAX_FIELDS);
    ByteBuffer message = ByteBuffer.wrap(head);
    if (scan.scan(message) == Verdict.VALID) {
      try {
        Request parsed = new HeadParser<>(Request.parser()).parse(message, scan.headSize());
        assertThat(parsed.getSerializedSize()).isLessThanOrEqualTo(head.length);
      } catch (InvalidProtocolBufferException refused) {
        assertThat(refused).hasMessageNotContaining("\n");
      }
    }
  }

  private static byte[] many(Fields fields) throws IOException {
    return many(STORM, fields);
  }

  private static byte[] many(int size, Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(size + 64);
    CodedOutputStream out = CodedOutputStream.newInstance(bytes, 64);
    for (int i = 0; out.getTotalBytesWritten() < size; i++) {
      fields.write(out, i);
    }
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] field(int number, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(content.length + 16);
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeByteArray(number, content);
    out.flush();
    return bytes.toByteArray();
  }
}
