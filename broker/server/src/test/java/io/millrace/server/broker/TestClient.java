package io.millrace.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Connection;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.Reply;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.Transport;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsRequest;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One connection to a broker, below any client library. Any thread; answers are futures. */
final class TestClient {
  private static final long TIMEOUT_NANOS = 20_000_000_000L;

  private final Connection connection;

  private TestClient(Connection connection) {
    this.connection = connection;
  }

  /** An answer with its payload copied out. */
  record Answer(Response response, ByteBuffer payload) {
    List<String> records() {
      return Batches.records(payload);
    }
  }

  static CompletableFuture<TestClient> connect(Transport transport, int loop, Endpoint to) {
    CompletableFuture<TestClient> ready = new CompletableFuture<>();
    RpcClient.connect(
        transport,
        transport.loops().get(loop),
        to,
        ConnectionSettings.of("test", "1"),
        new Connection.Listener() {
          @Override
          public void onReady(Connection connection) {
            ready.complete(new TestClient(connection));
          }

          @Override
          public void onFailed(Throwable cause) {
            ready.completeExceptionally(cause);
          }

          @Override
          public void onClosed(Connection connection, @Nullable Throwable cause) {}
        });
    return ready;
  }

  Connection connection() {
    return connection;
  }

  void close() {
    connection.loop().execute(connection::close);
  }

  CompletableFuture<Answer> send(Request.Builder request, ByteBuffer... payload) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    boolean answered =
        !request.hasProduce() || request.getProduce().getDurability() != Durability.NONE;
    connection
        .loop()
        .execute(
            () ->
                connection.send(
                    request,
                    List.of(payload),
                    TIMEOUT_NANOS,
                    answered,
                    reply -> end(reply, answer)));
    return answer;
  }

  private static void end(Reply reply, CompletableFuture<Answer> answer) {
    if (reply instanceof Reply.Answered answered) {
      ByteBuffer copy = ByteBuffer.allocate(answered.payload().remaining());
      copy.put(answered.payload()).flip();
      answered.memory().release();
      answer.complete(new Answer(answered.response(), copy));
    } else {
      answer.completeExceptionally(new IllegalStateException("no answer: " + reply));
    }
  }

  CompletableFuture<Answer> createTopic(String name, int partitions, Map<String, String> settings) {
    return send(
        Request.newBuilder()
            .setCreateTopic(
                CreateTopicRequest.newBuilder()
                    .setName(name)
                    .setPartitions(partitions)
                    .putAllSettings(settings)));
  }

  CompletableFuture<Answer> metadata(String... topics) {
    return send(
        Request.newBuilder()
            .setMetadata(MetadataRequest.newBuilder().addAllTopics(List.of(topics))));
  }

  CompletableFuture<Answer> produce(
      String topicId, int partition, Durability durability, ByteBuffer batches) {
    return send(
        Request.newBuilder()
            .setProduce(
                ProduceRequest.newBuilder()
                    .setDurability(durability)
                    .addPartitions(share(topicId, partition, batches))),
        batches);
  }

  static ProducePartition.Builder share(String topicId, int partition, ByteBuffer batches) {
    return ProducePartition.newBuilder()
        .setTopicId(topicId)
        .setPartition(partition)
        .setSize(batches.remaining());
  }

  CompletableFuture<Answer> fetch(String topicId, int partition, long offset, int maxWaitMillis) {
    return send(
        Request.newBuilder()
            .setFetch(
                FetchRequest.newBuilder()
                    .setMaxWaitMs(maxWaitMillis)
                    .setMinBytes(1)
                    .setMaxBytes(50 << 20)
                    .addPartitions(fetchPartition(topicId, partition, offset))));
  }

  static FetchPartition.Builder fetchPartition(String topicId, int partition, long offset) {
    return FetchPartition.newBuilder()
        .setTopicId(topicId)
        .setPartition(partition)
        .setFetchOffset(offset)
        .setMaxBytes(1 << 20);
  }

  CompletableFuture<Answer> listOffsets(ListOffsetsPartition.Builder partition) {
    return send(
        Request.newBuilder()
            .setListOffsets(ListOffsetsRequest.newBuilder().addPartitions(partition)));
  }

  /** The answer must not be an error as a whole. */
  static Answer good(Answer answer) {
    assertThat(answer.response().hasError())
        .describedAs("%s", answer.response().getError())
        .isFalse();
    return answer;
  }
}
