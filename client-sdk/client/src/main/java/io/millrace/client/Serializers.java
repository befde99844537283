package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.UUID;

/** The serializers that come with the client. Numbers are big-endian, as Kafka's are. */
public final class Serializers {
  private Serializers() {}

  /** As they are, not copied before {@code send} returns. */
  public static Serializer<byte[]> bytes() {
    return (topic, data) -> data;
  }

  /** UTF-8. */
  public static Serializer<String> string() {
    return (topic, data) -> data.getBytes(UTF_8);
  }

  /** Eight bytes. */
  public static Serializer<Long> longs() {
    return (topic, data) -> ByteBuffer.allocate(Long.BYTES).putLong(data).array();
  }

  /** Four bytes. */
  public static Serializer<Integer> integers() {
    return (topic, data) -> ByteBuffer.allocate(Integer.BYTES).putInt(data).array();
  }

  /** The 36 characters of {@link UUID#toString}. */
  public static Serializer<UUID> uuids() {
    return (topic, data) -> data.toString().getBytes(UTF_8);
  }

  /** The remaining bytes; the buffer's position stays. */
  public static Serializer<ByteBuffer> byteBuffers() {
    return (topic, data) -> {
      if (data.hasArray() && data.arrayOffset() == 0 && data.position() == 0) {
        byte[] array = data.array();
        if (array.length == data.remaining()) {
          return array;
        }
      }
      byte[] copy = new byte[data.remaining()];
      data.get(data.position(), copy);
      return copy;
    };
  }
}
