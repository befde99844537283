package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a peer may send, and what closes its connection and no other. */
class ServerInputTest {
  private final ServerFixture fixture = new ServerFixture(21, RpcServerSettings.DEFAULTS);
  private RawPeer bystander;

  @BeforeEach
  void connectABystander() {
    bystander = fixture.greet();
  }

  @AfterEach
  void theBystanderNoticedNothing() {
    assertThat(fixture.serves(bystander)).isTrue();
    fixture.close();
  }

  private static byte[] message(long correlationId, byte[]... fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(Request.newBuilder().setCorrelationId(correlationId).build().toByteArray());
    for (byte[] field : fields) {
      bytes.writeBytes(field);
    }
    return bytes.toByteArray();
  }

  private static byte[] field(int number, byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeByteArray(number, content);
      out.flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  // ---- Frames ----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, (64 << 20) + 1})
  void b01_b02_b03_closesOnALengthThatIsNone(int length) {
    RawPeer peer = fixture.greet();
    peer.sendBytes(ByteBuffer.allocate(4).putInt(length).array());
    fixture.awaitClosed(peer);
    assertThat(peer.responses()).as("only the Hello's answer").hasSize(1);
    assertThat(fixture.server.stats().connectionsCut()).isEqualTo(1);
  }

  @Test
  void b03_allows64KibUntilTheHelloAndTheRequestLimitAfterIt() {
    RawPeer early = fixture.connect();
    early.sendBytes(ByteBuffer.allocate(4).putInt((64 << 10) + 1).array());
    fixture.awaitClosed(early);

    RawPeer greeted = fixture.greet();
    greeted.sendBytes(
        RawPeer.frame(message(5, field(20, new byte[0]), field(1000, new byte[70_000]))));
    fixture.awaitRequests(1);
    assertThat(fixture.handler.get(0).payload().remaining()).isEqualTo(70_000);
    RecordingRequests.answerOnLoop(fixture.handler.get(0));
    fixture.awaitResponses(greeted, 2);
  }

  static Map<String, byte[]> otherProtocols() {
    byte[] random = new byte[2_000];
    new Random(1).nextBytes(random);
    return Map.of(
        "TLS client hello",
        new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3},
        "TLS client hello that announces 16 MiB (B07)",
        new byte[] {0x16, 3, 1, 0x40, 0, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff, 3, 3},
        "HTTP GET",
        "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
        "Kafka ApiVersions",
        new byte[] {
          0, 0, 0, 20, 0, 18, 0, 3, 0, 0, 0, 1, 0, 5, 'k', 'c', 'a', 't', 0, 5, 'k', 'c', 'a', 't'
        },
        "random bytes",
        random);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TLS client hello",
        "TLS client hello that announces 16 MiB (B07)",
        "HTTP GET",
        "Kafka ApiVersions",
        "random bytes"
      })
  void b06_b07_closesWithinASecondOnAnotherProtocol(String protocol) {
    RawPeer peer = fixture.connect();
    long start = fixture.nowMillis();
    peer.sendBytes(Objects.requireNonNull(otherProtocols().get(protocol)));
    fixture.awaitClosed(peer);
    assertThat(fixture.nowMillis() - start).isLessThan(1_000);
    assertThat(peer.receivedSize()).isZero();
  }

  @Test
  void b09_readsGluedFramesAndFramesInSingleBytesAlike() {
    byte[] requests =
        concat(
            RawPeer.frame(ServerFixture.request(11)),
            RawPeer.frame(message(12, field(20, new byte[0]), field(1000, new byte[] {1, 2}))));
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer glued = fixture.greet();
    glued.sendBytes(requests);
    RawPeer dripped = fixture.greet();
    for (byte b : requests) {
      dripped.sendBytes(new byte[] {b});
      fixture.world.pass(1);
    }
    List<Response> toGlued = fixture.awaitResponses(glued, 3);
    assertThat(fixture.awaitResponses(dripped, 3)).isEqualTo(toGlued);
    assertThat(toGlued).extracting(Response::getCorrelationId).containsExactly(1L, 11L, 12L);
    fixture.handler.instead = null;
  }

  private static byte[] concat(byte[] one, byte[] other) {
    byte[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  // ---- Messages --------------------------------------------------------------------------------

  static Stream<byte[]> malformed() {
    byte[] api = field(Request.LIST_TOPICS_FIELD_NUMBER, new byte[0]);
    byte[] deep = new byte[10_000];
    Arrays.fill(deep, (byte) (7 << 3 | 3));
    byte[] million = new byte[2_000_000];
    for (int i = 0; i < million.length; i += 2) {
      million[i] = 1 << 3 | 2;
    }
    byte[] produce = ProduceRequest.newBuilder().setDurabilityValue(2).build().toByteArray();
    return Stream.of(
        message(7, api, field(1000, new byte[5]), new byte[] {8, 9}), // B08
        message(7, field(Request.METADATA_FIELD_NUMBER, deep)), // B16, unknown groups
        message(7, deep),
        message(7, api, api), // B19
        message(7, new byte[] {(byte) 0x85, 0, 1}), // B21
        message(7, new byte[] {98, 100, 0}),
        message(7, new byte[] {12 << 3, 5}), // B22
        message(7, field(Request.METADATA_FIELD_NUMBER, field(1, new byte[] {(byte) 0xff}))), // B24
        message(7, field(Request.METADATA_FIELD_NUMBER, million)), // B25
        message(7, field(Request.FETCH_FIELD_NUMBER, field(4, produce)), new byte[] {1000 >> 8}));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void b08_b16_b19_b21_b22_b24_b25_refusesAndClosesOnAMalformedMessage(byte[] message) {
    RawPeer peer = fixture.greet();
    peer.sendBytes(RawPeer.frame(message));
    Response refusal = fixture.awaitResponses(peer, 2).get(1);
    assertThat(refusal.getCorrelationId()).isEqualTo(7);
    assertThat(refusal.getError().getCode()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal.getError().getMessage()).startsWith("not a valid request: ");
    fixture.awaitClosed(peer);
    assertThat(fixture.handler.count()).isZero();
  }

  @Test
  void closesWithoutAWordWhenNotEvenTheCorrelationIdCanBeRead() {
    RawPeer peer = fixture.greet();
    peer.sendBytes(RawPeer.frame(new byte[] {7, 7, 7}));
    fixture.awaitClosed(peer);
    assertThat(peer.responses()).hasSize(1);
  }

  @Test
  void b27_closesOnAResponseInPlaceOfARequest() {
    RawPeer peer = fixture.greet();
    peer.send(
        Response.newBuilder()
            .setCorrelationId(3)
            .setError(Error.newBuilder().setMessage("no"))
            .build());
    fixture.awaitClosed(peer);
  }

  @Test
  void b10_answersAnUnknownApiWithThoseItKnowsAndGoesOn() {
    RawPeer peer = fixture.greet();
    peer.sendBytes(RawPeer.frame(message(9, field(777, new byte[] {1, 2, 3}))));
    Response refusal = fixture.awaitResponses(peer, 2).get(1);
    assertThat(refusal.getCorrelationId()).isEqualTo(9);
    assertThat(refusal.getError().getCode()).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(refusal.getError().getMessage()).contains("777").contains("metadata (11)");
    assertThat(fixture.serves(peer)).isTrue();
  }

  @Test
  void b19_refusesARequestWithoutApiAndGoesOn() {
    RawPeer peer = fixture.greet();
    peer.sendBytes(RawPeer.frame(message(9)));
    Response refusal = fixture.awaitResponses(peer, 2).get(1);
    assertThat(refusal.getError().getCode()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refusal.getError().getMessage()).contains("names no api");
    assertThat(fixture.serves(peer)).isTrue();
  }

  @Test
  void b18_ignoresWhatANewerSenderAdds() {
    RawPeer peer = fixture.greet();
    byte[] inside = field(1, "orders".getBytes(StandardCharsets.UTF_8));
    byte[] later = field(400, new byte[100]);
    peer.sendBytes(
        RawPeer.frame(
            message(
                9,
                field(8, new byte[50]),
                field(Request.METADATA_FIELD_NUMBER, concat(inside, later)))));
    fixture.awaitRequests(1);
    assertThat(fixture.handler.get(0).head())
        .isEqualTo(
            Request.newBuilder()
                .setCorrelationId(9)
                .setMetadata(MetadataRequest.newBuilder().addTopics("orders"))
                .build());
    fixture.handler.get(0).loop().execute(() -> fixture.handler.get(0).drop());
  }

  @Test
  void b11_echoesACorrelationIdThatIsUsedTwice() {
    RawPeer peer = fixture.greet();
    peer.send(ServerFixture.request(5));
    peer.send(ServerFixture.request(5));
    fixture.awaitRequests(2);
    RecordingRequests.answerOnLoop(fixture.handler.get(1));
    RecordingRequests.answerOnLoop(fixture.handler.get(0));
    List<Response> responses = fixture.awaitResponses(peer, 3);
    assertThat(responses).extracting(Response::getCorrelationId).containsExactly(1L, 5L, 5L);
  }

  // ---- Hello -----------------------------------------------------------------------------------

  @Test
  void b15_closesWhenAnythingComesBeforeTheHello() {
    RawPeer peer = fixture.connect();
    peer.send(ServerFixture.request(5));
    Response refusal = fixture.awaitResponses(peer, 1).get(0);
    assertThat(refusal.getError().getMessage()).contains("must be a Hello");
    fixture.awaitClosed(peer);
    assertThat(fixture.handler.count()).isZero();
  }

  @Test
  void b15_closesOnASecondHello() {
    RawPeer peer = fixture.greet();
    peer.send(RawPeer.hello());
    Response refusal = fixture.awaitResponses(peer, 2).get(1);
    assertThat(refusal.getError().getMessage()).contains("second Hello");
    fixture.awaitClosed(peer);
  }

  @Test
  void refusesAPeerThatMeansAnotherCluster() {
    RawPeer peer = fixture.connect();
    peer.send(
        Request.newBuilder()
            .setCorrelationId(4)
            .setHello(HelloRequest.newBuilder().setClusterId("cluster-2"))
            .build());
    Response refusal = fixture.awaitResponses(peer, 1).get(0);
    assertThat(refusal.getCorrelationId()).isEqualTo(4);
    assertThat(refusal.getError().getMessage())
        .isEqualTo("this broker is of cluster cluster-1, not of cluster-2");
    fixture.awaitClosed(peer);
  }

  @Test
  void takesRequestsThatComeInOnePieceWithTheHello() {
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer peer = fixture.connect();
    peer.sendBytes(concat(RawPeer.frame(RawPeer.hello()), RawPeer.frame(ServerFixture.request(2))));
    List<Response> responses = fixture.awaitResponses(peer, 2);
    assertThat(responses.get(0).getHello().getLimits())
        .isEqualTo(RpcServerSettings.DEFAULTS.limits().build());
    assertThat(responses.get(1).getCorrelationId()).isEqualTo(2);
    fixture.handler.instead = null;
  }

  // ---- Cuts ------------------------------------------------------------------------------------

  @Test
  void f33_handlesAProduceRequestWholeOrNotAtAllWhereverItIsCut() {
    byte[] request =
        RawPeer.frame(
            Request.newBuilder()
                .setCorrelationId(6)
                .setTimeoutMs(1_000)
                .setProduce(ProduceRequest.newBuilder().setDurabilityValue(2))
                .setPayload(ByteString.copyFrom(new byte[60]))
                .build());
    fixture.handler.instead = InboundRequest::drop;
    for (int size = 0; size <= request.length; size++) {
      int before = fixture.handler.count();
      RawPeer peer = fixture.greet();
      peer.sendBytes(Arrays.copyOf(request, size));
      fixture.world.pass(2);
      peer.close();
      fixture.awaitClosed(peer);
      fixture.world.pass(2);
      assertThat(fixture.handler.count() - before).isEqualTo(size == request.length ? 1 : 0);
    }
    assertThat(fixture.server.stats().connections()).isEqualTo(1);
    fixture.handler.instead = null;
  }
}
