package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.UUID;

/** The deserializers that come with the client; each is the inverse of its serializer. */
public final class Deserializers {
  private Deserializers() {}

  /** A copy. */
  public static Deserializer<byte[]> bytes() {
    return (topic, data) -> copy(data);
  }

  /** UTF-8; what is malformed becomes U+FFFD. */
  public static Deserializer<String> string() {
    return (topic, data) -> new String(copy(data), UTF_8);
  }

  /** Eight bytes, big-endian. */
  public static Deserializer<Long> longs() {
    return (topic, data) -> sized(data, Long.BYTES).getLong(data.position());
  }

  /** Four bytes, big-endian. */
  public static Deserializer<Integer> integers() {
    return (topic, data) -> sized(data, Integer.BYTES).getInt(data.position());
  }

  /** The 36 characters of {@link UUID#toString}. */
  public static Deserializer<UUID> uuids() {
    return (topic, data) -> UUID.fromString(new String(copy(data), UTF_8));
  }

  /** Not copied: read-only. */
  public static Deserializer<ByteBuffer> byteBuffers() {
    // What a consumer hands over is a read-only view of its own already.
    return (topic, data) -> data.isReadOnly() ? data : data.asReadOnlyBuffer();
  }

  private static ByteBuffer sized(ByteBuffer data, int size) {
    if (data.remaining() != size) {
      throw new IllegalArgumentException(data.remaining() + " bytes where " + size + " are due");
    }
    return data;
  }

  private static byte[] copy(ByteBuffer data) {
    byte[] copy = new byte[data.remaining()];
    data.get(data.position(), copy);
    return copy;
  }
}
