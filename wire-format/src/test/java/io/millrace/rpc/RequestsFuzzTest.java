package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.MessageScan;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/**
 * FZ2: what the scan and the parser of a server make of any bytes in the place of a request. The
 * inputs to begin with hold each api's request, filled in.
 */
class RequestsFuzzTest {
  private static final int MAX_HEAD_SIZE = 1 << 20;

  @FuzzTest(maxDuration = "60s")
  void fz2_takesOnlyWhatStockProtobufReadsTheSameWay(byte[] bytes)
      throws InvalidProtocolBufferException {
    MessageScan scan = MessageScan.ofRequests(MAX_HEAD_SIZE, 10_050);
    ByteBuffer message = ByteBuffer.wrap(bytes);
    MessageScan.Verdict verdict = scan.scan(message);
    assertThat(message).isEqualTo(ByteBuffer.wrap(bytes));
    if (verdict != MessageScan.Verdict.VALID) {
      return;
    }
    Request head;
    try {
      head = new HeadParser<>(Request.parser()).parse(message, scan.headSize());
    } catch (InvalidProtocolBufferException refused) {
      return;
    }
    // Throws when stock protobuf refuses what we take.
    Request whole = Request.parseFrom(bytes);
    assertThat(head.getApiCase().getNumber()).isEqualTo(scan.api());
    assertThat(head.getCorrelationId()).isEqualTo(scan.correlationId());
    assertThat(head.getUnknownFields().asMap()).isEmpty();
    ByteBuffer payload = message.slice(scan.payloadPosition(), scan.payloadSize());
    assertThat(whole.getPayload().asReadOnlyByteBuffer()).isEqualTo(payload);
    Request expected =
        new HeadParser<>(Request.parser())
            .parse(
                ByteBuffer.wrap(whole.toBuilder().clearPayload().build().toByteArray()),
                whole.toBuilder().clearPayload().build().getSerializedSize());
    assertThat(head).isEqualTo(expected);
  }

  /** Keeps the inputs complete when an api is added. */
  @Test
  void fz2_thereIsAnInputOfEveryApi() throws Exception {
    FuzzInputs inputs = FuzzInputs.of(getClass(), "fz2_takesOnlyWhatStockProtobufReadsTheSameWay");
    for (Request.ApiCase api : Request.ApiCase.values()) {
      if (api != Request.ApiCase.API_NOT_SET) {
        Request request =
            Request.parseFrom(inputs.read("api-" + api.name().toLowerCase(java.util.Locale.ROOT)));
        assertThat(request.getApiCase()).isEqualTo(api);
      }
    }
  }
}
