package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.wire.BatchBuilder;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/** Batches as producers send them. */
final class Batches {
  private Batches() {}

  static ByteBuffer of(String... values) {
    return build(Compressions.NONE, builder -> append(builder, values));
  }

  static ByteBuffer compressed(String compression, String... values) {
    return build(Compressions.named(compression), builder -> append(builder, values));
  }

  private static void append(BatchBuilder builder, String... values) {
    for (String value : values) {
      builder.tryAppend(1_800_000_000_000L, null, value.getBytes(UTF_8), List.of());
    }
  }

  /** A copy. */
  static byte[] bytes(ByteBuffer batch) {
    byte[] copy = new byte[batch.remaining()];
    batch.get(batch.position(), copy);
    return copy;
  }

  static ByteBuffer build(Consumer<BatchBuilder> fill) {
    return build(Compressions.NONE, fill);
  }

  private static ByteBuffer build(Compression compression, Consumer<BatchBuilder> fill) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 2 << 20, ByteBuffer::allocate);
    fill.accept(builder);
    ByteBuffer batch = builder.finish(compression);
    return ByteBuffer.wrap(bytes(batch));
  }
}
