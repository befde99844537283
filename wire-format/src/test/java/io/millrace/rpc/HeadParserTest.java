package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HeadParserTest {
  private final HeadParser<Request> parser = new HeadParser<>(Request.parser());

  private Request parse(byte[] head) throws InvalidProtocolBufferException {
    // A payload behind it, and memory that is no array.
    ByteBuffer message = ByteBuffer.allocateDirect(head.length + 8).position(5);
    message.put(head).position(5);
    return parser.parse(message, head.length);
  }

  private static byte[] metadata(ByteString inside) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeBytes(Request.METADATA_FIELD_NUMBER, inside);
    out.flush();
    return bytes.toByteArray();
  }

  @Test
  void parsesHeadsOfAllSizesOneAfterAnother() throws Exception {
    for (int count : new int[] {0, 1, 1_000, 20_000, 3}) {
      MetadataRequest.Builder metadata = MetadataRequest.newBuilder();
      for (int i = 0; i < count; i++) {
        metadata.addTopics("topic-" + i);
      }
      Request request = Request.newBuilder().setCorrelationId(7).setMetadata(metadata).build();
      assertThat(parse(request.toByteArray())).isEqualTo(request);
    }
  }

  @Test
  void b16_refusesUnknownGroupsThatNestTooDeep() throws Exception {
    byte[] opened = new byte[10_000];
    Arrays.fill(opened, (byte) (7 << 3 | 3));
    byte[] head = metadata(ByteString.copyFrom(opened));
    assertThatThrownBy(() -> parse(head)).isInstanceOf(InvalidProtocolBufferException.class);
  }

  @Test
  void b17_b18_leavesOutWhatANewerSenderAdded() throws Exception {
    UnknownFieldSet.Field.Builder many = UnknownFieldSet.Field.newBuilder();
    for (int i = 0; i < 100_000; i++) {
      many.addVarint(i);
    }
    UnknownFieldSet unknown = UnknownFieldSet.newBuilder().addField(99, many.build()).build();
    Request request =
        Request.newBuilder()
            .setFetch(
                FetchRequest.newBuilder()
                    .addPartitions(
                        FetchPartition.newBuilder().setTopicId("t").setUnknownFields(unknown)))
            .build();
    Request parsed = parse(request.toByteArray());
    assertThat(parsed.getFetch().getPartitions(0))
        .isEqualTo(FetchPartition.newBuilder().setTopicId("t").build());
    assertThat(parsed.getSerializedSize()).isLessThan(20);
  }

  @Test
  void b24_refusesTextThatIsNotUtf8() throws Exception {
    byte[] head = metadata(ByteString.copyFrom(new byte[] {10, 2, (byte) 0xc3, (byte) 0x28}));
    assertThatThrownBy(() -> parse(head)).isInstanceOf(InvalidProtocolBufferException.class);
  }

  @Test
  void b21_refusesALengthThatReachesIntoThePayload() throws Exception {
    byte[] head = metadata(ByteString.copyFrom(new byte[] {10, 7, 'a'}));
    assertThatThrownBy(() -> parse(head)).isInstanceOf(InvalidProtocolBufferException.class);
  }
}
