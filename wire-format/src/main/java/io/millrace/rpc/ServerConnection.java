package io.millrace.rpc;

import static io.millrace.wire.v1.ErrorCode.INVALID_REQUEST;
import static io.millrace.wire.v1.ErrorCode.UNSUPPORTED;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.rpc.RpcServerStats.End;
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
final class ServerConnection implements LinkHandler, FrameAssembler.Room {
  private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);

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

  /** A large request is coming in, and there is no room for more of it. */
  private boolean needsRoom;

  private long drainUntilNanos;

  /** When the bytes came that frames are being cut from. */
  private long receivedNanos;

  /** Handed to the link, whether the network has taken it or not. */
  private long handedOutBytes;

  private @Nullable End end;

  ServerConnection(RpcServer server, Link link, ServerLoop shared) {
    this.server = server;
    this.link = link;
    this.shared = shared;
    frames = new FrameAssembler(link::newBuffer, RpcServerSettings.HELLO_SIZE_LIMIT, this);
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
    receivedNanos = now();
    deadlines.active(receivedNanos);
    shared.counters.bytesReceived += bytes.size();
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
    needsRoom = false;
    try {
      boolean complete = false;
      while (isOpen() && hasRoom()) {
        FrameAssembler.Step step = frames.next();
        if (step == FrameAssembler.Step.BAD_LENGTH) {
          cut(End.MALFORMED, FrameLength.whyRefused(frames.length(), frames.limit()));
        } else if (step == FrameAssembler.Step.FRAME) {
          complete = true;
          takeFrame(frames.message(), frames.takeMemory());
        } else {
          needsRoom = step == FrameAssembler.Step.NEEDS_ROOM;
          watchTheRest(complete);
          break;
        }
      }
    } finally {
      processing = false;
    }
    setReading((hasRoom() && !needsRoom) || !isOpen());
    if (isOpen() && (needsRoom || !server.budget().hasRoom())) {
      shared.waitForRoom(this);
    }
  }

  private boolean hasRoom() {
    return inFlight.hasRoom() && link.isWritable() && server.budget().hasRoom();
  }

  @Override
  public boolean take(int bytes) {
    return server.budget().take(bytes, this);
  }

  @Override
  public void giveBack(int bytes) {
    server.budget().giveBack(bytes, this);
  }

  /** Whether what it waits for is room for a large request that is coming in. */
  boolean needsRoom() {
    return needsRoom;
  }

  /** By the loop: there may be room in the budget again. */
  void tryAgain() {
    if (isOpen()) {
      takeFrames();
    }
  }

  private void watchTheRest(boolean tookFrames) {
    if (!frames.isWithinFrame()) {
      deadlines.noFrame();
    } else if (tookFrames || !deadlines.isWithinFrame()) {
      deadlines.frameBegun(now());
    }
  }

  private void setReading(boolean read) {
    if (!read) {
      deadlines.noFrame(); // now it is us who are slow
    }
    if (reading != read) {
      reading = read;
      shared.counters.heldBack += read ? -1 : 1;
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
    if (stage != Stage.GREETING && scan.api() == Request.HELLO_FIELD_NUMBER) {
      // Not even parsed: only a first Hello is small for certain.
      memory.release();
      refuseAndClose(End.OUT_OF_PLACE, "a second Hello on one connection");
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
      refuseAndClose(End.OUT_OF_PLACE, "the first request on a connection must be a Hello");
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
    long now = now();
    ServerRequest request =
        new ServerRequest(
            this,
            head,
            payload,
            held,
            size,
            receivedNanos,
            now,
            now + MILLISECONDS.toNanos(waitMillis));
    inFlight.add(request);
    server.budget().add(size);
    shared.counters.requests++;
    shared.counters.requestsInFlight++;
    shared.counters.bytesInFlight += size;
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
    HelloResponse hello = server.hello();
    String asked = request.getHello().getClusterId();
    if (!asked.isEmpty() && !asked.equals(hello.getClusterId())) {
      refuseAndClose(
          End.OUT_OF_PLACE,
          "this broker is of cluster " + hello.getClusterId() + ", not of " + asked);
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
    server.budget().remove(request.size);
    shared.counters.requestsInFlight--;
    shared.counters.bytesInFlight -= request.size;
    if (!isOpen()) {
      Payload.release(parts);
      request.over(RequestPhases.Outcome.LOST);
      return;
    }
    if (frame == null) {
      request.over(RequestPhases.Outcome.DROPPED);
    } else {
      deadlines.active(request.answeredNanos());
      handedOutBytes += request.answerSizeBytes();
      link.write(frame, parts, request);
    }
    if (!reading && !processing && !resumeQueued && hasRoom()) {
      // Once for all the answers of this turn.
      resumeQueued = true;
      loop().execute(this::resume);
    }
  }

  /** By a request, before it finishes. */
  void part(ServerRequest request, Response.Builder response) {
    if (isOpen()) {
      deadlines.active(now());
      send(response, request.head().getCorrelationId());
    }
  }

  /** By a request, last: its answer is out, or there will be none. */
  void over(ServerRequest request) {
    if (request.outcome() == RequestPhases.Outcome.ANSWERED) {
      shared.counters.bytesSent += request.answerSizeBytes();
    }
    shared.phases.finished(request);
  }

  private void resume() {
    resumeQueued = false;
    takeFrames();
  }

  private void send(Response.Builder response, long correlationId) {
    Response message = response.setCorrelationId(correlationId).build();
    ByteBuffer frame = FrameHead.encode(message, 0);
    int size = frame.remaining();
    handedOutBytes += size;
    link.write(frame, List.of(), written -> shared.counters.bytesSent += written ? size : 0);
  }

  private void refuse(ErrorCode code, String why) {
    if (stage == Stage.GREETING) {
      refuseAndClose(End.OUT_OF_PLACE, why);
      return;
    }
    shared.counters.requestsRefused++;
    send(error(code, why), shared.scan.correlationId());
  }

  private void malformed(String why) {
    String text = "not a valid request: " + why;
    if (shared.scan.hasCorrelationId()) {
      refuseAndClose(End.MALFORMED, text);
    } else {
      cut(End.MALFORMED, text);
    }
  }

  /** For a peer that does not keep to the protocol: the rest of what it sends means nothing. */
  private void refuseAndClose(End how, String why) {
    shared.counters.requestsRefused++;
    ended(how);
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
    deadlines.sending(!link.isWritable(), handedOutBytes - link.pendingBytes(), nowNanos);
    boolean othersWait = server.budget().isShort() && frames.holdsRoom();
    ServerDeadlines.TooSlow slow = deadlines.expired(nowNanos, frames.arrived(), othersWait);
    if (slow != null) {
      cut(slow.end(), slow.why());
    } else if (inFlight.isEmpty() && deadlines.isIdle(nowNanos)) {
      log.debug("closed the idle connection from {}", remote());
      ended(End.IDLE);
      close();
    }
  }

  private void cut(End how, String why) {
    ended(how);
    server.peers().warn(remote(), "closed the connection: " + why);
    close();
  }

  /** Counts the first reason only: what comes after it follows from it. */
  private void ended(End how) {
    if (end == null) {
      end = how;
      shared.counters.ended(how);
    }
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
    ended(stage == Stage.CLOSED ? End.BY_SERVER : cause == null ? End.BY_PEER : End.BROKEN);
    stage = Stage.CLOSED;
    if (!reading) {
      shared.counters.heldBack--;
    }
    frames.release();
    server.budget().giveBack(0, this); // it may have been let beyond the limit, and taken nothing
    server.left(this);
    shared.remove(this);
    inFlight.abandonAll();
  }
}
