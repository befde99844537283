package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.millrace.rpc.RpcServerSettings.Timeouts;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How requests are taken, held back, answered and given up. */
class ServerFlowTest {
  private static final long SECOND_NANOS = 1_000_000_000;

  private ServerFixture fixture =
      new ServerFixture(22, RpcServerSettings.DEFAULTS.withMaxInFlight(4, 128 << 10));

  private void serveWith(RpcServerSettings settings) {
    fixture.close();
    fixture = new ServerFixture(22, settings);
  }

  private static RpcServerSettings timeouts(long request, long hello, long receive, long idle) {
    return RpcServerSettings.DEFAULTS.withTimeouts(new Timeouts(request, hello, receive, idle));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void onLoop(InboundRequest request, Runnable action) {
    boolean[] done = new boolean[1];
    request
        .loop()
        .execute(
            () -> {
              action.run();
              done[0] = true;
            });
    fixture.world.await("the action", () -> done[0]);
  }

  private static Request withPayload(long correlationId, int size) {
    return ServerFixture.request(correlationId).toBuilder()
        .setPayload(ByteString.copyFrom(new byte[size]))
        .build();
  }

  // ---- Back-pressure ---------------------------------------------------------------------------

  @Test
  void b12_takesNoMoreRequestsThanMayBeInFlightAndGoesOnAsTheyAreAnswered() {
    RawPeer peer = fixture.greet();
    for (int i = 0; i < 20; i++) {
      peer.send(ServerFixture.request(i));
    }
    fixture.world.pass(100);
    assertThat(fixture.handler.count()).isEqualTo(4);
    assertThat(fixture.server.stats().requestsInFlight()).isEqualTo(4);
    for (int i = 0; i < 20; i++) {
      fixture.awaitRequests(Math.min(20, i + 4));
      fixture.world.pass(5);
      assertThat(fixture.handler.count()).isEqualTo(Math.min(20, i + 4));
      RecordingRequests.answerOnLoop(fixture.handler.get(i));
    }
    assertThat(fixture.awaitResponses(peer, 21)).hasSize(21);
    assertThat(fixture.handler.requests)
        .extracting(request -> request.head().getCorrelationId())
        .containsExactlyElementsOf(LongStream.range(0, 20).boxed().toList());
  }

  @Test
  void b12_takesNoMoreBytesThanMayBeInFlightButAlwaysOneRequest() {
    RawPeer peer = fixture.greet();
    for (int i = 0; i < 5; i++) {
      peer.send(withPayload(i, 1 << 20));
    }
    for (int i = 0; i < 5; i++) {
      fixture.awaitRequests(i + 1);
      fixture.world.pass(50);
      assertThat(fixture.handler.count()).isEqualTo(i + 1);
      RecordingRequests.answerOnLoop(fixture.handler.get(i));
    }
    fixture.awaitResponses(peer, 6);
  }

  @Test
  void b12_goesOnWhenAHandlerAnswersEachRequestAtOnce() {
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer peer = fixture.greet();
    int count = 500;
    for (int i = 0; i < count; i++) {
      peer.send(ServerFixture.request(i));
    }
    assertThat(fixture.awaitResponses(peer, count + 1)).hasSize(count + 1);
  }

  @Test
  void s35_takesNoMoreRequestsFromAPeerThatDoesNotTakeItsAnswers() {
    fixture.handler.instead =
        request ->
            request.answer(
                Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance()),
                List.of(new Payload.Bytes(ByteBuffer.allocate(1 << 20))));
    RawPeer peer = fixture.greet();
    peer.link.loop().execute(() -> peer.link.setReading(false));
    int count = 50;
    for (int i = 0; i < count; i++) {
      peer.send(ServerFixture.request(i));
    }
    fixture.world.pass(500);
    assertThat(fixture.handler.count()).isLessThan(8);
    peer.link.loop().execute(() -> peer.link.setReading(true));
    assertThat(fixture.awaitResponses(peer, count + 1)).hasSize(count + 1);
  }

  // ---- Answers ---------------------------------------------------------------------------------

  @Test
  void answersInTheOrderOfCompletion() {
    RawPeer peer = fixture.greet();
    for (int i = 0; i < 3; i++) {
      peer.send(ServerFixture.request(i));
    }
    fixture.awaitRequests(3);
    for (int i : new int[] {2, 0, 1}) {
      RecordingRequests.answerOnLoop(fixture.handler.get(i));
      fixture.world.pass(1);
    }
    assertThat(fixture.awaitResponses(peer, 4))
        .extracting(Response::getCorrelationId)
        .containsExactly(1L, 2L, 0L, 1L);
  }

  @Test
  void takesAnswersFromAnyThreadAndSendsTheirPayloadBehindThem() {
    Tasks.Worker worker = new SimulatedTasks(fixture.world.scheduler()).worker("cold-read");
    RawPeer peer = fixture.greet();
    peer.send(withPayload(8, 1_000));
    fixture.awaitRequests(1);
    InboundRequest request = fixture.handler.get(0);
    worker.execute(
        () -> {
          assertThat(request.payload().remaining()).isEqualTo(1_000);
          request.answer(
              Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance()),
              List.of(
                  new Payload.Bytes(ByteBuffer.wrap(new byte[] {1, 2})),
                  new Payload.Bytes(ByteBuffer.wrap(new byte[] {3}))));
        });
    Response response = fixture.awaitResponses(peer, 2).get(1);
    assertThat(response.getCorrelationId()).isEqualTo(8);
    assertThat(response.getPayload().toByteArray()).containsExactly(1, 2, 3);
    worker.stop();
  }

  @Test
  void aHandlerThatThrowsAnswersInternalAndTheConnectionGoesOn() {
    fixture.handler.instead =
        request -> {
          throw new IllegalStateException("a test's own failure");
        };
    RawPeer peer = fixture.greet();
    peer.send(withPayload(8, 100));
    Response response = fixture.awaitResponses(peer, 2).get(1);
    assertThat(response.getError().getCode()).isEqualTo(ErrorCode.INTERNAL);
    assertThat(response.getError().getMessage()).doesNotContain("a test's own");
    fixture.handler.instead = null;
    assertThat(fixture.serves(peer)).isTrue();
  }

  @Test
  void aHandlerThatThrowsAfterItsAnswerHarmsNothing() {
    fixture.handler.instead =
        request -> {
          RecordingRequests.answer(request);
          throw new IllegalStateException("a test's own failure");
        };
    RawPeer peer = fixture.greet();
    peer.send(ServerFixture.request(8));
    assertThat(fixture.awaitResponses(peer, 2).get(1).hasError()).isFalse();
    fixture.handler.instead = null;
    assertThat(fixture.serves(peer)).isTrue();
  }

  @Test
  void refusesASecondAnswerAndGivesItsSlicesBack() {
    RawPeer peer = fixture.greet();
    peer.send(ServerFixture.request(8));
    fixture.awaitRequests(1);
    InboundRequest request = fixture.handler.get(0);
    CountingSlice slice = new CountingSlice(10);
    onLoop(
        request,
        () -> {
          RecordingRequests.answer(request);
          assertThatThrownBy(
                  () -> request.answer(Response.newBuilder(), List.of(new Payload.Slice(slice))))
              .hasMessageContaining("answered twice");
          assertThatThrownBy(request::drop).hasMessageContaining("answered twice");
        });
    assertThat(slice.releases).isEqualTo(1);
    assertThat(fixture.server.stats().requestsInFlight()).isZero();
  }

  @Test
  void aDroppedRequestMakesRoomAndIsNotAnswered() {
    RawPeer peer = fixture.greet();
    for (int i = 0; i < 8; i++) {
      peer.send(withPayload(i, 10));
    }
    fixture.awaitRequests(4);
    for (int i = 0; i < 8; i++) {
      fixture.awaitRequests(i + 1);
      InboundRequest request = fixture.handler.get(i);
      onLoop(request, request::drop);
    }
    fixture.world.pass(50);
    assertThat(peer.responses()).hasSize(1);
    assertThat(fixture.serves(peer)).isTrue();
  }

  @Test
  void givesTheDeadlineOfTheRequestUpToItsOwnMaximum() {
    RawPeer peer = fixture.greet();
    peer.send(ServerFixture.request(1).toBuilder().setTimeoutMs(5_000).build());
    peer.send(ServerFixture.request(2).toBuilder().setTimeoutMs(-1).build());
    peer.send(ServerFixture.request(3));
    fixture.awaitRequests(3);
    long now = fixture.handler.get(0).loop().clock().nanoTime();
    long most = Timeouts.DEFAULTS.requestMillis() / 1_000;
    long[] seconds =
        fixture.handler.requests.stream()
            .mapToLong(
                request -> Math.round((request.deadlineNanos() - now) / (double) SECOND_NANOS))
            .toArray();
    assertThat(seconds).containsExactly(5, most, most);
    fixture.handler.requests.forEach(request -> onLoop(request, request::drop));
  }

  // ---- Ends ------------------------------------------------------------------------------------

  @Test
  void tellsOfRequestsWhosePeerIsGoneAndTakesTheirLateAnswers() {
    RawPeer peer = fixture.greet();
    for (int i = 0; i < 3; i++) {
      peer.send(withPayload(i, 100));
    }
    fixture.awaitRequests(3);
    List<String> abandoned = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      InboundRequest request = fixture.handler.get(i);
      String name = "request " + i;
      onLoop(request, () -> request.onAbandoned(() -> abandoned.add(name)));
    }
    InboundRequest second = fixture.handler.get(1);
    onLoop(second, () -> RecordingRequests.answer(second));
    InboundRequest first = fixture.handler.get(0);
    onLoop(first, () -> first.onAbandoned(() -> abandoned.add("request 0 again")));

    peer.close();
    fixture.world.await("the end", () -> fixture.server.stats().connections() == 0);
    assertThat(abandoned).containsExactly("request 0", "request 0 again", "request 2");

    CountingSlice slice = new CountingSlice(10);
    onLoop(
        first,
        () -> {
          assertThat(first.isOpen()).isFalse();
          first.onAbandoned(() -> abandoned.add("at once"));
          assertThat(first.payload().remaining()).isEqualTo(100);
          first.answer(Response.newBuilder(), List.of(new Payload.Slice(slice)));
        });
    assertThat(abandoned).endsWith("at once");
    assertThat(slice.releases).isEqualTo(1);
    InboundRequest third = fixture.handler.get(2);
    onLoop(third, third::drop);
    assertThat(fixture.server.stats().requestsInFlight()).isZero();
  }

  @Test
  void anAbandonedRequestMayBeFinishedByItsOwnAction() {
    RawPeer peer = fixture.greet();
    for (int i = 0; i < 3; i++) {
      peer.send(ServerFixture.request(i));
    }
    fixture.awaitRequests(3);
    for (InboundRequest request : fixture.handler.requests) {
      onLoop(request, () -> request.onAbandoned(request::drop));
    }
    peer.close();
    fixture.world.await("none in flight", () -> fixture.server.stats().requestsInFlight() == 0);
  }

  @Test
  void closesEveryConnectionWhenItCloses() {
    RawPeer one = fixture.greet();
    RawPeer other = fixture.greet();
    fixture.server.close();
    fixture.awaitClosed(one);
    fixture.awaitClosed(other);
  }

  @Test
  void goesOnServingAfterItHasStoppedAccepting() {
    RawPeer peer = fixture.greet();
    fixture.server.stopAccepting();
    assertThat(fixture.serves(peer)).isTrue();
  }

  // ---- Time ------------------------------------------------------------------------------------

  @Test
  void b04_closesOnHalfAFrameAndSilence() {
    serveWith(timeouts(60_000, 10_000, 5_000, 600_000));
    RawPeer peer = fixture.greet();
    byte[] request = RawPeer.frame(withPayload(5, 100_000));
    peer.sendBytes(Arrays.copyOf(request, request.length / 2));
    fixture.world.pass(4_900);
    assertThat(peer.isClosed()).isFalse();
    fixture.world.pass(5_000);
    assertThat(peer.isClosed()).isTrue();
    assertThat(fixture.server.stats().connectionsCut()).isEqualTo(1);
  }

  @Test
  void b05_closesOnAPeerThatSendsAByteNowAndThen() {
    serveWith(timeouts(60_000, 10_000, 5_000, 600_000));
    RawPeer peer = fixture.greet();
    byte[] request = RawPeer.frame(withPayload(5, 100));
    long start = fixture.nowMillis();
    for (int i = 0; i < request.length && !peer.isClosed(); i++) {
      peer.sendBytes(new byte[] {request[i]});
      fixture.world.pass(1_000);
    }
    assertThat(peer.isClosed()).isTrue();
    assertThat(fixture.nowMillis() - start).isBetween(5_000L, 7_000L);
  }

  @Test
  void b05_countsTheTimeOfEachFrameAnew() {
    serveWith(timeouts(60_000, 10_000, 5_000, 600_000));
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer peer = fixture.greet();
    // Cut in the middle of each frame, so that a frame is always on its way.
    byte[] request = RawPeer.frame(ServerFixture.request(5));
    peer.sendBytes(Arrays.copyOf(request, 3));
    for (int i = 0; i < 10; i++) {
      fixture.world.pass(3_000);
      peer.sendBytes(Arrays.copyOfRange(request, 3, request.length));
      peer.sendBytes(Arrays.copyOf(request, 3));
    }
    assertThat(fixture.awaitResponses(peer, 11)).hasSize(11);
    assertThat(peer.isClosed()).isFalse();
  }

  @Test
  void givesALargeFrameTheTimeItNeedsAtAFairPace() {
    serveWith(timeouts(60_000, 10_000, 5_000, 600_000));
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer peer = fixture.greet();
    byte[] request = RawPeer.frame(withPayload(5, 1 << 20));
    for (int at = 0; at < request.length; at += 20_000) {
      peer.sendBytes(Arrays.copyOfRange(request, at, Math.min(request.length, at + 20_000)));
      fixture.world.pass(1_000);
    }
    assertThat(fixture.awaitResponses(peer, 2)).hasSize(2);
  }

  @Test
  void b05_doesNotBlameThePeerForTimeInWhichItDidNotReadItself() {
    serveWith(timeouts(60_000, 10_000, 5_000, 600_000).withMaxInFlight(1, 1 << 20));
    RawPeer peer = fixture.greet();
    byte[] two = RawPeer.frame(ServerFixture.request(5));
    byte[] oneAndAHalf = Arrays.copyOf(two, two.length + 6);
    System.arraycopy(two, 0, oneAndAHalf, two.length, 6);
    peer.sendBytes(oneAndAHalf);
    fixture.awaitRequests(1);
    fixture.world.pass(20_000);
    assertThat(peer.isClosed()).isFalse();
    RecordingRequests.answerOnLoop(fixture.handler.get(0));
    fixture.awaitResponses(peer, 2);
    peer.sendBytes(Arrays.copyOfRange(two, 6, two.length));
    fixture.awaitRequests(2);
    RecordingRequests.answerOnLoop(fixture.handler.get(1));
    fixture.awaitResponses(peer, 3);
  }

  @Test
  void closesWhenTheHelloDoesNotCome() {
    serveWith(timeouts(60_000, 2_000, 5_000, 600_000));
    RawPeer silent = fixture.connect();
    RawPeer slow = fixture.connect();
    byte[] hello = RawPeer.frame(RawPeer.hello());
    slow.sendBytes(Arrays.copyOf(hello, hello.length - 1));
    fixture.world.pass(1_900);
    assertThat(silent.isClosed() || slow.isClosed()).isFalse();
    fixture.world.pass(500);
    assertThat(silent.isClosed() && slow.isClosed()).isTrue();
  }

  @Test
  void closesAnIdleConnectionAndNotOneThatWaitsForAnAnswer() {
    serveWith(timeouts(60_000, 2_000, 5_000, 30_000));
    RawPeer idle = fixture.greet();
    RawPeer waiting = fixture.greet();
    waiting.send(ServerFixture.request(5));
    fixture.world.pass(31_000);
    assertThat(idle.isClosed()).isTrue();
    assertThat(waiting.isClosed()).isFalse();
    RecordingRequests.answerOnLoop(fixture.handler.get(0));
    fixture.world.pass(29_000);
    assertThat(waiting.isClosed()).isFalse();
    fixture.world.pass(2_000);
    assertThat(waiting.isClosed()).isTrue();
  }

  // ---- Connections -----------------------------------------------------------------------------

  @Test
  void b14_refusesConnectionsOverTheLimitOfAnAddress() {
    serveWith(RpcServerSettings.DEFAULTS.withMaxConnections(100, 3));
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      peers.add(fixture.greet());
    }
    RawPeer fourth = fixture.connect();
    fixture.awaitClosed(fourth);
    assertThat(fixture.server.stats().connectionsRefused()).isEqualTo(1);
    peers.get(0).close();
    fixture.world.await("one less", () -> fixture.server.stats().connections() == 2);
    assertThat(fixture.serves(fixture.greet())).isTrue();
  }

  @Test
  void b14_tellsWhoIsRefusedWhichLimitItIs() {
    serveWith(RpcServerSettings.DEFAULTS.withMaxConnections(100, 1));
    fixture.greet();
    RawPeer second = fixture.greet();
    Error error = fixture.awaitResponses(second, 1).get(0).getError();
    assertThat(error.getCode()).isEqualTo(ErrorCode.TOO_MANY_CONNECTIONS);
    assertThat(error.getMessage())
        .contains("has 1 connections to this listener")
        .contains("connections.per.address.max");
    fixture.world.pass(500);
    assertThat(second.isClosed()).as("it may have to read the answer first").isFalse();
    fixture.awaitClosed(second);
  }

  @Test
  void b14_aRefusedPeerThatSaysNothingOrNonsenseIsClosedSoon() {
    serveWith(RpcServerSettings.DEFAULTS.withMaxConnections(1, 100));
    fixture.greet();
    RawPeer silent = fixture.connect();
    RawPeer another = fixture.connect();
    another.send(ServerFixture.request(7));
    RawPeer wild = fixture.connect();
    wild.sendBytes(new byte[] {-1, -1, -1, -1, 0});
    fixture.world.pass(100);
    assertThat(silent.isClosed()).isFalse();
    assertThat(another.isClosed()).isTrue();
    assertThat(wild.isClosed()).isTrue();
    fixture.world.pass(1_000);
    assertThat(silent.isClosed()).isTrue();
    assertThat(another.frameCount() + wild.frameCount() + silent.frameCount()).isZero();
  }

  @Test
  void b14_keepsNoMoreThanAHundredToTellThem() {
    serveWith(RpcServerSettings.DEFAULTS.withMaxConnections(1, 100));
    fixture.greet();
    for (int i = 0; i < 100; i++) {
      fixture.connect();
    }
    RawPeer oneMore = fixture.connect();
    fixture.world.pass(100);
    assertThat(oneMore.isClosed()).isTrue();
    fixture.world.pass(1_000);
    RawPeer later = fixture.greet();
    assertThat(fixture.awaitResponses(later, 1).get(0).hasError()).isTrue();
  }

  @Test
  void b14_refusesConnectionsOverTheLimitInAll() {
    serveWith(RpcServerSettings.DEFAULTS.withMaxConnections(2, 100));
    fixture.greet();
    fixture.greet();
    fixture.awaitClosed(fixture.connect());
    assertThat(fixture.server.stats().connections()).isEqualTo(2);
    assertThat(fixture.server.stats().connectionsAccepted()).isEqualTo(2);
  }
}
