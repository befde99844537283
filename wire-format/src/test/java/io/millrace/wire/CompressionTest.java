package io.millrace.wire;

import static io.millrace.wire.RandomBatches.NOW_MILLIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Record;
import io.millrace.wire.v1.RecordSet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
  private static final Compression ZSTD = Compressions.named("zstd");
  private static final int LIMIT = 1 << 20;

  private static final int MAGIC = 0xFD2FB528;
  private static final int BLOCK_SIZE = 128 << 10;

  private final RecordCursor cursor = new RecordCursor(LIMIT);

  /** A batch whose records are these bytes, said to be compressed with zstd. */
  private static BatchView batchOf(ByteBuffer compressed) {
    RecordSet one = RecordSet.newBuilder().addRecord(Record.getDefaultInstance()).build();
    ByteBuffer batch =
        Forged.bytes(
            Forged.honest(one, NOW_MILLIS)
                .setAttributes(ZSTD.id())
                .setRecords(ByteString.copyFrom(compressed.duplicate())));
    return new BatchView().wrap(batch, 0);
  }

  private void assertRefused(ByteBuffer compressed, ErrorCode code) {
    assertThatThrownBy(() -> cursor.over(batchOf(compressed)))
        .isInstanceOfSatisfying(
            CorruptBatchException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private static ByteBuffer compressed(ByteBuffer plain) {
    ByteBuffer target = ByteBuffer.allocate(plain.remaining() + 1000);
    assertThat(ZSTD.compress(plain, target)).isTrue();
    return target.flip();
  }

  /** A record with a value of zeros, in a set of its own. */
  private static ByteBuffer records(int valueSize) {
    return RecordSet.newBuilder()
        .addRecord(Record.newBuilder().setValue(ByteString.copyFrom(new byte[valueSize])))
        .build()
        .toByteString()
        .asReadOnlyByteBuffer();
  }

  private static ByteBuffer frame(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).putInt(MAGIC);
  }

  /** So many blocks of zeros, each in four bytes. */
  private static ByteBuffer bomb(int blocks) {
    ByteBuffer frame = frame(6 + 4 * blocks);
    frame.put((byte) 0).put((byte) (7 << 3)); // a window of 128 KiB, no size of the content
    for (int i = 0; i < blocks; i++) {
      int last = i == blocks - 1 ? 1 : 0;
      int header = BLOCK_SIZE << 3 | 1 << 1 | last; // run-length block
      frame.put((byte) header).put((byte) (header >> 8)).put((byte) (header >> 16)).put((byte) 0);
    }
    return frame.flip();
  }

  @Test
  void b33_stopsAtTheLimitWhenAHundredKilobytesBecomeFourGigabytes() {
    ByteBuffer bomb = bomb(32 << 10);
    assertThat(bomb.remaining()).isLessThan(140_000);

    assertRefused(bomb, ErrorCode.TOO_LARGE);
  }

  @Test
  void b33_theLimitIsExact() {
    int overhead = records(LIMIT - 100).remaining() - (LIMIT - 100);
    cursor.over(batchOf(compressed(records(LIMIT - overhead))));
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.next()).isFalse();

    assertRefused(compressed(records(LIMIT - overhead + 1)), ErrorCode.TOO_LARGE);
  }

  @Test
  void b33_compressionInsideCompressionIsBytesThatAreNoRecords() {
    cursor.over(batchOf(compressed(compressed(records(1000)))));
    assertThatThrownBy(cursor::next).isInstanceOf(CorruptBatchException.class);
  }

  @Test
  void b33_aFrameThatAsksForAHugeWindowIsRefusedBeforeItIsAllocated() {
    ByteBuffer frame = frame(10).put((byte) 0).put((byte) (21 << 3)); // 2 GiB
    assertRefused(frame.put((byte) 1).put((byte) 0).put((byte) 0).flip(), ErrorCode.CORRUPT_BATCH);
  }

  /** A frame with a single segment: the declared size, then one raw block of three bytes. */
  private static ByteBuffer declaring(long size) {
    ByteBuffer frame = frame(20).put((byte) (3 << 6 | 1 << 5)).putLong(size);
    int header = 3 << 3 | 1;
    frame.put((byte) header).put((byte) 0).put((byte) 0);
    return frame.put(new byte[] {0x0a, 0x01, 0x08}).flip();
  }

  @Test
  void b34_doesNotBelieveTheDeclaredSize() {
    for (long size : new long[] {0, 1, 2, 4, 5, LIMIT, 1L << 32, 1L << 50, Long.MAX_VALUE, -1}) {
      assertRefused(declaring(size), ErrorCode.CORRUPT_BATCH);
    }
    cursor.over(batchOf(declaring(3)));
  }

  @Test
  void b35_everyTruncationIsRefused() {
    ByteBuffer frame = compressed(RandomBatches.encode(new RandomBatches(4).records(5), ZSTD));
    for (int size = 0; size < frame.remaining(); size++) {
      assertRefused(frame.slice(0, size), ErrorCode.CORRUPT_BATCH);
    }
  }

  @Test
  void b35_otherCodecsBytesAndNoiseAreRefused() {
    Random random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      ByteBuffer bytes = ByteBuffer.wrap(noise);
      if (noise.length > 4 && round % 2 == 0) {
        bytes.order(ByteOrder.LITTLE_ENDIAN).putInt(0, MAGIC);
      }
      try {
        cursor.over(batchOf(bytes));
        while (cursor.next()) {}
      } catch (CorruptBatchException expected) {
        assertThat(expected.code()).isIn(ErrorCode.CORRUPT_BATCH, ErrorCode.TOO_LARGE);
      }
    }
    byte[] gzip = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 0};
    assertRefused(ByteBuffer.wrap(gzip), ErrorCode.CORRUPT_BATCH);
    byte[] lz4 = {0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, (byte) 0xa7, 0, 0, 0, 0};
    assertRefused(ByteBuffer.wrap(lz4), ErrorCode.CORRUPT_BATCH);
  }

  @Test
  void bytesBehindTheFrameAreRefused() {
    ByteBuffer frame = compressed(records(1000));
    ByteBuffer longer = ByteBuffer.allocate(frame.remaining() + 1).put(frame).rewind();
    assertRefused(longer, ErrorCode.CORRUPT_BATCH);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 5000, 300_000})
  void readsFromAndIntoEveryKindOfMemory(int size) {
    byte[] plain =
        String.join("", Collections.nCopies(size, "ab"))
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    ByteBuffer heap = ByteBuffer.wrap(plain);
    ByteBuffer direct = ByteBuffer.allocateDirect(plain.length).put(plain).flip();
    for (ByteBuffer source : new ByteBuffer[] {heap, direct, heap.asReadOnlyBuffer()}) {
      for (ByteBuffer target :
          new ByteBuffer[] {
            ByteBuffer.allocate(size + 100), ByteBuffer.allocateDirect(size + 100)
          }) {
        assertThat(ZSTD.compress(source, target)).isTrue();
        assertThat(source.remaining()).isEqualTo(plain.length);
        target.flip();
        for (ByteBuffer into :
            new ByteBuffer[] {
              ByteBuffer.allocate(plain.length), ByteBuffer.allocateDirect(plain.length)
            }) {
          try (Compression.Decompression frame = ZSTD.decompress(target)) {
            assertThat(frame.into(into)).isTrue();
          }
          assertThat(into.flip()).isEqualTo(heap);
        }
      }
    }
  }

  /** A context that was left within a frame must not be used for the next. */
  @Test
  void goesOnAfterEveryFailure() {
    ByteBuffer good = compressed(records(1000));
    for (int round = 0; round < 20; round++) {
      assertRefused(good.slice(0, good.remaining() - 1), ErrorCode.CORRUPT_BATCH);
      assertRefused(bomb(100), ErrorCode.TOO_LARGE);
      assertThat(ZSTD.compress(records(1000), ByteBuffer.allocate(5))).isFalse();
      assertThat(compressed(records(1000))).isEqualTo(good);
      cursor.over(batchOf(good));
      assertThat(cursor.next()).isTrue();
    }
  }

  @Test
  void severalThreadsMayCompressAtOnce() {
    ByteBuffer expected = compressed(records(50_000));
    IntStream.range(0, 200)
        .parallel()
        .forEach(
            i -> {
              assertThat(compressed(records(50_000))).isEqualTo(expected);
              ByteBuffer plain = ByteBuffer.allocate(60_000);
              try (Compression.Decompression frame = ZSTD.decompress(expected)) {
                assertThat(frame.into(plain)).isTrue();
              }
              assertThat(plain.flip()).isEqualTo(records(50_000));
            });
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
  void namesWhatIsAtHand() {
    assertThat(Compressions.nameOf(4)).isEqualTo("zstd");
    assertThat(Compressions.nameOf(7)).isEqualTo("number 7");
    assertThat(Compressions.named("none")).isSameAs(Compressions.NONE);
    assertThatThrownBy(() -> Compressions.named("lz4"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lz4")
        .hasMessageContaining("none, zstd");
    assertThatThrownBy(() -> Compressions.get(1))
        .isInstanceOfSatisfying(
            CorruptBatchException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED);
              assertThat(e).hasMessageContaining("gzip");
            });
  }
}
