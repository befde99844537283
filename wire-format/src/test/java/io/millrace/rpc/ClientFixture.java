package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Limits;
import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A connection on the near side of a simulated network, and a far end that the test plays. */
final class ClientFixture implements AutoCloseable, Connection.Listener {
  final MemoryWorld world = new MemoryWorld(31);
  final List<RawPeer> accepted = new ArrayList<>();
  final Transport.Listener listener;
  final ConnectionSettings settings;

  @Nullable Connection connection;
  @Nullable Throwable failure;
  int closings;
  @Nullable Throwable closeCause;
  int rooms;

  ClientFixture(ConnectionSettings settings) {
    this.settings = settings;
    try {
      listener =
          world
              .far()
              .listen(
                  world.address(),
                  link -> {
                    RawPeer peer = new RawPeer(link);
                    accepted.add(peer);
                    return peer;
                  });
    } catch (IOException e) {
      throw new AssertionError("a simulated port was taken", e);
    }
  }

  static ClientFixture ready(ConnectionSettings settings) {
    ClientFixture fixture = new ClientFixture(settings);
    fixture.connect();
    fixture.peer().send(hello(1, Limits.getDefaultInstance()));
    fixture.world.await("ready", () -> fixture.connection != null);
    return fixture;
  }

  static ClientFixture ready() {
    return ready(ConnectionSettings.of("test", "1"));
  }

  /** As far as to the Hello's arrival. */
  void connect() {
    RpcClient.connect(
        world.near(), world.near().loops().get(0), listener.address(), settings, this);
    world.await("Hello", () -> !accepted.isEmpty() && peer().frameCount() == 1);
  }

  RawPeer peer() {
    return accepted.get(accepted.size() - 1);
  }

  Connection connection() {
    return Objects.requireNonNull(connection);
  }

  static Response hello(long correlationId, Limits limits) {
    return Response.newBuilder()
        .setCorrelationId(correlationId)
        .setHello(HelloResponse.newBuilder().setClusterId("cluster-1").setLimits(limits))
        .build();
  }

  static Response answer(long correlationId) {
    return Response.newBuilder()
        .setCorrelationId(correlationId)
        .setListTopics(ListTopicsResponse.getDefaultInstance())
        .build();
  }

  static Response part(long correlationId) {
    return answer(correlationId).toBuilder().setMore(true).build();
  }

  /** Hears how one request ends, and checks that it does so once. */
  static final class Outcome implements ReplyHandler {
    final List<Response> parts = new ArrayList<>();
    private final boolean wantsParts;
    @Nullable Reply reply;
    int frees;

    Outcome(boolean wantsParts) {
      this.wantsParts = wantsParts;
    }

    @Override
    public boolean onPart(Response part) {
      assertThat(reply).as("an earlier reply").isNull();
      return wantsParts && parts.add(part);
    }

    @Override
    public void onReply(Reply ended) {
      assertThat(reply).as("an earlier reply").isNull();
      reply = ended;
    }

    @Override
    public void onPayloadFree() {
      frees++;
    }

    Reply reply() {
      return Objects.requireNonNull(reply);
    }
  }

  Outcome send(long timeoutMillis, boolean answered, byte[]... payload) {
    return send(new Outcome(false), timeoutMillis, answered, payload);
  }

  Outcome sendForParts() {
    return send(new Outcome(true), 10_000, true);
  }

  private Outcome send(Outcome outcome, long timeoutMillis, boolean answered, byte[]... payload) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (byte[] part : payload) {
      parts.add(ByteBuffer.wrap(part));
    }
    connection()
        .loop()
        .execute(
            () ->
                connection()
                    .send(
                        Request.newBuilder().setListTopics(ListTopicsRequest.getDefaultInstance()),
                        parts,
                        timeoutMillis * 1_000_000,
                        answered,
                        outcome));
    return outcome;
  }

  Outcome send() {
    return send(10_000, true);
  }

  Reply await(Outcome outcome) {
    world.await("a reply", () -> outcome.reply != null);
    return outcome.reply();
  }

  /** The far end's view: the request after the Hello, by its place. */
  Request awaitRequest(int index) {
    world.await("request " + index, () -> peer().frameCount() > index + 1);
    return peer().requests().get(index + 1);
  }

  @Override
  public void onReady(Connection ready) {
    assertThat(connection).isNull();
    connection = ready;
  }

  @Override
  public void onFailed(Throwable cause) {
    assertThat(failure).isNull();
    assertThat(connection).isNull();
    failure = cause;
  }

  @Override
  public void onRoom(Connection where) {
    rooms++;
  }

  @Override
  public void onClosed(Connection closed, @Nullable Throwable cause) {
    closings++;
    closeCause = cause;
  }

  Throwable awaitFailure() {
    world.await("failure", () -> failure != null);
    return Objects.requireNonNull(failure);
  }

  Throwable awaitClosed() {
    world.await("closed", () -> closings == 1);
    return Objects.requireNonNull(closeCause);
  }

  @Override
  public void close() {
    world.close();
  }
}
