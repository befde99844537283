package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.rpc.ClientFixture.Outcome;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.Limits;
import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.MetadataResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The opening side against a far end that the test plays. */
class RpcClientTest {
  private static final ConnectionSettings SETTINGS = ConnectionSettings.of("test", "1");

  // ---- Hello -----------------------------------------------------------------------------------

  @Test
  void greetsAndTellsWhatTheOtherSideSaysOfItself() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS.withClusterId("cluster-1"))) {
      fixture.connect();
      Request hello = fixture.peer().requests().get(0);
      assertThat(hello.getHello())
          .isEqualTo(
              HelloRequest.newBuilder()
                  .setClientName("test")
                  .setClientVersion("1")
                  .setClusterId("cluster-1")
                  .build());
      fixture.peer().send(ClientFixture.hello(hello.getCorrelationId(), limits(5, 6, 7)));
      fixture.world.await("ready", () -> fixture.connection != null);
      assertThat(fixture.connection().hello().getLimits()).isEqualTo(limits(5, 6, 7));
      assertThat(fixture.connection().isOpen()).isTrue();
      assertThat(fixture.connection().remote()).isEqualTo(fixture.listener.address());
    }
  }

  private static Limits limits(int requestSize, int requests, int bytes) {
    return Limits.newBuilder()
        .setMaxRequestSize(requestSize)
        .setMaxInFlightRequests(requests)
        .setMaxInFlightBytes(bytes)
        .build();
  }

  @Test
  void saysThatNobodyListens() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS)) {
      fixture.listener.close();
      RpcClient.connect(
          fixture.world.near(),
          fixture.world.near().loops().get(0),
          fixture.listener.address(),
          SETTINGS,
          fixture);
      assertThat(fixture.awaitFailure()).hasMessageContaining("refused");
    }
  }

  @Test
  void saysThatTheOtherSideDoesNotAnswerTheHello() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS.withConnectTimeoutMillis(3_000))) {
      fixture.connect();
      assertThat(fixture.awaitFailure())
          .hasMessageContaining(fixture.listener.address().toString())
          .hasMessageContaining("did not answer the Hello in time");
      assertThat(fixture.world.scheduler().nanoTime()).isBetween(3_000_000_000L, 3_100_000_000L);
    }
  }

  @Test
  void saysThatTheOtherSideClosedBeforeItAnswered() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS)) {
      fixture.connect();
      fixture.peer().close();
      assertThat(fixture.awaitFailure()).hasMessageContaining("closed the connection before");
    }
  }

  @Test
  void saysWhyTheOtherSideRefused() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS)) {
      fixture.connect();
      fixture
          .peer()
          .send(
              Response.newBuilder()
                  .setCorrelationId(1)
                  .setError(Error.newBuilder().setMessage("not today"))
                  .build());
      assertThat(fixture.awaitFailure())
          .hasMessageContaining("refused")
          .hasMessageEndingWith("not today");
    }
  }

  @Test
  void b94_refusesABrokerOfAnotherCluster() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS.withClusterId("cluster-2"))) {
      fixture.connect();
      fixture.peer().send(ClientFixture.hello(1, Limits.getDefaultInstance()));
      assertThat(fixture.awaitFailure())
          .hasMessageContaining("is of cluster cluster-1, not of cluster-2");
      fixture.world.await("closed", () -> fixture.peer().isClosed());
    }
  }

  // ---- Requests and replies --------------------------------------------------------------------

  @Test
  void matchesRepliesToRequestsInAnyOrder() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      List<Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        outcomes.add(fixture.send());
      }
      fixture.awaitRequest(19);
      List<Request> requests = fixture.peer().requests().subList(1, 21);
      assertThat(requests).extracting(Request::getCorrelationId).doesNotHaveDuplicates();
      for (int i = 19; i >= 0; i--) {
        fixture
            .peer()
            .send(
                ClientFixture.answer(requests.get(i).getCorrelationId()).toBuilder()
                    .setPayload(ByteString.copyFrom(new byte[] {(byte) i}))
                    .build());
      }
      for (int i = 0; i < 20; i++) {
        Reply.Answered answered = (Reply.Answered) fixture.await(outcomes.get(i));
        assertThat(answered.payload().get(0)).isEqualTo((byte) i);
        assertThat(answered.response().getPayload()).isEmpty();
        answered.memory().release();
      }
    }
  }

  @Test
  void sendsThePayloadBehindTheHeadAndSaysWhenItIsFree() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome =
          fixture.send(10_000, true, new byte[] {1, 2}, new byte[] {}, new byte[] {3});
      Request request = fixture.awaitRequest(0);
      assertThat(request.getPayload().toByteArray()).containsExactly(1, 2, 3);
      assertThat(request.getTimeoutMs()).isEqualTo(10_000);
      assertThat(outcome.frees).isEqualTo(1);
      fixture.peer().send(ClientFixture.answer(request.getCorrelationId()));
      fixture.await(outcome);
      assertThat(outcome.frees).isEqualTo(1);
    }
  }

  @Test
  void handsOnAnErrorAsAnAnswer() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome = fixture.send();
      Request request = fixture.awaitRequest(0);
      Error error = Error.newBuilder().setMessage("busy").build();
      fixture
          .peer()
          .send(
              Response.newBuilder()
                  .setCorrelationId(request.getCorrelationId())
                  .setError(error)
                  .build());
      assertThat(((Reply.Answered) fixture.await(outcome)).response().getError()).isEqualTo(error);
    }
  }

  @Test
  void endsARequestWithoutAnAnswerOnceItIsWritten() {
    try (ClientFixture fixture = ClientFixture.ready(SETTINGS.withMaxInFlight(1, 1_000))) {
      Outcome outcome = fixture.send(10_000, false, new byte[10]);
      assertThat(fixture.await(outcome)).isInstanceOf(Reply.Answered.class);
      assertThat(outcome.frees).isEqualTo(1);
      assertThat(fixture.connection().canSend(1)).isTrue();
      fixture.awaitRequest(0);
    }
  }

  @Test
  void aReplyHandlerThatThrowsHarmsNoOther() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      fixture
          .connection()
          .loop()
          .execute(
              () ->
                  fixture
                      .connection()
                      .send(
                          Request.newBuilder()
                              .setListTopics(ListTopicsRequest.getDefaultInstance()),
                          List.of(),
                          1_000_000_000,
                          true,
                          reply -> {
                            throw new IllegalStateException("a test's own failure");
                          }));
      Outcome outcome = fixture.send();
      Request second = fixture.awaitRequest(1);
      Request first = fixture.awaitRequest(0);
      fixture.peer().send(ClientFixture.answer(first.getCorrelationId()));
      fixture.peer().send(ClientFixture.answer(second.getCorrelationId()));
      assertThat(fixture.await(outcome)).isInstanceOf(Reply.Answered.class);
    }
  }

  // ---- Limits ----------------------------------------------------------------------------------

  @Test
  void keepsToTheSmallerOfBothLimitsAndTellsWhenThereIsRoom() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS.withMaxInFlight(50, 1 << 20))) {
      fixture.connect();
      fixture.peer().send(ClientFixture.hello(1, limits(1 << 20, 2, 1 << 30)));
      fixture.world.await("ready", () -> fixture.connection != null);
      Outcome first = fixture.send();
      Outcome second = fixture.send();
      Request sent = fixture.awaitRequest(0);
      assertThat(fixture.connection().canSend(1)).isFalse();
      Outcome third = fixture.send();
      assertThat(fixture.await(third)).isInstanceOf(Reply.NotSent.class);
      assertThat(third.frees).isEqualTo(1);
      assertThat(fixture.rooms).isZero();

      fixture.peer().send(ClientFixture.answer(sent.getCorrelationId()));
      fixture.await(first);
      fixture.world.await("room", () -> fixture.rooms == 1);
      assertThat(fixture.connection().canSend(1)).isTrue();
      Outcome fourth = fixture.send();
      fixture.awaitRequest(2);
      assertThat(second.reply).isNull();
      assertThat(fourth.reply).isNull();
    }
  }

  @Test
  void boundsTheBytesInFlightButAlwaysLetsOneRequestThrough() {
    try (ClientFixture fixture = ClientFixture.ready(SETTINGS.withMaxInFlight(50, 1_000))) {
      assertThat(fixture.connection().canSend(5_000)).isTrue();
      Outcome large = fixture.send(10_000, true, new byte[5_000]);
      Request request = fixture.awaitRequest(0);
      assertThat(fixture.connection().canSend(1)).isFalse();
      assertThat(fixture.await(fixture.send())).isInstanceOf(Reply.NotSent.class);
      fixture.peer().send(ClientFixture.answer(request.getCorrelationId()));
      fixture.await(large);
      fixture.world.await("room", () -> fixture.rooms == 1);
    }
  }

  @Test
  void doesNotSendARequestThatTheOtherSideWouldNotTake() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS)) {
      fixture.connect();
      fixture.peer().send(ClientFixture.hello(1, limits(70_000, 0, 0)));
      fixture.world.await("ready", () -> fixture.connection != null);
      Outcome tooLarge = fixture.send(10_000, true, new byte[70_000]);
      Reply reply = fixture.await(tooLarge);
      assertThat(((Reply.NotSent) reply).why()).contains("takes at most 70000");
      assertThat(fixture.connection().isOpen()).isTrue();
      fixture.send(10_000, true, new byte[69_000]);
      fixture.awaitRequest(0);
    }
  }

  // ---- Time ------------------------------------------------------------------------------------

  @Test
  void i17_endsEachRequestAsUnknownAtItsOwnDeadline() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      long start = fixture.world.scheduler().nanoTime();
      Outcome slow = fixture.send(5_000, true);
      Outcome quick = fixture.send(1_000, true);
      Outcome middle = fixture.send(3_000, true);
      for (Outcome outcome : List.of(quick, middle, slow)) {
        Reply reply = fixture.await(outcome);
        assertThat(reply)
            .isInstanceOfSatisfying(Reply.Unknown.class, u -> assertThat(u.timedOut()).isTrue());
        long millis = (fixture.world.scheduler().nanoTime() - start) / 1_000_000;
        long expected = outcome == quick ? 1_000 : outcome == middle ? 3_000 : 5_000;
        assertThat(millis).isBetween(expected, expected + 20);
      }
      assertThat(fixture.connection().isOpen()).isTrue();
    }
  }

  @Test
  void takesAnAnswerThatComesTooLateAsRoomAndNothingElse() {
    try (ClientFixture fixture = ClientFixture.ready(SETTINGS.withMaxInFlight(1, 1_000))) {
      Outcome outcome = fixture.send(1_000, true);
      Request request = fixture.awaitRequest(0);
      fixture.await(outcome);
      assertThat(fixture.connection().canSend(1)).as("the other side still works on it").isFalse();
      fixture
          .peer()
          .send(
              ClientFixture.answer(request.getCorrelationId()).toBuilder()
                  .setPayload(ByteString.copyFrom(new byte[100]))
                  .build());
      fixture.world.await("room", () -> fixture.rooms == 1);
      assertThat(fixture.connection().isOpen()).isTrue();
    }
  }

  @Test
  void b99_keepsThePayloadUntilItIsWrittenThoughTheRequestHasTimedOut() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      fixture.peer().link.loop().execute(() -> fixture.peer().link.setReading(false));
      byte[] payload = new byte[1 << 20];
      Arrays.fill(payload, (byte) 7);
      Outcome outcome = fixture.send(1_000, true, payload);
      fixture.await(outcome);
      assertThat(outcome.frees).as("half of it is still to be written").isZero();
      fixture.peer().link.loop().execute(() -> fixture.peer().link.setReading(true));
      fixture.world.await("the payload is free", () -> outcome.frees == 1);
      assertThat(fixture.awaitRequest(0).getPayload()).isEqualTo(ByteString.copyFrom(payload));
    }
  }

  @Test
  void b99_keepsThePayloadUntilTheLinkHasClosed() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      fixture.peer().link.loop().execute(() -> fixture.peer().link.setReading(false));
      Outcome outcome = fixture.send(1_000, true, new byte[1 << 20]);
      fixture.await(outcome);
      assertThat(outcome.frees).isZero();
      fixture.connection().loop().execute(fixture.connection()::close);
      fixture.world.await("the payload is free", () -> outcome.frees == 1);
    }
  }

  // ---- Ends ------------------------------------------------------------------------------------

  @Test
  void i17_tellsWhatMayHaveLeftFromWhatCannot() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      fixture.peer().link.loop().execute(() -> fixture.peer().link.setReading(false));
      Outcome written = fixture.send(10_000, true, new byte[10]);
      Outcome cut = fixture.send(10_000, true, new byte[1 << 20]);
      Outcome behind = fixture.send(10_000, true, new byte[10]);
      Outcome last = fixture.send(10_000, false, new byte[10]);
      fixture.world.pass(100);
      assertThat(written.frees).isEqualTo(1);
      assertThat(cut.frees).isZero();
      fixture.connection().loop().execute(fixture.connection()::close);
      fixture.world.await("closed", () -> fixture.closings == 1);
      assertThat(written.reply()).isInstanceOf(Reply.Unknown.class);
      assertThat(cut.reply()).isInstanceOf(Reply.Unknown.class);
      assertThat(behind.reply()).isInstanceOf(Reply.NotSent.class);
      assertThat(last.reply()).isInstanceOf(Reply.NotSent.class);
      assertThat(fixture.closeCause).isNull();
      for (Outcome outcome : List.of(written, cut, behind, last)) {
        assertThat(outcome.frees).isEqualTo(1);
      }
    }
  }

  @Test
  void refusesRequestsOnceClosed() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      fixture.peer().close();
      fixture.world.await("closed", () -> fixture.closings == 1);
      assertThat(fixture.connection().isOpen()).isFalse();
      assertThat(fixture.connection().canSend(1)).isFalse();
      Outcome outcome = fixture.send(10_000, true, new byte[10]);
      assertThat(((Reply.NotSent) fixture.await(outcome)).why()).contains("is closed");
      assertThat(outcome.frees).isEqualTo(1);
    }
  }

  @Test
  void tellsThatTheNetworkBroke() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome = fixture.send();
      fixture.awaitRequest(0);
      fixture.world.network().reset("near", "far");
      assertThat(fixture.awaitClosed()).hasMessageContaining("reset");
      assertThat(outcome.reply())
          .isInstanceOfSatisfying(
              Reply.Unknown.class,
              unknown -> {
                assertThat(unknown.timedOut()).isFalse();
                assertThat(unknown.why()).contains("reset");
              });
    }
  }

  // ---- A broken or hostile broker --------------------------------------------------------------

  record Nonsense(String what, ByteString bytes, String told) {
    @Override
    public String toString() {
      return what;
    }
  }

  /** To a client whose first request after the Hello has the correlation id 2. */
  static List<Nonsense> nonsense() {
    Response twice = ClientFixture.answer(1);
    Response other =
        Response.newBuilder()
            .setCorrelationId(2)
            .setMetadata(MetadataResponse.getDefaultInstance())
            .build();
    Response both =
        ClientFixture.answer(2).toBuilder()
            .setError(Error.newBuilder().setMessage("and an error"))
            .build();
    byte[] http = "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    return List.of(
        nonsense("B11 answered again", RawPeer.frame(twice), "no request in flight"),
        nonsense(
            "B11 an id never used",
            RawPeer.frame(ClientFixture.answer(77)),
            "no request in flight"),
        nonsense("another api", RawPeer.frame(other), "api 11 to a request of api 23"),
        nonsense("an error and an answer", RawPeer.frame(both), "an error together with"),
        nonsense(
            "a part of an answer that nobody wants in parts",
            RawPeer.frame(ClientFixture.part(2)),
            "a part of an answer that was not asked for"),
        nonsense(
            "a part of an answer to nothing",
            RawPeer.frame(ClientFixture.part(77)),
            "no request in flight"),
        nonsense(
            "no answer at all",
            RawPeer.frame(Response.newBuilder().setCorrelationId(2).build()),
            "api 0 to a request of api 23"),
        nonsense("B93 negative length", new byte[] {-1, 0, 0, 0}, "announced a message"),
        nonsense("B93 2 GiB", new byte[] {127, -1, -1, -1}, "the limit is"),
        nonsense("B93 TLS alert", new byte[] {0x15, 3, 3, 0, 2, 2, 70}, "TLS"),
        nonsense("B93 HTTP", http, "HTTP"),
        nonsense("no message", RawPeer.frame(new byte[] {1, 2, 3}), "no valid response"),
        nonsense(
            "text that is none",
            RawPeer.frame(new byte[] {8, 2, 18, 4, 18, 2, (byte) 0xc3, 0x28}),
            "no valid response"));
  }

  private static Nonsense nonsense(String what, byte[] bytes, String told) {
    return new Nonsense(what, ByteString.copyFrom(bytes), told);
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void b11_b93_closesOnAnAnswerThatCannotBe(Nonsense nonsense) {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome = fixture.send(10_000, true);
      fixture.awaitRequest(0);
      fixture.peer().sendBytes(nonsense.bytes().toByteArray());
      assertThat(fixture.awaitClosed())
          .hasMessageContaining(fixture.listener.address().toString())
          .hasMessageContaining(nonsense.told());
      assertThat(outcome.reply()).isInstanceOf(Reply.Unknown.class);
    }
  }

  @Test
  void b93_closesOnAPartThatIsAnError() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome = fixture.sendForParts();
      fixture.awaitRequest(0);
      fixture
          .peer()
          .send(
              Response.newBuilder()
                  .setCorrelationId(2)
                  .setMore(true)
                  .setError(Error.newBuilder().setMessage("not the last word?"))
                  .build());
      assertThat(fixture.awaitClosed()).hasMessageContaining("a part of an answer");
      assertThat(outcome.parts).isEmpty();
      assertThat(outcome.reply()).isInstanceOf(Reply.Unknown.class);
    }
  }

  @Test
  void handsOnPartsAsTheyComeAndThenTheAnswer() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome = fixture.sendForParts();
      fixture.awaitRequest(0);
      fixture.peer().send(ClientFixture.part(2));
      fixture.world.await("a part", () -> outcome.parts.size() == 1);
      assertThat(outcome.reply).as("it is still in flight").isNull();
      fixture.peer().send(ClientFixture.part(2));
      fixture.peer().send(ClientFixture.answer(2));
      assertThat(fixture.await(outcome)).isInstanceOf(Reply.Answered.class);
      assertThat(outcome.parts).hasSize(2);
      assertThat(fixture.connection().isOpen()).isTrue();
    }
  }

  @Test
  void aPartThatComesTooLateHarmsNothing() {
    try (ClientFixture fixture = ClientFixture.ready()) {
      Outcome outcome = fixture.sendForParts();
      fixture.awaitRequest(0);
      assertThat(fixture.await(outcome)).isInstanceOf(Reply.Unknown.class);
      fixture.peer().send(ClientFixture.part(2));
      fixture.peer().send(ClientFixture.answer(2));
      Outcome next = fixture.send();
      fixture.awaitRequest(1);
      fixture.peer().send(ClientFixture.answer(3));
      assertThat(fixture.await(next)).isInstanceOf(Reply.Answered.class);
      assertThat(outcome.parts).isEmpty();
    }
  }

  @Test
  void b93_takesNothingLargeBeforeTheHello() {
    try (ClientFixture fixture = new ClientFixture(SETTINGS)) {
      fixture.connect();
      fixture.peer().sendBytes(ByteBuffer.allocate(4).putInt(1 << 20).array());
      assertThat(fixture.awaitFailure()).hasMessageContaining("the limit is 65536");
    }
  }

  @Test
  void f33_endsARequestAsUnknownWhereverItsAnswerIsCut() {
    byte[] answer =
        RawPeer.frame(
            ClientFixture.answer(2).toBuilder()
                .setPayload(ByteString.copyFrom(new byte[30]))
                .build());
    for (int size = 0; size <= answer.length; size++) {
      try (ClientFixture fixture = ClientFixture.ready()) {
        Outcome outcome = fixture.send();
        fixture.awaitRequest(0);
        fixture.peer().sendBytes(Arrays.copyOf(answer, size));
        fixture.world.pass(2);
        fixture.peer().close();
        Reply reply = fixture.await(outcome);
        if (size < answer.length) {
          assertThat(reply).isInstanceOf(Reply.Unknown.class);
        } else {
          Reply.Answered answered = (Reply.Answered) reply;
          assertThat(answered.payload().remaining()).isEqualTo(30);
          answered.memory().release();
        }
      }
    }
  }
}
