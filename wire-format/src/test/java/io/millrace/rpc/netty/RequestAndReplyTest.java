package io.millrace.rpc.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Connection;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.Payload;
import io.millrace.rpc.Reply;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.rpc.SystemTasks;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RequestAndReplyTest {
  @Test
  void answersARequestOverARealSocket() throws Exception {
    try (NettyTransport transport = new NettyTransport(new SystemTasks(), 2)) {
      RpcServer server =
          RpcServer.listen(
              transport,
              new Endpoint("127.0.0.1", 0),
              RpcServerSettings.DEFAULTS,
              () ->
                  HelloResponse.newBuilder()
                      .setClusterId("test")
                      .setLimits(RpcServerSettings.DEFAULTS.limits())
                      .build(),
              request ->
                  request.answer(
                      Response.newBuilder().setFetch(FetchResponse.getDefaultInstance()),
                      List.of(
                          new Payload.Bytes(
                              ByteBuffer.wrap(
                                  "answer".getBytes(java.nio.charset.StandardCharsets.UTF_8))))));
      CompletableFuture<Connection> ready = new CompletableFuture<>();
      RpcClient.connect(
          transport,
          transport.loops().get(0),
          server.address(),
          ConnectionSettings.of("test", "1"),
          new Connection.Listener() {
            @Override
            public void onReady(Connection connection) {
              ready.complete(connection);
            }

            @Override
            public void onFailed(Throwable cause) {
              ready.completeExceptionally(cause);
            }

            @Override
            public void onClosed(Connection connection, @Nullable Throwable cause) {}
          });
      Connection connection = ready.get(10, TimeUnit.SECONDS);
      CompletableFuture<String> answer = new CompletableFuture<>();
      connection
          .loop()
          .execute(
              () ->
                  connection.send(
                      Request.newBuilder().setFetch(FetchRequest.getDefaultInstance()),
                      List.of(ByteBuffer.allocate(300_000)),
                      1_000_000_000,
                      true,
                      reply -> {
                        Reply.Answered answered = (Reply.Answered) reply;
                        byte[] bytes = new byte[answered.payload().remaining()];
                        answered.payload().get(bytes);
                        answered.memory().release();
                        answer.complete(new String(bytes, java.nio.charset.StandardCharsets.UTF_8));
                      }));
      assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("answer");
    }
  }
}
