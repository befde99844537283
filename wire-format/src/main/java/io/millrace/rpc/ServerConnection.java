package io.millrace.rpc;

import static io.millrace.wire.v1.ErrorCode.INVALID_REQUEST;
import static io.millrace.wire.v1.ErrorCode.UNSUPPORTED;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.FrameHead;
import io.millrace.wire.FrameLength;
import io.millrace.wire.MessageScan;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One accepted connection: Hello, then requests. On its link's loop.
 *
 * <p>Reading stops while as many requests or bytes are in flight as allowed, or while the peer does
 * not take its answers; frames already received wait in the assembler. Input that is no message of
 * ours closes this connection and touches no other.
 */
final class ServerConnection implements LinkHandler {
  private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);

  private static final Link.WriteDone NOBODY_WAITS = written -> {};

  private enum Stage {
    /** Nothing but a Hello is taken. Next: SERVING, DRAINING, CLOSED. */
    GREETING,
    /** Next: DRAINING, CLOSED. */
    SERVING,
    /** An error is on its way out; what still comes in is thrown away. Next: CLOSED. */
    DRAINING,
    CLOSED
  }

  /**
   * Closing at once would make the kernel answer unread bytes with a reset, which may overtake the
   * error that tells the peer what it did wrong.
   */
  private static final long DRAIN_NANOS = 500_000_000;

  private final RpcServer server;
  private final Link link;
  private final ServerLoop shared;
  private final FrameAssembler frames;
  private final ServerDeadlines deadlines;
  private final RequestsInFlight inFlight;

  private Stage stage = Stage.GREETING;
  private boolean reading = true;
  private boolean processing;
  private boolean resumeQueued;
  private long drainUntilNanos;

  ServerConnection(RpcServer server, Link link, ServerLoop shared) {
    this.server = server;
    this.link = link;
    this.shared = shared;
    frames = new FrameAssembler(link::newBuffer, RpcServerSettings.HELLO_SIZE_LIMIT);
    deadlines = new ServerDeadlines(server.settings().timeouts(), now());
    inFlight = new RequestsInFlight(server.settings());
  }

  EventLoop loop() {
    return link.loop();
  }

  Endpoint remote() {
    return link.remote();
  }

  /** Whether an answer would still go out. */
  boolean isOpen() {
    return stage == Stage.GREETING || stage == Stage.SERVING;
  }

  private long now() {
    return link.loop().clock().nanoTime();
  }

  // ---- Coming in -------------------------------------------------------------------------------

  @Override
  public void onBytes(ReceivedBytes bytes) {
    if (!isOpen()) {
      bytes.release();
      return;
    }
    deadlines.active(now());
    frames.add(bytes);
    takeFrames();
  }

  @Override
  public void onWritable() {
    takeFrames();
  }

  /** As many as there is room for; then reads on, or stops reading. */
  private void takeFrames() {
    if (processing) {
      return; // a handler answered at once: the loop below goes on by itself
    }
    processing = true;
    try {
      boolean complete = false;
      while (isOpen() && hasRoom()) {
        FrameAssembler.Step step = frames.next();
        if (step == FrameAssembler.Step.BAD_LENGTH) {
          cut(FrameLength.whyRefused(frames.length(), frames.limit()));
        } else if (step == FrameAssembler.Step.FRAME) {
          complete = true;
          takeFrame(frames.message(), frames.takeMemory());
        } else {
          watchTheRest(complete);
          break;
        }
      }
    } finally {
      processing = false;
    }
    setReading(hasRoom() || !isOpen());
  }

  private boolean hasRoom() {
    return inFlight.hasRoom() && link.isWritable();
  }

  private void watchTheRest(boolean tookFrames) {
    if (!frames.isWithinFrame()) {
      deadlines.noFrame();
    } else if (tookFrames || !deadlines.isWithinFrame()) {
      deadlines.frameBegun(now());
    }
  }

  private void setReading(boolean read) {
    if (reading != read) {
      reading = read;
      if (!read) {
        deadlines.noFrame(); // now it is us who are slow
      }
      link.setReading(read);
    }
  }

  /** Owns the memory. */
  private void takeFrame(ByteBuffer message, ReceivedBytes memory) {
    MessageScan scan = shared.scan;
    MessageScan.Verdict verdict = scan.scan(message);
    if (verdict == MessageScan.Verdict.UNKNOWN_API) {
      memory.release();
      refuse(UNSUPPORTED, "api " + scan.api() + " is not known here; known: " + scan.knownApis());
      return;
    }
    Request head = verdict == MessageScan.Verdict.VALID ? parse(message, scan) : null;
    if (head == null) {
      memory.release();
      malformed(verdict.text());
    } else if (head.getApiCase() == Request.ApiCase.API_NOT_SET) {
      memory.release();
      refuse(INVALID_REQUEST, "the request names no api; known: " + scan.knownApis());
    } else if (head.getApiCase() == Request.ApiCase.HELLO) {
      memory.release();
      greet(head);
    } else if (stage == Stage.GREETING) {
      memory.release();
      refuseAndClose("the first request on a connection must be a Hello");
    } else {
      serve(head, message, memory);
    }
  }

  private @Nullable Request parse(ByteBuffer message, MessageScan scan) {
    try {
      return shared.parser.parse(message, scan.headSize());
    } catch (InvalidProtocolBufferException e) {
      log.debug("unreadable request from {}", remote(), e);
      return null;
    }
  }

  private void serve(Request head, ByteBuffer message, ReceivedBytes memory) {
    int payloadSize = shared.scan.payloadSize();
    ByteBuffer payload = null;
    ReceivedBytes held = null;
    int size = message.remaining();
    if (payloadSize > 0) {
      payload = message.slice(shared.scan.payloadPosition(), payloadSize);
      held = memory;
    } else {
      memory.release();
    }
    long wished = Integer.toUnsignedLong(head.getTimeoutMs());
    long most = server.settings().timeouts().requestMillis();
    long waitMillis = wished == 0 ? most : Math.min(wished, most);
    ServerRequest request =
        new ServerRequest(
            this, head, payload, held, size, now() + MILLISECONDS.toNanos(waitMillis));
    inFlight.add(request);
    shared.requests++;
    shared.requestsInFlight++;
    try {
      server.handler().handle(request);
    } catch (RuntimeException | java.lang.Error e) {
      server.peers().error(remote(), "handling a " + head.getApiCase() + " request failed", e);
      if (!request.isFinished()) {
        request.refuse(ErrorCode.INTERNAL, "the broker failed on this request; its log says why");
      }
    }
  }

  private void greet(Request request) {
    if (stage != Stage.GREETING) {
      refuseAndClose("a second Hello on one connection");
      return;
    }
    HelloResponse hello = server.hello();
    String asked = request.getHello().getClusterId();
    if (!asked.isEmpty() && !asked.equals(hello.getClusterId())) {
      refuseAndClose("this broker is of cluster " + hello.getClusterId() + ", not of " + asked);
      return;
    }
    stage = Stage.SERVING;
    deadlines.greeted();
    frames.setLimit(server.settings().maxRequestSize());
    send(Response.newBuilder().setHello(hello), request.getCorrelationId());
  }

  // ---- Going out -------------------------------------------------------------------------------

  /**
   * By a request, once.
   *
   * @param frame null: nothing is to be sent
   */
  void finish(ServerRequest request, @Nullable ByteBuffer frame, List<Payload> parts) {
    inFlight.remove(request);
    shared.requestsInFlight--;
    if (!isOpen()) {
      Payload.release(parts);
      return;
    }
    if (frame != null) {
      deadlines.active(now());
      link.write(frame, parts, NOBODY_WAITS);
    }
    if (!reading && !processing && !resumeQueued && hasRoom()) {
      // Once for all the answers of this turn.
      resumeQueued = true;
      loop().execute(this::resume);
    }
  }

  private void resume() {
    resumeQueued = false;
    takeFrames();
  }

  private void send(Response.Builder response, long correlationId) {
    Response message = response.setCorrelationId(correlationId).build();
    link.write(FrameHead.encode(message, 0), List.of(), NOBODY_WAITS);
  }

  private void refuse(ErrorCode code, String why) {
    if (stage == Stage.GREETING) {
      refuseAndClose(why);
      return;
    }
    shared.requestsRefused++;
    send(error(code, why), shared.scan.correlationId());
  }

  private void malformed(String why) {
    String text = "not a valid request: " + why;
    if (shared.scan.hasCorrelationId()) {
      refuseAndClose(text);
    } else {
      cut(text);
    }
  }

  /** For a peer that does not keep to the protocol: the rest of what it sends means nothing. */
  private void refuseAndClose(String why) {
    shared.requestsRefused++;
    shared.cut++;
    server.peers().warn(remote(), "closing the connection: " + why);
    send(error(INVALID_REQUEST, why), shared.scan.correlationId());
    stage = Stage.DRAINING;
    drainUntilNanos = now() + DRAIN_NANOS;
    frames.release();
    setReading(true);
    inFlight.abandonAll();
  }

  private static Response.Builder error(ErrorCode code, String why) {
    return Response.newBuilder().setError(Error.newBuilder().setCode(code).setMessage(why));
  }

  // ---- Ending ----------------------------------------------------------------------------------

  /** From the loop's sweep. */
  void checkDeadlines(long nowNanos) {
    if (stage == Stage.DRAINING) {
      if (nowNanos - drainUntilNanos >= 0) {
        close();
      }
      return;
    }
    String why = deadlines.expired(nowNanos, frames.arrived());
    if (why != null) {
      cut(why);
    } else if (inFlight.isEmpty() && deadlines.isIdle(nowNanos)) {
      log.debug("closed the idle connection from {}", remote());
      close();
    }
  }

  private void cut(String why) {
    shared.cut++;
    server.peers().warn(remote(), "closed the connection: " + why);
    close();
  }

  /** What is in flight hears of it in {@link #onClosed}. */
  void close() {
    if (stage != Stage.CLOSED) {
      stage = Stage.CLOSED;
      link.close();
    }
  }

  @Override
  public void onClosed(@Nullable Throwable cause) {
    if (cause != null) {
      log.debug("the connection from {} broke", remote(), cause);
    }
    stage = Stage.CLOSED;
    frames.release();
    server.left(this);
    shared.remove(this);
    inFlight.abandonAll();
  }
}
