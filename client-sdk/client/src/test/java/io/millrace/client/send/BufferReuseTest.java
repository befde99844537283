package io.millrace.client.send;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Callback;
import io.millrace.client.ProducerSettings;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.ClusterSettings;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.client.fake.FakeCluster;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Reply;
import io.millrace.rpc.ReplyHandler;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** When the memory of a batch is used again, over a connection that the test answers for. */
class BufferReuseTest {
  private final SimulatedWorld world = new SimulatedWorld(2, 1);
  private final EventLoop loop = world.clientTransport().loops().get(0);
  private final HandConnection connection = new HandConnection();
  private final SendEngine engine;
  private final List<Object> outcomes = new ArrayList<>();

  BufferReuseTest() {
    world.cluster().createTopic("notes", 1);
    ProducerSettings settings =
        ProducerSettings.builder("zk").retryUnknownOutcome(false).idempotence(false).build();
    Cluster cluster =
        new Cluster(
            loop,
            world.clientTasks(),
            world.cluster(),
            (to, clusterId, listener) -> loop.execute(() -> connection.opened(listener)),
            ClusterSettings.of(settings));
    engine = new SendEngine(cluster, SendSettings.of(settings), EndListener.NONE);
    loop.execute(
        () -> {
          cluster.start();
          engine.start();
          engine.lookup("notes", (topic, e) -> {});
        });
    world.await("the topic", () -> engine.topic("notes") != null);
  }

  /** Keeps what it is given to send. */
  private final class HandConnection implements Connection {
    record Sent(List<ByteBuffer> payload, ReplyHandler handler) {}

    final List<Sent> sent = new ArrayList<>();
    boolean open;

    void opened(Listener listener) {
      open = true;
      listener.onReady(this);
    }

    @Override
    public EventLoop loop() {
      return loop;
    }

    @Override
    public Endpoint remote() {
      return new Endpoint("hand", 1);
    }

    @Override
    public HelloResponse hello() {
      return HelloResponse.newBuilder().setClusterId(FakeCluster.CLUSTER_ID).setBrokerId(1).build();
    }

    @Override
    public void send(
        Request.Builder request,
        List<ByteBuffer> payload,
        long timeoutNanos,
        boolean answered,
        ReplyHandler handler) {
      sent.add(new Sent(List.copyOf(payload), handler));
    }

    @Override
    public boolean canSend(long bytes) {
      return true;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      // The test decides when the network has let go.
    }
  }

  private void append(String value) {
    SendTopic topic = Objects.requireNonNull(engine.topic("notes"));
    Callback callback = (metadata, error) -> outcomes.add(error == null ? "written" : error);
    byte[] bytes = value.getBytes(UTF_8);
    engine.append(topic, 0, 1, null, bytes, List.of(), callback, bytes.length);
    world.runFor(Duration.ofMillis(10));
  }

  private void run(Runnable task) {
    loop.execute(task);
    world.runFor(Duration.ofMillis(200));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  @Test
  @DisplayName("B99: a request expires while its buffer is still being written")
  void b99_aBufferIsNotUsedAgainWhileItIsBeingWritten() {
    append("first");
    HandConnection.Sent first = connection.sent.get(0);
    byte[] before = bytes(first.payload().get(0));
    run(() -> first.handler().onReply(new Reply.Unknown("time-out", true)));
    assertThat(outcomes).singleElement().isInstanceOf(OutcomeUnknownException.class);
    assertThat(engine.usedBytes()).as("the network still reads it").isPositive();

    for (int i = 0; i < 20; i++) {
      append("another " + i);
      int last = connection.sent.size() - 1;
      HandConnection.Sent next = connection.sent.get(last);
      assertThat(next.payload().get(0)).isNotSameAs(first.payload().get(0));
      run(
          () -> {
            next.handler().onPayloadFree();
            next.handler().onReply(new Reply.Unknown("lost", false));
          });
    }
    assertThat(bytes(first.payload().get(0))).isEqualTo(before);

    run(() -> first.handler().onPayloadFree());
    assertThat(engine.usedBytes()).isZero();
    assertThat(outcomes).hasSize(21);
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  @Test
  @DisplayName("B99: nor when its records ended before the answer came")
  void b99_aBufferIsNotUsedAgainBeforeItsAnswerIsIn() {
    append("first");
    HandConnection.Sent first = connection.sent.get(0);
    run(() -> first.handler().onPayloadFree());
    world.runFor(Duration.ofSeconds(121));
    assertThat(outcomes).singleElement().isInstanceOf(OutcomeUnknownException.class);
    assertThat(engine.usedBytes()).isPositive();
    run(() -> first.handler().onReply(new Reply.Unknown("lost", false)));
    assertThat(engine.usedBytes()).isZero();
    assertThat(outcomes).as("told once").hasSize(1);
    assertThat(world.scheduler().thrown()).isEmpty();
  }
}
