package io.millrace.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.millrace.wire.FrameHead;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * An end of a link that sends whatever bytes a test wants to and reads frames with stock protobuf.
 */
final class RawPeer extends RecordingHandler {
  private final ByteBuffer length = ByteBuffer.allocate(4);
  private ByteBuffer message = ByteBuffer.allocate(0);
  private final List<byte[]> messages = new ArrayList<>();

  RawPeer(Link link) {
    super(link);
  }

  static RawPeer connect(TransportWorld world, Endpoint to) {
    AtomicReference<@Nullable RawPeer> opened = new AtomicReference<>();
    EventLoop loop = world.near().loops().get(0);
    world
        .near()
        .connect(
            to,
            loop,
            10_000_000_000L,
            new Transport.ConnectHandler() {
              @Override
              public LinkHandler connected(Link link) {
                RawPeer peer = new RawPeer(link);
                opened.set(peer);
                return peer;
              }

              @Override
              public void failed(Throwable cause) {
                throw new AssertionError(cause);
              }
            });
    world.await("connected", () -> opened.get() != null);
    return Objects.requireNonNull(opened.get());
  }

  /** Connected, and past the Hello. */
  static RawPeer greet(TransportWorld world, Endpoint to) {
    RawPeer peer = connect(world, to);
    peer.send(hello());
    world.await("an answer to the Hello", () -> peer.frameCount() == 1);
    return peer;
  }

  static Request hello() {
    return Request.newBuilder()
        .setCorrelationId(1)
        .setHello(HelloRequest.newBuilder().setClientName("raw"))
        .build();
  }

  static byte[] frame(MessageLite message) {
    return FrameHead.encode(message, 0).array();
  }

  /** Any bytes as a frame. */
  static byte[] frame(byte[] message) {
    return ByteBuffer.allocate(4 + message.length).putInt(message.length).put(message).array();
  }

  void send(MessageLite message) {
    sendBytes(frame(message));
  }

  void sendBytes(byte[] bytes) {
    link.loop().execute(() -> link.write(ByteBuffer.wrap(bytes), List.of(), written -> {}));
  }

  void close() {
    link.loop().execute(link::close);
  }

  /** All whole frames received so far. */
  List<Response> responses() {
    return parse(Response.parser());
  }

  List<Request> requests() {
    return parse(Request.parser());
  }

  @Override
  public void onBytes(ReceivedBytes bytes) {
    ByteBuffer buffer = bytes.buffer();
    synchronized (messages) {
      while (buffer.hasRemaining()) {
        if (length.hasRemaining()) {
          length.put(buffer.get());
          message = length.hasRemaining() ? message : ByteBuffer.allocate(length.getInt(0));
        } else {
          int size = Math.min(message.remaining(), buffer.remaining());
          message.put(buffer.slice(buffer.position(), size));
          buffer.position(buffer.position() + size);
        }
        if (!length.hasRemaining() && !message.hasRemaining()) {
          messages.add(message.array());
          length.clear();
        }
      }
    }
    super.onBytes(bytes);
  }

  private <M> List<M> parse(Parser<M> parser) {
    synchronized (messages) {
      List<M> parsed = new ArrayList<>();
      for (byte[] message : messages) {
        try {
          parsed.add(parser.parseFrom(message));
        } catch (InvalidProtocolBufferException e) {
          throw new AssertionError("not a message", e);
        }
      }
      return parsed;
    }
  }

  /** Whole frames received so far. */
  int frameCount() {
    synchronized (messages) {
      return messages.size();
    }
  }
}
