package io.millrace.rpc;

import io.millrace.wire.v1.Response;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request from its sending to its end. On its connection's loop. */
final class AwaitedReply implements Link.WriteDone {
  private static final Logger log = LoggerFactory.getLogger(AwaitedReply.class);

  final long correlationId;
  final int api;

  /** Of the whole frame, as it counts against the bytes in flight. */
  final long size;

  final long deadlineNanos;
  private final Consumer<AwaitedReply> whenWritten;
  private final ReplyHandler handler;

  private boolean written;
  private boolean told;

  /**
   * @param whenWritten hears when the whole request has gone out
   * @param api the number of the request's api field, which is that of its answer
   */
  AwaitedReply(
      Consumer<AwaitedReply> whenWritten,
      long correlationId,
      int api,
      long size,
      long deadlineNanos,
      ReplyHandler handler) {
    this.whenWritten = whenWritten;
    this.correlationId = correlationId;
    this.api = api;
    this.size = size;
    this.deadlineNanos = deadlineNanos;
    this.handler = handler;
  }

  boolean isWritten() {
    return written;
  }

  /** Whether its end has been told; it may still be in flight, for all we know. */
  boolean isTold() {
    return told;
  }

  @Override
  public void done(boolean written) {
    this.written = written;
    freePayload(handler);
    if (written) {
      whenWritten.accept(this);
    }
  }

  void tellWritten() {
    tell(new Reply.Answered(Response.getDefaultInstance(), NoBytes.BUFFER, NoBytes.INSTANCE));
  }

  /** Only the first counts. */
  void tell(Reply reply) {
    if (!told) {
      told = true;
      tell(handler, reply);
    }
  }

  /** Returns whether such a part was to be expected. */
  boolean tellPart(Response part) {
    try {
      return told || handler.onPart(part);
    } catch (RuntimeException | Error e) {
      log.error("a reply handler threw; the connection goes on", e);
      return true;
    }
  }

  /** A request that was not even tried. */
  static void tellNotSent(ReplyHandler handler, String why) {
    freePayload(handler);
    tell(handler, new Reply.NotSent(why));
  }

  private static void freePayload(ReplyHandler handler) {
    try {
      handler.onPayloadFree();
    } catch (RuntimeException | Error e) {
      log.error("a reply handler threw; the connection goes on", e);
    }
  }

  private static void tell(ReplyHandler handler, Reply reply) {
    try {
      handler.onReply(reply);
    } catch (RuntimeException | Error e) {
      log.error("a reply handler threw; the connection goes on", e);
    }
  }
}
