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

/**
 * One request from its arrival until the network has its answer. Its links in the list are the
 * connection's.
 */
final class ServerRequest implements InboundRequest, RequestPhases.Finished, Link.WriteDone {
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
  private final long arrivedNanos;
  private final long startedNanos;
  private final long deadlineNanos;

  /** Of the frame, as it counts against the bytes in flight. */
  final int size;

  // From any thread, through the handles above only.
  @SuppressWarnings("unused")
  private volatile @Nullable ReceivedBytes memory;

  @SuppressWarnings("unused")
  private volatile boolean finished;

  // By whoever finishes, before the loop hears of it.
  private long answeredNanos;
  private long answerSize;
  private ErrorCode error = ErrorCode.ERROR_CODE_UNSPECIFIED;

  // On the loop.
  private RequestPhases.Outcome outcome = RequestPhases.Outcome.LOST;
  private long writtenNanos;
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
      long arrivedNanos,
      long startedNanos,
      long deadlineNanos) {
    this.connection = connection;
    this.head = head;
    this.payload = payload == null ? NoBytes.BUFFER : payload;
    this.memory = memory;
    this.size = size;
    this.arrivedNanos = arrivedNanos;
    this.startedNanos = startedNanos;
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
    long payloadSize = Payload.sizeOf(parts);
    Response message = response.setCorrelationId(head.getCorrelationId()).build();
    ByteBuffer frame = FrameHead.encode(message, payloadSize);
    finish(frame, payloadSize, message, parts);
  }

  @Override
  public void answerPart(Response.Builder response) {
    loop().assertInLoop();
    connection.part(this, response.setMore(true));
  }

  @Override
  public void refuse(ErrorCode code, String message) {
    answer(
        Response.newBuilder().setError(Error.newBuilder().setCode(code).setMessage(message)),
        List.of());
  }

  @Override
  public void drop() {
    finish(null, 0, null, List.of());
  }

  private void finish(
      @Nullable ByteBuffer frame,
      long payloadSize,
      @Nullable Response answer,
      List<Payload> parts) {
    if ((boolean) FINISHED.getAndSet(this, true)) {
      Payload.release(parts);
      throw new IllegalStateException("a request from " + remote() + " was answered twice");
    }
    releasePayload();
    answeredNanos = loop().clock().nanoTime();
    if (frame != null && answer != null) {
      answerSize = frame.remaining() + payloadSize;
      error = answer.getError().getCode();
    }
    if (loop().inLoop()) {
      connection.finish(this, frame, parts);
    } else {
      loop().execute(() -> connection.finish(this, frame, parts));
    }
  }

  boolean isFinished() {
    return finished;
  }

  // ---- When it is over -------------------------------------------------------------------------

  /** By the connection, when nothing is sent: nothing was wanted, or nobody is there any more. */
  void over(RequestPhases.Outcome how) {
    outcome = how;
    writtenNanos = answeredNanos;
    connection.over(this);
  }

  /** By the link: the answer is out, or never will be. */
  @Override
  public void done(boolean written) {
    outcome = written ? RequestPhases.Outcome.ANSWERED : RequestPhases.Outcome.LOST;
    writtenNanos = loop().clock().nanoTime();
    connection.over(this);
  }

  @Override
  public Request.ApiCase api() {
    return head.getApiCase();
  }

  @Override
  public RequestPhases.Outcome outcome() {
    return outcome;
  }

  @Override
  public ErrorCode error() {
    return error;
  }

  @Override
  public long sizeBytes() {
    return size;
  }

  @Override
  public long answerSizeBytes() {
    return answerSize;
  }

  @Override
  public long arrivedNanos() {
    return arrivedNanos;
  }

  @Override
  public long startedNanos() {
    return startedNanos;
  }

  @Override
  public long answeredNanos() {
    return answeredNanos;
  }

  @Override
  public long writtenNanos() {
    return writtenNanos;
  }
}
