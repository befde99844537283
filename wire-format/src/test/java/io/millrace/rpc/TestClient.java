package io.millrace.rpc;

import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A real connection, for tests on their own thread. */
public final class TestClient implements Connection.Listener {
  private final CompletableFuture<Connection> ready = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Throwable> closed = new CompletableFuture<>();

  public TestClient(Transport transport, Endpoint to) {
    RpcClient.connect(
        transport, transport.loops().get(0), to, ConnectionSettings.of("test", "1"), this);
  }

  @Override
  public void onReady(Connection connection) {
    ready.complete(connection);
  }

  @Override
  public void onFailed(Throwable cause) {
    ready.completeExceptionally(cause);
  }

  @Override
  public void onClosed(Connection connection, @Nullable Throwable cause) {
    closed.complete(cause);
  }

  public Connection connection() throws Exception {
    return get(ready);
  }

  /** Why it closed; null: in an orderly way. */
  public @Nullable Throwable awaitClosed() throws Exception {
    return closed.get(30, TimeUnit.SECONDS);
  }

  /** The payload of the answer to a request with this payload. */
  public byte[] call(byte[] payload) throws Exception {
    Connection connection = connection();
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    connection
        .loop()
        .execute(
            () ->
                connection.send(
                    Request.newBuilder().setListTopics(ListTopicsRequest.getDefaultInstance()),
                    List.of(ByteBuffer.wrap(payload)),
                    20_000_000_000L,
                    true,
                    reply -> {
                      if (reply instanceof Reply.Answered answered) {
                        byte[] bytes = new byte[answered.payload().remaining()];
                        answered.payload().get(bytes);
                        answered.memory().release();
                        answer.complete(bytes);
                      } else {
                        answer.completeExceptionally(new AssertionError(reply));
                      }
                    }));
    return get(answer);
  }

  private static <T> T get(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(30, TimeUnit.SECONDS);
  }
}
