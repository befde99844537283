package io.millrace.rpc;

import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The side that opened: sends requests and matches the answers. All on its loop. */
public interface Connection {
  EventLoop loop();

  Endpoint remote();

  /** What the other side said of itself. */
  HelloResponse hello();

  /**
   * Sends at once, or ends with {@link Reply.NotSent} when the connection has closed or as much is
   * in flight as the two sides agreed on; see {@link #canSend}.
   *
   * @param request its correlation id is filled in here
   * @param payload goes behind the head; must not change until {@link ReplyHandler#onPayloadFree}
   * @param timeoutNanos from now until the reply is {@link Reply.Unknown}
   * @param answered false for a request that gets no answer: it ends with an empty {@link
   *     Reply.Answered} once written
   */
  void send(
      Request.Builder request,
      List<ByteBuffer> payload,
      long timeoutNanos,
      boolean answered,
      ReplyHandler handler);

  /** Whether a request of so many bytes would be taken now. */
  boolean canSend(long bytes);

  boolean isOpen();

  /** Requests in flight end with {@link Reply.Unknown}. */
  void close();

  /** What the opener wants to hear of its connection, on its loop. */
  interface Listener {
    /** Hello has been answered; exactly one of this and {@link #onFailed} comes, once. */
    void onReady(Connection connection);

    /** It never became ready: refused, unreachable, not a Millrace broker, another cluster. */
    void onFailed(Throwable cause);

    /** There is room again after {@link Connection#canSend} said no. */
    default void onRoom(Connection connection) {}

    /** After {@link #onReady}, once, when it has closed. */
    void onClosed(Connection connection, @Nullable Throwable cause);
  }
}
