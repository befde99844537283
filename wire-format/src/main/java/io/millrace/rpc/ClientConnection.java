package io.millrace.rpc;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.FrameHead;
import io.millrace.wire.FrameLength;
import io.millrace.wire.MessageScan;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Limits;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One opened connection: Hello, then requests and their replies. On its link's loop.
 *
 * <p>An answer that this side did not ask for means that one of the two does not keep to the
 * protocol; nothing that comes later could be trusted, so it closes.
 */
final class ClientConnection implements Connection, LinkHandler {
  private static final Logger log = LoggerFactory.getLogger(ClientConnection.class);

  private static final int MAX_HEAD_SIZE = 64 << 20;
  private static final int MAX_API_FIELDS = 1 << 20;

  /** An answer up to this long is worth its memory at once: a chunk of the transport's pool. */
  private static final int BELIEVED_SIZE = 4 << 20;

  private static final String CLOSED_EARLY =
      " closed the connection before it answered the Hello; is it a Millrace broker?";

  private enum Stage {
    /** Hello has been sent. Next: READY, CLOSED. */
    GREETING,
    /** Next: CLOSED. */
    READY,
    CLOSED
  }

  private final Consumer<AwaitedReply> endsWritten = this::needsNoAnswer;
  private final Link link;
  private final Endpoint to;
  private final ConnectionSettings settings;
  private final Listener listener;

  private final FrameAssembler frames;
  private final MessageScan scan = MessageScan.ofResponses(MAX_HEAD_SIZE, MAX_API_FIELDS);
  private final HeadParser<Response> parser = new HeadParser<>(Response.parser());
  private final AwaitedReplies replies;
  private final ReplyDeadlines deadlines;

  private Stage stage = Stage.GREETING;
  private HelloResponse hello = HelloResponse.getDefaultInstance();
  private int maxRequests = 1;
  private long maxBytes;
  private long maxRequestSize = RpcServerSettings.HELLO_SIZE_LIMIT;
  private boolean roomWanted;
  private boolean wasReady;
  private @Nullable Throwable closeCause;

  ClientConnection(Link link, Endpoint to, ConnectionSettings settings, Listener listener) {
    this.link = link;
    this.to = to;
    this.settings = settings;
    this.listener = listener;
    frames =
        new FrameAssembler(
            link::newBuffer,
            RpcServerSettings.HELLO_SIZE_LIMIT,
            FrameAssembler.Room.UNLIMITED,
            BELIEVED_SIZE);
    replies = new AwaitedReplies(settings.maxInFlightRequests());
    deadlines = new ReplyDeadlines(link.loop(), replies);
    maxBytes = settings.maxInFlightBytes();
  }

  // ---- Hello -----------------------------------------------------------------------------------

  void greet(long timeoutNanos) {
    Request.Builder request =
        Request.newBuilder()
            .setHello(
                HelloRequest.newBuilder()
                    .setClientName(settings.clientName())
                    .setClientVersion(settings.clientVersion())
                    .addAllFeatures(settings.features())
                    .setClusterId(settings.clusterId()));
    transmit(request, List.of(), 0, timeoutNanos, true, this::greeted);
  }

  private void greeted(Reply reply) {
    if (reply instanceof Reply.Answered answered) {
      answered.memory().release();
      if (answered.response().hasError()) {
        Error error = answered.response().getError();
        fail(new HelloRefusedException(to, error.getCode(), error.getMessage()));
      } else {
        ready(answered.response().getHello());
      }
    } else if (reply instanceof Reply.Unknown unknown && unknown.timedOut()) {
      fail(to + " did not answer the Hello in time; is it a Millrace broker?");
    }
    // Otherwise it has closed, and onClosed says so.
  }

  private void ready(HelloResponse answer) {
    if (!settings.clusterId().isEmpty() && !settings.clusterId().equals(answer.getClusterId())) {
      fail(to + " is of cluster " + answer.getClusterId() + ", not of " + settings.clusterId());
      return;
    }
    hello = answer;
    Limits limits = answer.getLimits();
    maxRequests = smaller(settings.maxInFlightRequests(), limits.getMaxInFlightRequests());
    maxBytes = smaller(settings.maxInFlightBytes(), limits.getMaxInFlightBytes());
    maxRequestSize = smaller(Integer.MAX_VALUE, limits.getMaxRequestSize());
    frames.setLimit(settings.maxResponseSize());
    stage = Stage.READY;
    wasReady = true;
    listener.onReady(this);
  }

  /**
   * @param theirs an unsigned number; 0: they do not say
   */
  private static int smaller(long ours, int theirs) {
    return (int) (theirs == 0 ? ours : Math.min(ours, Integer.toUnsignedLong(theirs)));
  }

  // ---- Sending ---------------------------------------------------------------------------------

  @Override
  public void send(
      Request.Builder request,
      List<ByteBuffer> payload,
      long timeoutNanos,
      boolean answered,
      ReplyHandler handler) {
    loop().assertInLoop();
    List<Payload> parts = new ArrayList<>(payload.size());
    long payloadSize = 0;
    for (ByteBuffer part : payload) {
      parts.add(new Payload.Bytes(part));
      payloadSize += part.remaining();
    }
    String obstacle = obstacle();
    if (obstacle == null) {
      obstacle = transmit(request, parts, payloadSize, timeoutNanos, answered, handler);
    }
    if (obstacle != null) {
      // Not from within this call: who sends again at once would never come to an end.
      String why = obstacle;
      loop().execute(() -> AwaitedReply.tellNotSent(handler, why));
    }
  }

  private @Nullable String obstacle() {
    if (stage != Stage.READY) {
      return "the connection to " + to + " is closed";
    }
    if (!hasRoom()) {
      return "as much is in flight to " + to + " as may be";
    }
    return null;
  }

  private boolean hasRoom() {
    return replies.count() < maxRequests && (replies.count() == 0 || replies.bytes() < maxBytes);
  }

  /** Returns why it cannot be sent, or null. */
  private @Nullable String transmit(
      Request.Builder request,
      List<Payload> parts,
      long payloadSize,
      long timeoutNanos,
      boolean answered,
      ReplyHandler handler) {
    if (request.getTimeoutMs() == 0) {
      long millis = NANOSECONDS.toMillis(timeoutNanos);
      request.setTimeoutMs((int) Math.max(1, Math.min(millis, Integer.MAX_VALUE)));
    }
    long id = replies.newId();
    Request head = request.setCorrelationId(id).build();
    long size = FrameHead.messageSize(head, payloadSize);
    if (size > maxRequestSize) {
      return "the request is of " + size + " bytes; " + to + " takes at most " + maxRequestSize;
    }
    long deadline = loop().clock().nanoTime() + timeoutNanos;
    int api = head.getApiCase().getNumber();
    AwaitedReply reply =
        new AwaitedReply(
            answered ? ClientConnection::awaitAnswer : endsWritten,
            id,
            api,
            size,
            deadline,
            handler);
    replies.add(reply);
    deadlines.watch(deadline);
    link.write(FrameHead.encode(head, payloadSize), parts, reply);
    return null;
  }

  /** By a request that has been written and stays in flight. */
  private static void awaitAnswer(AwaitedReply reply) {}

  /** By a request that has been written and gets no answer. */
  private void needsNoAnswer(AwaitedReply reply) {
    if (replies.remove(reply.correlationId) != null) {
      reply.tellWritten();
      tellRoom();
    }
  }

  @Override
  public boolean canSend(long bytes) {
    boolean can =
        stage == Stage.READY
            && hasRoom()
            && (replies.count() == 0 || replies.bytes() + bytes <= maxBytes);
    roomWanted |= !can;
    return can;
  }

  private void tellRoom() {
    if (roomWanted && stage == Stage.READY && hasRoom()) {
      roomWanted = false;
      listener.onRoom(this);
    }
  }

  // ---- Receiving -------------------------------------------------------------------------------

  @Override
  public void onBytes(ReceivedBytes bytes) {
    if (stage == Stage.CLOSED) {
      bytes.release();
      return;
    }
    frames.add(bytes);
    while (stage != Stage.CLOSED) {
      FrameAssembler.Step step = frames.next();
      if (step == FrameAssembler.Step.BAD_LENGTH) {
        fail("closed " + to + ": " + FrameLength.whyRefused(frames.length(), frames.limit()));
      } else if (step == FrameAssembler.Step.FRAME) {
        receive(frames.message(), frames.takeMemory());
      } else {
        return;
      }
    }
  }

  @Override
  public void onReadEnd() {
    tellRoom();
  }

  /** Owns the memory. */
  private void receive(ByteBuffer message, ReceivedBytes memory) {
    MessageScan.Verdict verdict = scan.scan(message);
    Response response = verdict == MessageScan.Verdict.VALID ? parse(message) : null;
    if (response == null) {
      memory.release();
      fail(to + " sent what is no valid response: " + verdict.text());
      return;
    }
    if (response.getMore()) {
      memory.release();
      receivePart(response);
      return;
    }
    AwaitedReply reply = replies.remove(scan.correlationId());
    String violation = reply == null ? unasked() : violation(response, reply);
    if (reply == null || violation != null) {
      memory.release();
      if (reply != null) {
        reply.tell(new Reply.Unknown("the answer made no sense", false));
      }
      fail(to + " sent " + violation);
      return;
    }
    if (reply.isTold()) {
      memory.release(); // too late: it has timed out
      return;
    }
    ByteBuffer payload = NoBytes.BUFFER;
    if (scan.payloadSize() == 0) {
      memory.release();
      reply.tell(new Reply.Answered(response, payload, NoBytes.INSTANCE));
    } else {
      payload = message.slice(scan.payloadPosition(), scan.payloadSize());
      reply.tell(new Reply.Answered(response, payload, memory));
    }
  }

  private void receivePart(Response part) {
    AwaitedReply reply = replies.get(scan.correlationId());
    String violation = reply == null ? unasked() : violation(part, reply);
    if (reply != null && violation == null) {
      boolean isExpected = !part.hasError() && scan.payloadSize() == 0 && reply.tellPart(part);
      violation = isExpected ? null : "a part of an answer that was not asked for";
    }
    if (violation != null) {
      fail(to + " sent " + violation); // which ends the request as unknown
    }
  }

  private String unasked() {
    return "an answer to no request in flight (correlation id " + scan.correlationId() + ")";
  }

  private @Nullable Response parse(ByteBuffer message) {
    try {
      return parser.parse(message, scan.headSize());
    } catch (InvalidProtocolBufferException e) {
      log.debug("unreadable response from {}", to, e);
      return null;
    }
  }

  private @Nullable String violation(Response response, AwaitedReply reply) {
    if (response.hasError()) {
      boolean more = scan.api() != 0 || scan.payloadSize() > 0;
      return more ? "an error together with an answer" : null;
    }
    return scan.api() == reply.api
        ? null
        : "an answer of api " + scan.api() + " to a request of api " + reply.api;
  }

  // ---- Ending ----------------------------------------------------------------------------------

  private void fail(String why) {
    fail(new IOException(why));
  }

  private void fail(IOException why) {
    if (closeCause == null) {
      closeCause = why;
    }
    close();
  }

  @Override
  public void close() {
    stage = Stage.CLOSED;
    link.close();
  }

  @Override
  public void onClosed(@Nullable Throwable cause) {
    stage = Stage.CLOSED;
    if (closeCause == null) {
      closeCause = cause;
    }
    deadlines.stop();
    frames.release();
    endAll();
    if (wasReady) {
      listener.onClosed(this, closeCause);
    } else {
      listener.onFailed(closeCause != null ? closeCause : new IOException(to + CLOSED_EARLY));
    }
  }

  /**
   * What was not written when the link closed did not leave, but for the first of them, of which
   * some bytes may have: a link writes in order.
   */
  private void endAll() {
    String why = "the connection to " + to + " closed" + because();
    boolean mayHaveLeft = true;
    for (AwaitedReply reply : replies.all()) {
      replies.remove(reply.correlationId);
      reply.tell(mayHaveLeft ? new Reply.Unknown(why, false) : new Reply.NotSent(why));
      mayHaveLeft &= reply.isWritten();
    }
  }

  private String because() {
    return closeCause == null ? "" : ": " + closeCause.getMessage();
  }

  // ---- Told ------------------------------------------------------------------------------------

  @Override
  public EventLoop loop() {
    return link.loop();
  }

  @Override
  public Endpoint remote() {
    return to;
  }

  @Override
  public HelloResponse hello() {
    return hello;
  }

  @Override
  public boolean isOpen() {
    return stage == Stage.READY;
  }
}
