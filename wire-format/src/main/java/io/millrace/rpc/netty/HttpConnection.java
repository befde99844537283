package io.millrace.rpc.netty;

import io.millrace.rpc.HttpTransport.Answer;
import io.millrace.rpc.HttpTransport.Handler;
import io.millrace.rpc.HttpTransport.Query;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of the HTTP side: one request at a time, answered, then the next. On its loop.
 *
 * <p>Anything but a plain GET or HEAD is answered with what was wrong and closed: nothing of it has
 * to be understood. A deadline runs at all times.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(HttpConnection.class);

  private final Channel channel;
  private final NettyHttpTransport.Limits limits;
  private final Handler handler;

  /** Counts requests, so that an answer or a deadline of an earlier one is known for what it is. */
  private int turn;

  private boolean answering;
  private boolean closing;
  private boolean headOnly;
  private boolean keepAlive;
  private @Nullable ScheduledFuture<?> deadline;

  HttpConnection(Channel channel, NettyHttpTransport.Limits limits, Handler handler) {
    this.channel = channel;
    this.limits = limits;
    this.handler = handler;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    closeAfter(limits.requestMillis());
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    closing = true;
    stopDeadline();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (closing) {
        return;
      }
      if (message instanceof HttpRequest request) {
        onRequest(request);
      } else if (message instanceof HttpContent content
          && !(message instanceof LastHttpContent)
          && content.content().isReadable()) {
        refuse(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "a request here has no body");
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void onRequest(HttpRequest request) {
    if (answering) {
      // A second one before the first was answered: nobody who monitors does so.
      closing = true;
      var unused = channel.close();
      return;
    }
    stopDeadline();
    turn++;
    answering = true;
    headOnly = request.method().equals(HttpMethod.HEAD);
    keepAlive = HttpUtil.isKeepAlive(request);
    if (request.decoderResult().isFailure()) {
      keepAlive = false;
      refuse(HttpResponseStatus.BAD_REQUEST, "not a request this can read, or too long a one");
    } else if (!headOnly && !request.method().equals(HttpMethod.GET)) {
      refuse(HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are served");
    } else if (HttpUtil.getContentLength(request, 0L) > 0
        || HttpUtil.isTransferEncodingChunked(request)) {
      refuse(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "a request here has no body");
    } else {
      ask(request.uri());
    }
  }

  private void ask(String uri) {
    String path;
    try {
      path = new QueryStringDecoder(uri).path();
    } catch (IllegalArgumentException e) {
      log.debug("a path that cannot be decoded", e);
      refuse(HttpResponseStatus.BAD_REQUEST, "the path cannot be decoded");
      return;
    }
    int asked = turn;
    deadline =
        channel
            .eventLoop()
            .schedule(
                () ->
                    answer(
                        asked,
                        Answer.text(503, "no answer within " + limits.answerMillis() + " ms\n")),
                limits.answerMillis(),
                TimeUnit.MILLISECONDS);
    try {
      handler.handle(
          new Query(path), answer -> channel.eventLoop().execute(() -> answer(asked, answer)));
    } catch (RuntimeException e) {
      log.error("answering {} failed", path, e);
      answer(asked, Answer.text(500, "this failed; the log says how\n"));
    }
  }

  /** For what ends the connection. */
  private void refuse(HttpResponseStatus status, String why) {
    keepAlive = false;
    answering = true;
    answer(turn, Answer.text(status.code(), why + "\n"));
  }

  private void answer(int asked, Answer answer) {
    if (asked != turn || !answering || !channel.isActive()) {
      return;
    }
    answering = false;
    stopDeadline();
    ByteBuf body = headOnly ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(answer.body());
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()), body);
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
        .set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length)
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set("X-Content-Type-Options", "nosniff");
    if (answer.status() == HttpResponseStatus.METHOD_NOT_ALLOWED.code()) {
      response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
    }
    if (keepAlive) {
      var unused = channel.writeAndFlush(response);
      closeAfter(limits.idleMillis());
    } else {
      closing = true;
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      var unused = channel.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
      closeAfter(limits.requestMillis()); // for a peer that does not take its answer
    }
  }

  private void closeAfter(long millis) {
    stopDeadline();
    deadline =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  var unused = channel.close();
                },
                millis,
                TimeUnit.MILLISECONDS);
  }

  private void stopDeadline() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.debug("a connection for monitoring broke", cause);
    var unused = channel.close();
  }
}
