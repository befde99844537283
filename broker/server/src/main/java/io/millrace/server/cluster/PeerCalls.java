package io.millrace.server.cluster;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.Connection;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Reply;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.Transport;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Single requests to other brokers, each over a connection of its own to their internal listener:
 * for what is rare. Any thread.
 */
public final class PeerCalls {
  private static final String INTERNAL = "internal";

  private final Transport transport;
  private final ConnectionSettings settings;
  private final EventLoop home;

  /** What came of a call. */
  public sealed interface Outcome {
    /**
     * It may be an error.
     *
     * @param payload a copy; empty where there is none
     */
    record Answered(Response response, ByteBuffer payload) implements Outcome {}

    /** It may have been heard or not. */
    record NoAnswer(String why) implements Outcome {}
  }

  /**
   * @param home where outcomes are told
   */
  public PeerCalls(Transport transport, ConnectionSettings settings, EventLoop home) {
    this.transport = transport;
    this.settings = settings;
    this.home = home;
  }

  /**
   * @return completes on the home loop, in bounded time
   */
  public CompletionStage<Outcome> ask(
      BrokerImage peer, Request.Builder request, long timeoutNanos) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Endpoint address = peer.endpoints().get(INTERNAL);
    if (address == null) {
      outcome.complete(new Outcome.NoAnswer("broker " + peer.id() + " has no internal listener"));
      return outcome;
    }
    EventLoop loop = transport.loops().get(Math.floorMod(peer.id(), transport.loops().size()));
    RpcClient.connect(
        transport,
        loop,
        address,
        settings,
        new Connection.Listener() {
          @Override
          public void onReady(Connection connection) {
            connection.send(
                request,
                List.of(),
                timeoutNanos,
                true,
                reply -> {
                  end(reply);
                  connection.close();
                });
          }

          private void end(Reply reply) {
            if (reply instanceof Reply.Answered answered) {
              ByteBuffer payload = ByteBuffer.allocate(answered.payload().remaining());
              payload.put(answered.payload().duplicate()).flip();
              answered.memory().release();
              tell(new Outcome.Answered(answered.response(), payload));
            } else {
              tell(new Outcome.NoAnswer("broker " + peer.id() + " did not answer: " + reply));
            }
          }

          @Override
          public void onFailed(Throwable cause) {
            tell(new Outcome.NoAnswer("broker " + peer.id() + " cannot be reached: " + cause));
          }

          @Override
          public void onClosed(Connection connection, @Nullable Throwable cause) {
            // A request that was in flight has had its end before.
          }

          private void tell(Outcome told) {
            home.execute(() -> outcome.complete(told));
          }
        });
    return outcome;
  }
}
