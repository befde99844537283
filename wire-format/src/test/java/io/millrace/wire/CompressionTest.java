package io.millrace.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Record;
import io.millrace.wire.v1.RecordSet;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every codec must do and refuse; {@link CodecFormatTest} has what is each one's own. */
class CompressionTest {
  static final int LIMIT = 1 << 20;

  /** What a reader may hold beside the limit: its buffer before it grew, and a block of lz4. */
  private static final long MOST_MEMORY = 3L * LIMIT + (4 << 20) + (1 << 20);

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final RecordCursor cursor = new RecordCursor(LIMIT);

  static Stream<Compression> codecs() {
    return Compressions.names().stream()
        .filter(name -> !name.equals("none"))
        .map(Compressions::named);
  }

  /** A batch whose records are these bytes, said to be compressed so. */
  static BatchView batchOf(Compression codec, ByteBuffer compressed) {
    RecordSet one = RecordSet.newBuilder().addRecord(Record.getDefaultInstance()).build();
    ByteBuffer batch =
        Forged.bytes(
            Forged.honest(one, RandomBatches.NOW_MILLIS)
                .setAttributes(codec.id())
                .setRecords(ByteString.copyFrom(compressed.duplicate())));
    return new BatchView().wrap(batch, 0);
  }

  static void assertRefused(
      RecordCursor cursor, Compression codec, ByteBuffer compressed, ErrorCode code) {
    assertThatThrownBy(() -> cursor.over(batchOf(codec, compressed)))
        .isInstanceOfSatisfying(
            CorruptBatchException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  static ByteBuffer compressed(Compression codec, ByteBuffer plain) {
    ByteBuffer target = ByteBuffer.allocate(plain.remaining() + plain.remaining() / 4 + 1000);
    assertThat(codec.compress(plain, target)).isTrue();
    return target.flip();
  }

  /** A record with a value of zeros, in a set of its own. */
  static ByteBuffer records(int valueSize) {
    return RecordSet.newBuilder()
        .addRecord(Record.newBuilder().setValue(ByteString.copyFrom(new byte[valueSize])))
        .build()
        .toByteString()
        .asReadOnlyByteBuffer();
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void b33_s33_stopsAtTheLimitInTheMiddleOfABomb(Compression codec) {
    ByteBuffer bomb = Bombs.of(codec);
    assertThat(bomb.remaining()).isLessThanOrEqualTo(1 << 20);
    BatchView batch = batchOf(codec, bomb);

    long before = THREADS.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> cursor.over(batch))
        .isInstanceOfSatisfying(
            CorruptBatchException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated).isLessThan(MOST_MEMORY + 4L * bomb.remaining());
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void b33_theLimitIsExact(Compression codec) {
    int overhead = records(LIMIT - 100).remaining() - (LIMIT - 100);
    cursor.over(batchOf(codec, compressed(codec, records(LIMIT - overhead))));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isFalse();

    assertRefused(
        cursor, codec, compressed(codec, records(LIMIT - overhead + 1)), ErrorCode.TOO_LARGE);
  }

  @Test
  void b33_theLimitOfTheFormatHoldsWhateverAReaderAllows() {
    Compression zstd = Compressions.named("zstd");
    RecordCursor generous = new RecordCursor(Integer.MAX_VALUE);
    int overhead = 10;
    generous.over(
        batchOf(zstd, compressed(zstd, records(RecordCursor.MAX_DECOMPRESSED_BYTES - overhead))));
    assertRefused(
        generous,
        zstd,
        compressed(zstd, records(RecordCursor.MAX_DECOMPRESSED_BYTES)),
        ErrorCode.TOO_LARGE);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void b33_compressionInsideCompressionIsBytesThatAreNoRecords(Compression outer) {
    codecs()
        .forEach(
            inner -> {
              ByteBuffer twice = compressed(outer, compressed(inner, records(1000)));
              cursor.over(batchOf(outer, twice));
              assertThatThrownBy(
                      () -> {
                        while (cursor.next()) {}
                      })
                  .isInstanceOf(CorruptBatchException.class);
            });
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void b35_everyTruncationIsRefused(Compression codec) {
    for (int count : new int[] {1, 5, 40}) {
      ByteBuffer frame =
          compressed(
              codec, RandomBatches.encode(new RandomBatches(4).records(count), Compressions.NONE));
      for (int size = 0; size < frame.remaining(); size++) {
        assertRefused(cursor, codec, frame.slice(0, size), ErrorCode.CORRUPT_BATCH);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void b35_otherCodecsBytesAreRefused(Compression codec) {
    ByteBuffer plain = RandomBatches.encode(new RandomBatches(4).records(20), Compressions.NONE);
    codecs()
        .filter(other -> !other.equals(codec))
        .forEach(other -> assertNotTaken(codec, compressed(other, plain)));
    assertNotTaken(codec, plain);
  }

  /** Snappy has neither a magic number nor a checksum: nonsense may come of some bytes. */
  private void assertNotTaken(Compression codec, ByteBuffer bytes) {
    assertThatThrownBy(
            () -> {
              cursor.over(batchOf(codec, bytes));
              while (cursor.next()) {}
            })
        .isInstanceOf(CorruptBatchException.class);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void b35_noiseAndDamageThrowNothingElse(Compression codec) {
    Random random = new Random(3);
    ByteBuffer good =
        compressed(
            codec, RandomBatches.encode(new RandomBatches(4).records(20), Compressions.NONE));
    for (int round = 0; round < 3000; round++) {
      byte[] bytes = new byte[round % 2 == 0 ? random.nextInt(200) : good.remaining()];
      random.nextBytes(bytes);
      if (round % 2 == 1) {
        good.get(0, bytes);
        for (int flips = random.nextInt(3); flips >= 0; flips--) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      try {
        cursor.over(batchOf(codec, ByteBuffer.wrap(bytes)));
        while (cursor.next()) {}
      } catch (CorruptBatchException expected) {
        assertThat(expected.code())
            .isIn(ErrorCode.CORRUPT_BATCH, ErrorCode.TOO_LARGE, ErrorCode.UNSUPPORTED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void bytesBehindTheEndAreRefused(Compression codec) {
    ByteBuffer frame = compressed(codec, records(1000));
    for (byte next : new byte[] {0, 1, -1}) {
      ByteBuffer longer = ByteBuffer.allocate(frame.remaining() + 1).put(frame.duplicate());
      assertRefused(cursor, codec, longer.put(next).flip(), ErrorCode.CORRUPT_BATCH);
    }
    ByteBuffer twice = RandomBatches.concatenate(List.of(frame, frame));
    assertRefused(cursor, codec, twice, ErrorCode.CORRUPT_BATCH);
  }

  private static byte[] text(int size) {
    byte[] text = "ab".repeat(size).getBytes(US_ASCII);
    // Half of it does not compress.
    byte[] noise = new byte[text.length / 2];
    new Random(size).nextBytes(noise);
    System.arraycopy(noise, 0, text, text.length / 4, noise.length);
    return text;
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void readsFromAndIntoEveryKindOfMemory(Compression codec) {
    for (int size : new int[] {0, 1, 10, 5000, 300_000}) {
      byte[] plain = text(size);
      ByteBuffer heap = ByteBuffer.wrap(plain);
      ByteBuffer direct = ByteBuffer.allocateDirect(plain.length).put(plain).flip();
      ByteBuffer slice = ByteBuffer.allocate(size * 2 + 7).position(7).put(plain).position(7);
      int room = 3 * size + 100;
      for (ByteBuffer source :
          new ByteBuffer[] {heap, direct, slice.slice(), slice, heap.asReadOnlyBuffer()}) {
        for (ByteBuffer target :
            new ByteBuffer[] {ByteBuffer.allocate(room), ByteBuffer.allocateDirect(room)}) {
          target.position(5);
          assertThat(codec.compress(source, target)).isTrue();
          assertThat(source.remaining()).isEqualTo(plain.length);
          ByteBuffer compressed = target.flip().position(5);
          for (ByteBuffer from : new ByteBuffer[] {compressed, compressed.asReadOnlyBuffer()}) {
            for (ByteBuffer into :
                new ByteBuffer[] {
                  ByteBuffer.allocate(plain.length), ByteBuffer.allocateDirect(plain.length)
                }) {
              try (Compression.Decompression decompression = codec.decompress(from)) {
                assertThat(decompression.into(into)).isTrue();
              }
              assertThat(into.flip()).isEqualTo(heap);
              assertThat(from.position()).isEqualTo(5);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void handsOutWhatItHasIntoTargetsThatGrow(Compression codec) {
    byte[] plain = text(50_000);
    ByteBuffer compressed = compressed(codec, ByteBuffer.wrap(plain));
    Random random = new Random(5);
    ByteBuffer into = ByteBuffer.allocate(1);
    try (Compression.Decompression decompression = codec.decompress(compressed)) {
      while (!decompression.into(into)) {
        assertThat(into.hasRemaining()).isFalse();
        int grown = into.capacity() + 1 + random.nextInt(3_000);
        into = ByteBuffer.allocate(grown).put(into.flip());
      }
    }
    assertThat(into.flip()).isEqualTo(ByteBuffer.wrap(plain));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void saysThatItDoesNotFitAndNotMore(Compression codec) {
    ByteBuffer plain = ByteBuffer.wrap(text(20_000));
    int needed = compressed(codec, plain).remaining();
    for (int room : new int[] {0, 1, 10, 20, needed / 2, needed - 9, needed - 1}) {
      ByteBuffer target = ByteBuffer.allocate(needed + 100).limit(50 + room).position(50);
      assertThat(codec.compress(plain, target)).as("%d of %d", room, needed).isFalse();
      for (int i = 50 + room; i < target.capacity(); i++) {
        assertThat(target.array()[i]).as("beyond the limit").isZero();
      }
    }
    ByteBuffer target = ByteBuffer.allocate(needed);
    assertThat(codec.compress(plain, target)).isTrue();
  }

  /** A context that was left within a frame must not be used for the next. */
  @ParameterizedTest
  @MethodSource("codecs")
  void goesOnAfterEveryFailure(Compression codec) {
    ByteBuffer good = compressed(codec, records(1000));
    ByteBuffer bomb = Bombs.of(codec);
    for (int round = 0; round < 5; round++) {
      assertRefused(cursor, codec, good.slice(0, good.remaining() - 1), ErrorCode.CORRUPT_BATCH);
      assertRefused(cursor, codec, bomb, ErrorCode.TOO_LARGE);
      assertThat(codec.compress(records(1000), ByteBuffer.allocate(5))).isFalse();
      assertThat(compressed(codec, records(1000))).isEqualTo(good);
      cursor.over(batchOf(codec, good));
      assertThat(cursor.next()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void severalThreadsMayCompressAtOnce(Compression codec) {
    ByteBuffer expected = compressed(codec, records(50_000));
    IntStream.range(0, 200)
        .parallel()
        .forEach(
            i -> {
              assertThat(compressed(codec, records(50_000))).isEqualTo(expected);
              ByteBuffer plain = ByteBuffer.allocate(60_000);
              try (Compression.Decompression decompression = codec.decompress(expected)) {
                assertThat(decompression.into(plain)).isTrue();
              }
              assertThat(plain.flip()).isEqualTo(records(50_000));
            });
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void leavesHardlyAnyGarbageForABatch(Compression codec) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 20, ByteBuffer::allocate);
    byte[] value = text(50);
    Runnable round =
        () -> {
          builder.reset();
          for (int i = 0; i < 1000; i++) {
            builder.tryAppend(RandomBatches.NOW_MILLIS, null, value, List.of());
          }
          BatchView view = new BatchView().wrap(builder.finish(codec), 0);
          assertThat(view.compressionId()).isEqualTo(codec.id());
          cursor.over(view);
        };
    for (int i = 0; i < 20; i++) {
      round.run();
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 20; i++) {
      round.run();
    }
    assertThat((THREADS.getCurrentThreadAllocatedBytes() - before) / 20).isLessThan(2_500);
  }

  private record Plugged(int id, String name) implements Compression {
    @Override
    public boolean compress(ByteBuffer source, ByteBuffer target) {
      return false;
    }

    @Override
    public Decompression decompress(ByteBuffer source) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void takesCompressionsFromElsewhereUnderTheirOwnIdsOnly() {
    Compression lz4 = new Plugged(3, "lz4");
    Compression zstd = new Plugged(4, "zstd");
    assertThat(Compressions.byId(List.of(lz4, zstd))).contains(lz4, zstd).hasSize(8);
    for (Compression wrong :
        List.of(new Plugged(1, "lz4"), new Plugged(5, "brotli"), new Plugged(-1, "brotli"))) {
      assertThatThrownBy(() -> Compressions.byId(List.of(wrong)))
          .hasMessageContaining(wrong.name());
    }
  }

  @Test
  void namesWhatThereIs() {
    assertThat(Compressions.names()).containsExactly("none", "gzip", "snappy", "lz4", "zstd");
    for (int id = 0; id < 5; id++) {
      assertThat(Compressions.named(Compressions.nameOf(id)).id()).isEqualTo(id);
    }
    assertThat(Compressions.nameOf(7)).isEqualTo("number 7");
    assertThat(Compressions.named("none")).isSameAs(Compressions.NONE);
    assertThatThrownBy(() -> Compressions.named("brotli"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("brotli")
        .hasMessageContaining("none, gzip, snappy, lz4, zstd");
    assertThatThrownBy(() -> Compressions.get(5))
        .isInstanceOfSatisfying(
            CorruptBatchException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED);
              assertThat(e).hasMessageContaining("number 5");
            });
  }
}
