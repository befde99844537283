package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.millrace.client.metrics.Figures;
import io.millrace.client.metrics.MetricName;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Reply;
import io.millrace.rpc.ReplyHandler;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** A connection to a broker that counts what goes over it. On the client's loop. */
final class CountedConnection implements Connection {
  private final Connection connection;
  private final LongAdder requests;
  private final LongAdder bytes;
  private final LongAdder unanswered;
  private final LongAdder micros;

  /** On the loop. */
  private long lastAnswerNanos;

  CountedConnection(Connection connection, Figures figures, int brokerId) {
    String broker = Integer.toString(brokerId);
    this.connection = connection;
    this.requests = figures.counter(MetricName.REQUESTS, broker);
    this.bytes = figures.counter(MetricName.REQUEST_BYTES, broker);
    this.unanswered = figures.counter(MetricName.REQUESTS_UNANSWERED, broker);
    this.micros = figures.counter(MetricName.REQUEST_MICROS, broker);
    this.lastAnswerNanos = connection.loop().clock().nanoTime();
  }

  /** Nothing has come from it since. */
  boolean isSilentSince(long nanos) {
    return lastAnswerNanos - nanos < 0;
  }

  @Override
  public void send(
      Request.Builder request,
      List<ByteBuffer> payload,
      long timeoutNanos,
      boolean answered,
      ReplyHandler handler) {
    requests.increment();
    for (ByteBuffer part : payload) {
      bytes.add(part.remaining());
    }
    long sentNanos = loop().clock().nanoTime();
    connection.send(
        request,
        payload,
        timeoutNanos,
        answered,
        new ReplyHandler() {
          @Override
          public void onPayloadFree() {
            handler.onPayloadFree();
          }

          @Override
          public boolean onPart(Response part) {
            lastAnswerNanos = loop().clock().nanoTime();
            return handler.onPart(part);
          }

          @Override
          public void onReply(Reply reply) {
            if (reply instanceof Reply.Answered) {
              lastAnswerNanos = loop().clock().nanoTime();
              micros.add(NANOSECONDS.toMicros(lastAnswerNanos - sentNanos));
            } else {
              unanswered.increment();
            }
            handler.onReply(reply);
          }
        });
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
  public HelloResponse hello() {
    return connection.hello();
  }

  @Override
  public boolean canSend(long size) {
    return connection.canSend(size);
  }

  @Override
  public boolean isOpen() {
    return connection.isOpen();
  }

  @Override
  public void close() {
    connection.close();
  }
}
