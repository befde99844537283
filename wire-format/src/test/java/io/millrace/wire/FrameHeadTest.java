package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameHeadTest {
  private static final Request HEAD =
      Request.newBuilder()
          .setCorrelationId(300)
          .setTimeoutMs(5)
          .setProduce(
              ProduceRequest.newBuilder()
                  .addPartitions(ProducePartition.newBuilder().setTopicId("orders~k3v9x2qa")))
          .build();

  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152})
  void aStockParserReadsTheWholeFrame(int payloadSize) throws Exception {
    byte[] payload = new byte[payloadSize];
    new Random(payloadSize).nextBytes(payload);
    ByteBuffer head = FrameHead.encode(HEAD, payloadSize);
    ByteBuffer frame = ByteBuffer.allocate(head.remaining() + payloadSize);
    frame.put(head).put(payload).flip();

    assertThat(frame.getInt()).isEqualTo(frame.remaining());
    assertThat(Request.parseFrom(frame))
        .isEqualTo(HEAD.toBuilder().setPayload(ByteString.copyFrom(payload)).build());
  }

  @Test
  void leavesThePayloadFieldOutWhenThereIsNone() throws Exception {
    ByteBuffer frame = FrameHead.encode(HEAD, 0);
    assertThat(frame.getInt()).isEqualTo(HEAD.getSerializedSize());
    assertThat(Request.parseFrom(frame)).isEqualTo(HEAD);
    assertThat(FrameHead.messageSize(HEAD, 0)).isEqualTo(HEAD.getSerializedSize());
  }
}
