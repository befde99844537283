package io.millrace.rpc;

import io.millrace.wire.FrameHead;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request between its arrival and its answer. Its links in the list are the connection's. */
final class ServerRequest implements InboundRequest {
  private static final VarHandle MEMORY;
  private static final VarHandle FINISHED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MEMORY = lookup.findVarHandle(ServerRequest.class, "memory", ReceivedBytes.class);
      FINISHED = lookup.findVarHandle(ServerRequest.class, "finished", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ServerConnection connection;
  private final Request head;
  private final ByteBuffer payload;
  private final long deadlineNanos;

  /** Of the frame, as it counts against the bytes in flight. */
  final int size;

  // From any thread, through the handles above only.
  @SuppressWarnings("unused")
  private volatile @Nullable ReceivedBytes memory;

  @SuppressWarnings("unused")
  private volatile boolean finished;

  // On the loop.
  private @Nullable Runnable whenAbandoned;
  @Nullable ServerRequest older;
  @Nullable ServerRequest newer;

  /**
   * @param payload null: none
   * @param memory the payload's; null when there is none
   */
  ServerRequest(
      ServerConnection connection,
      Request head,
      @Nullable ByteBuffer payload,
      @Nullable ReceivedBytes memory,
      int size,
      long deadlineNanos) {
    this.connection = connection;
    this.head = head;
    this.payload = payload == null ? NoBytes.BUFFER : payload;
    this.memory = memory;
    this.size = size;
    this.deadlineNanos = deadlineNanos;
  }

  @Override
  public Request head() {
    return head;
  }

  @Override
  public ByteBuffer payload() {
    return payload.duplicate();
  }

  @Override
  public void releasePayload() {
    ReceivedBytes taken = (ReceivedBytes) MEMORY.getAndSet(this, (ReceivedBytes) null);
    if (taken != null) {
      taken.release();
    }
  }

  @Override
  public EventLoop loop() {
    return connection.loop();
  }

  @Override
  public Endpoint remote() {
    return connection.remote();
  }

  @Override
  public long deadlineNanos() {
    return deadlineNanos;
  }

  @Override
  public boolean isOpen() {
    return connection.isOpen();
  }

  @Override
  public void onAbandoned(Runnable action) {
    loop().assertInLoop();
    if (!isOpen()) {
      action.run();
      return;
    }
    Runnable earlier = whenAbandoned;
    whenAbandoned =
        earlier == null
            ? action
            : () -> {
              earlier.run();
              action.run();
            };
  }

  /** By the connection, when it closes and this has not been answered; only the first time acts. */
  void abandon() {
    Runnable action = whenAbandoned;
    if (action != null && !finished) {
      whenAbandoned = null;
      action.run();
    }
  }

  @Override
  public void answer(Response.Builder response, List<Payload> parts) {
    // Encoded on the caller's thread: what is prepared elsewhere costs the loop nothing.
    ByteBuffer frame =
        FrameHead.encode(
            response.setCorrelationId(head.getCorrelationId()).build(), Payload.sizeOf(parts));
    finish(frame, parts);
  }

  @Override
  public void refuse(ErrorCode code, String message) {
    answer(
        Response.newBuilder().setError(Error.newBuilder().setCode(code).setMessage(message)),
        List.of());
  }

  @Override
  public void drop() {
    finish(null, List.of());
  }

  private void finish(@Nullable ByteBuffer frame, List<Payload> parts) {
    if ((boolean) FINISHED.getAndSet(this, true)) {
      Payload.release(parts);
      throw new IllegalStateException("a request from " + remote() + " was answered twice");
    }
    releasePayload();
    if (loop().inLoop()) {
      connection.finish(this, frame, parts);
    } else {
      loop().execute(() -> connection.finish(this, frame, parts));
    }
  }

  boolean isFinished() {
    return finished;
  }
}
