package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.MessageScan;
import io.millrace.wire.MessageScan.Verdict;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each api's content under every other api's number. */
class OtherMessageBadInputTest {
  private static final List<FieldDescriptor> APIS =
      Stream.of(Request.getDescriptor(), Response.getDescriptor())
          .flatMap(message -> message.getFields().stream())
          .filter(field -> field.getRealContainingOneof() != null)
          .toList();

  @Test
  void b27_isAParseErrorOrARequestOfTheApiItStandsUnder() throws IOException {
    int refused = 0;
    for (FieldDescriptor content : APIS) {
      byte[] bytes = full(content.getMessageType()).toByteArray();
      for (FieldDescriptor under : Request.getDescriptor().getFields()) {
        if (under.getRealContainingOneof() == null) {
          continue;
        }
        String pair = content.getFullName() + " under " + under.getName();
        byte[] message = message(under.getNumber(), bytes);
        MessageScan scan = MessageScan.ofRequests(4 << 20, 10_000);
        assertThat(scan.scan(ByteBuffer.wrap(message))).as(pair).isEqualTo(Verdict.VALID);
        try {
          Request parsed =
              new HeadParser<>(Request.parser()).parse(ByteBuffer.wrap(message), message.length);
          // Never another api, never a field of another type: validation sees only its own message.
          assertThat(parsed.getApiCase().getNumber()).as(pair).isEqualTo(under.getNumber());
          assertThat(parsed.getUnknownFields().asMap()).as(pair).isEmpty();
          assertThat(Request.parseFrom(parsed.toByteArray())).as(pair).isEqualTo(parsed);
        } catch (InvalidProtocolBufferException parseError) {
          refused++;
        }
      }
    }
    assertThat(refused).as("some of them cannot be read at all").isPositive();
  }

  /** Every field set, lists with one element, of a oneof the last. */
  private static DynamicMessage full(Descriptor type) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      Object value =
          switch (field.getJavaType()) {
            case INT -> 300;
            case LONG -> 1L << 40;
            case BOOLEAN -> true;
            case STRING -> "orders~k3v2x2qa";
            case BYTE_STRING -> ByteString.copyFromUtf8("bytes");
            case ENUM -> field.getEnumType().getValues().get(1);
            case FLOAT -> 1.5f;
            case DOUBLE -> 1.5d;
            case MESSAGE -> full(field.getMessageType());
          };
      if (field.isRepeated()) {
        message.addRepeatedField(field, value);
      } else {
        message.setField(field, value);
      }
    }
    return message.build();
  }

  private static byte[] message(int api, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeUInt64(Request.CORRELATION_ID_FIELD_NUMBER, 7);
    out.writeByteArray(api, content);
    out.flush();
    return bytes.toByteArray();
  }
}
