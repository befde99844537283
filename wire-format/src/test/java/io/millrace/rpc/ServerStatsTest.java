package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.rpc.RequestPhases.Outcome;
import io.millrace.rpc.RpcServerSettings.Timeouts;
import io.millrace.rpc.RpcServerStats.End;
import io.millrace.rpc.RpcServerStats.Refusal;
import io.millrace.rpc.ServerFixture.FinishedCopy;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a server tells of itself. */
class ServerStatsTest {
  private static final RpcServerSettings SMALL =
      RpcServerSettings.DEFAULTS
          .withMaxInFlight(2, 1 << 20)
          .withMaxConnections(4, 3)
          .withTimeouts(new Timeouts(60_000, 2_000, 3_000, 4_000, 30_000));

  private final ServerFixture fixture = new ServerFixture(31, SMALL);

  @AfterEach
  void close() {
    fixture.close();
  }

  private RpcServerStats stats() {
    return fixture.server.stats();
  }

  private static Request withPayload(long correlationId, int size) {
    return ServerFixture.request(correlationId).toBuilder()
        .setPayload(ByteString.copyFrom(new byte[size]))
        .build();
  }

  private static void answer(InboundRequest request, int size) {
    request.answer(
        Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance()),
        List.of(new Payload.Bytes(ByteBuffer.allocate(size))));
  }

  // ---- Phases ----------------------------------------------------------------------------------

  @Test
  void tellsOfEachPhaseOfARequest() {
    RawPeer peer = fixture.greet();
    peer.send(withPayload(5, 1_000));
    fixture.awaitRequests(1);
    fixture.world.pass(40);
    InboundRequest request = fixture.handler.get(0);
    request.loop().execute(() -> answer(request, 500));
    fixture.awaitResponses(peer, 2);

    FinishedCopy told = fixture.finished.get(0);
    assertThat(told.loop()).isEqualTo(request.loop());
    assertThat(told.api()).isEqualTo(Request.ApiCase.LIST_TOPICS);
    assertThat(told.outcome()).isEqualTo(Outcome.ANSWERED);
    assertThat(told.error()).isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
    assertThat(told.sizeBytes()).isBetween(1_000L, 1_020L);
    assertThat(told.answerSizeBytes()).isBetween(500L, 520L);
    assertThat(told.queuedNanos()).isBetween(0L, 1_000_000L);
    assertThat(told.handledNanos()).isBetween(40_000_000L, 60_000_000L);
    assertThat(told.sentNanos()).isBetween(0L, 1_000_000L);
  }

  /** As soon as it has been read here; what still is in the kernel's hands is not seen. */
  @Test
  void countsTheTimeARequestWaitsBehindOthersAsQueued() {
    RawPeer peer = fixture.greet();
    ByteBuffer three = ByteBuffer.allocate(200);
    for (int i = 0; i < 3; i++) {
      three.put(RawPeer.frame(ServerFixture.request(i)));
    }
    // The network cuts the bytes anywhere; in most rounds the third comes with the others.
    int rounds = 10;
    for (int round = 0; round < rounds; round++) {
      int before = fixture.handler.count();
      peer.sendBytes(Arrays.copyOf(three.array(), three.position()));
      fixture.awaitRequests(before + 2);
      fixture.world.pass(70);
      assertThat(stats().connectionsHeldBack()).isEqualTo(1);
      RecordingRequests.answerOnLoop(fixture.handler.get(before));
      RecordingRequests.answerOnLoop(fixture.handler.get(before + 1));
      fixture.awaitRequests(before + 3);
      RecordingRequests.answerOnLoop(fixture.handler.get(before + 2));
      fixture.awaitResponses(peer, 1 + before + 3);
      assertThat(stats().connectionsHeldBack()).isZero();
    }
    assertThat(fixture.finished)
        .filteredOn(told -> told.queuedNanos() > 50_000_000L)
        .hasSizeBetween(rounds / 2, rounds);
  }

  @Test
  void countsTheTimeAnAnswerWaitsForItsReaderAsSending() {
    RawPeer peer = fixture.greet();
    peer.link.loop().execute(() -> peer.link.setReading(false));
    peer.send(ServerFixture.request(1));
    fixture.awaitRequests(1);
    InboundRequest request = fixture.handler.get(0);
    request.loop().execute(() -> answer(request, 1 << 20));
    fixture.world.pass(300);
    assertThat(fixture.finished).isEmpty();
    assertThat(stats().requestsInFlight()).as("handled").isZero();
    peer.link.loop().execute(() -> peer.link.setReading(true));
    fixture.awaitResponses(peer, 2);
    assertThat(fixture.finished.get(0).sentNanos()).isGreaterThan(250_000_000L);
  }

  @Test
  void tellsHowARequestEnded() {
    RawPeer peer = fixture.greet();
    peer.send(ServerFixture.request(1));
    peer.send(ServerFixture.request(2));
    fixture.awaitRequests(2);
    InboundRequest first = fixture.handler.get(0);
    InboundRequest second = fixture.handler.get(1);
    first.loop().execute(() -> first.refuse(ErrorCode.BUSY, "a test's refusal"));
    fixture.awaitResponses(peer, 2);
    second.loop().execute(second::drop);
    peer.send(ServerFixture.request(3));
    fixture.awaitRequests(3);
    peer.close();
    fixture.world.await("the end", () -> stats().connections() == 0);
    RecordingRequests.answerOnLoop(fixture.handler.get(2));
    fixture.world.await("all told", () -> fixture.finished.size() == 3);

    assertThat(fixture.finished)
        .extracting(FinishedCopy::outcome)
        .containsExactly(Outcome.ANSWERED, Outcome.DROPPED, Outcome.LOST);
    assertThat(fixture.finished.get(0).error()).isEqualTo(ErrorCode.BUSY);
    assertThat(fixture.finished.get(1).answerSizeBytes()).isZero();
  }

  // ---- Counters --------------------------------------------------------------------------------

  @Test
  void countsBytesInBothDirectionsAndInFlight() {
    RawPeer peer = fixture.greet();
    long received = stats().bytesReceived();
    long sent = stats().bytesSent();
    byte[] request = RawPeer.frame(withPayload(5, 100_000));
    peer.sendBytes(request);
    fixture.awaitRequests(1);
    assertThat(stats().bytesReceived() - received).isEqualTo(request.length);
    assertThat(stats().bytesInFlight()).isEqualTo(request.length - 4);
    InboundRequest waiting = fixture.handler.get(0);
    waiting.loop().execute(() -> answer(waiting, 70_000));
    Response response = fixture.awaitResponses(peer, 2).get(1);
    assertThat(stats().bytesSent() - sent).isEqualTo(4 + response.getSerializedSize());
    assertThat(stats().bytesInFlight()).isZero();
  }

  @Test
  void countsRefusedConnectionsByTheLimitThatStoodAgainstThem() {
    for (int i = 0; i < 3; i++) {
      fixture.greet();
    }
    fixture.awaitClosed(fixture.connect());
    assertThat(stats().refusedBy(Refusal.ADDRESS_LIMIT)).isEqualTo(1);
    assertThat(stats().refusedBy(Refusal.LIMIT)).isZero();
    assertThat(stats().connectionsRefused()).isEqualTo(1);
    assertThat(stats().connectionsRefusedBy()).containsOnlyKeys(Refusal.values());
  }

  @Test
  void countsEndedConnectionsByHowTheyEnded() {
    RawPeer closing = fixture.greet();
    closing.close();
    fixture.world.await("left", () -> stats().connections() == 0);
    assertThat(stats().endedBy(End.BY_PEER)).isEqualTo(1);

    RawPeer malformed = fixture.greet();
    malformed.sendBytes(new byte[4]);
    fixture.awaitClosed(malformed);
    RawPeer nonsense = fixture.greet();
    nonsense.sendBytes(RawPeer.frame(new byte[] {8, 1, 7}));
    fixture.awaitClosed(nonsense);
    RawPeer rude = fixture.connect();
    rude.send(ServerFixture.request(1));
    fixture.awaitClosed(rude);
    fixture.world.await("left", () -> stats().connections() == 0);

    RawPeer silent = fixture.connect();
    RawPeer slow = fixture.greet();
    slow.sendBytes(new byte[] {0, 0, 1});
    RawPeer idle = fixture.greet();
    fixture.world.pass(40_000);
    assertThat(silent.isClosed() && slow.isClosed() && idle.isClosed()).isTrue();

    fixture.greet();
    fixture.server.close();
    fixture.world.await("all gone", () -> stats().connections() == 0);

    assertThat(stats().endedBy(End.MALFORMED)).isEqualTo(2);
    assertThat(stats().endedBy(End.OUT_OF_PLACE)).isEqualTo(1);
    assertThat(stats().endedBy(End.NO_HELLO)).isEqualTo(1);
    assertThat(stats().endedBy(End.SLOW_SENDER)).isEqualTo(1);
    assertThat(stats().endedBy(End.IDLE)).isEqualTo(1);
    assertThat(stats().endedBy(End.BY_SERVER)).isEqualTo(1);
    assertThat(stats().connectionsCut()).isEqualTo(5);
    assertThat(stats().connectionsEndedBy()).containsOnlyKeys(End.values());
    assertThat(stats().connectionsAccepted())
        .isEqualTo(stats().connectionsEndedBy().values().stream().mapToLong(Long::longValue).sum());
  }

  @Test
  void s35_cutsAPeerThatDoesNotTakeItsAnswers() {
    RawPeer peer = fixture.greet();
    RawPeer other = fixture.greet();
    peer.link.loop().execute(() -> peer.link.setReading(false));
    for (int i = 0; i < 2; i++) {
      peer.send(ServerFixture.request(i));
    }
    fixture.awaitRequests(2);
    for (int i = 0; i < 2; i++) {
      InboundRequest request = fixture.handler.get(i);
      request.loop().execute(() -> answer(request, 2 << 20));
    }
    fixture.world.pass(3_500);
    assertThat(stats().connectionsCut()).isZero();
    fixture.world.pass(1_500);
    assertThat(stats().endedBy(End.SLOW_READER)).isEqualTo(1);
    assertThat(fixture.finished.get(1).outcome()).isEqualTo(Outcome.LOST);
    assertThat(fixture.serves(other)).isTrue();
  }

  @Test
  void s35_cutsAPeerThatTakesALittleNowAndThen() {
    fixture.world.network().setWindowSize(1_000);
    RawPeer peer = fixture.greet();
    peer.link.loop().execute(() -> peer.link.setReading(false));
    peer.send(ServerFixture.request(1));
    fixture.awaitRequests(1);
    InboundRequest request = fixture.handler.get(0);
    request.loop().execute(() -> answer(request, 3 << 20));
    for (int i = 0; i < 8; i++) {
      peer.link.loop().execute(() -> peer.link.setReading(true));
      fixture.world.pass(2);
      peer.link.loop().execute(() -> peer.link.setReading(false));
      fixture.world.pass(1_000);
    }
    assertThat(stats().endedBy(End.SLOW_READER)).isEqualTo(1);
  }

  @Test
  void leavesAPeerAloneThatTakesALargeAnswerAtAFairPace() {
    fixture.world.network().setWindowSize(100_000);
    RawPeer peer = fixture.greet();
    peer.send(ServerFixture.request(1));
    fixture.awaitRequests(1);
    InboundRequest request = fixture.handler.get(0);
    request.loop().execute(() -> answer(request, 4 << 20));
    for (int i = 0; i < 60 && peer.frameCount() < 2; i++) {
      peer.link.loop().execute(() -> peer.link.setReading(true));
      fixture.world.pass(1);
      peer.link.loop().execute(() -> peer.link.setReading(false));
      fixture.world.pass(1_000);
    }
    peer.link.loop().execute(() -> peer.link.setReading(true));
    fixture.awaitResponses(peer, 2);
    assertThat(stats().connectionsCut()).isZero();
  }
}
