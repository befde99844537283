package io.millrace.wire;

import static io.millrace.wire.CompressionTest.batchOf;
import static io.millrace.wire.CompressionTest.compressed;
import static io.millrace.wire.CompressionTest.records;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.wire.v1.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import net.jpountz.xxhash.XXHashFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xerial.snappy.Snappy;

/** The formats of the codecs, against what others write and read, and against lies in them. */
class CodecFormatTest {
  private static final Compression GZIP = Compressions.named("gzip");
  private static final Compression SNAPPY = Compressions.named("snappy");
  private static final Compression LZ4 = Compressions.named("lz4");
  private static final Compression ZSTD = Compressions.named("zstd");

  private final RecordCursor cursor = new RecordCursor(CompressionTest.LIMIT);

  private void assertRefused(Compression codec, ByteBuffer bytes, ErrorCode code) {
    CompressionTest.assertRefused(cursor, codec, bytes, code);
  }

  private void assertCorrupt(Compression codec, ByteBuffer bytes) {
    assertRefused(codec, bytes, ErrorCode.CORRUPT_BATCH);
  }

  private static byte[] plain(int size) {
    byte[] plain = new byte[size];
    for (int i = 0; i < size; i++) {
      plain[i] = (byte) ((i * i) >>> 7);
    }
    return plain;
  }

  private static byte[] array(ByteBuffer bytes) {
    byte[] array = new byte[bytes.remaining()];
    bytes.duplicate().get(array);
    return array;
  }

  private static ByteBuffer decompressed(Compression codec, byte[] bytes) {
    ByteBuffer into = ByteBuffer.allocate(8 << 20);
    try (Compression.Decompression decompression = codec.decompress(ByteBuffer.wrap(bytes))) {
      assertThat(decompression.into(into)).isTrue();
    }
    return into.flip();
  }

  private static ByteBuffer hex(String bytes) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(bytes.replaceAll("[ \n]", "")));
  }

  // ---- zstd ------------------------------------------------------------------------------------

  static ByteBuffer zstdFrame(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).putInt(0xFD2FB528);
  }

  @Test
  void b33_zstd_aFrameThatAsksForAHugeWindowIsRefusedBeforeItIsAllocated() {
    ByteBuffer frame = zstdFrame(10).put((byte) 0).put((byte) (21 << 3)); // 2 GiB
    assertCorrupt(ZSTD, frame.put((byte) 1).put((byte) 0).put((byte) 0).flip());
  }

  /** A frame with a single segment: the declared size, then one raw block of three bytes. */
  private static ByteBuffer zstdDeclaring(long size) {
    ByteBuffer frame = zstdFrame(20).put((byte) (3 << 6 | 1 << 5)).putLong(size);
    int header = 3 << 3 | 1;
    frame.put((byte) header).put((byte) 0).put((byte) 0);
    return frame.put(new byte[] {0x0a, 0x01, 0x08}).flip();
  }

  private static final long[] LIES = {
    0, 1, 2, 4, 5, CompressionTest.LIMIT, 1L << 32, 1L << 50, Long.MAX_VALUE, -1
  };

  @Test
  void b34_zstd_doesNotBelieveTheDeclaredSize() {
    for (long size : LIES) {
      assertCorrupt(ZSTD, zstdDeclaring(size));
    }
    cursor.over(batchOf(ZSTD, zstdDeclaring(3)));
  }

  // ---- gzip ------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 300_000})
  void gzip_isWhatTheJdkReadsAndWrites(int size) throws IOException {
    byte[] plain = plain(size);
    ByteBuffer ours = compressed(GZIP, ByteBuffer.wrap(plain));
    assertThat(new GZIPInputStream(new ByteArrayInputStream(array(ours))).readAllBytes())
        .isEqualTo(plain);

    ByteArrayOutputStream theirs = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(theirs)) {
      out.write(plain);
    }
    assertThat(decompressed(GZIP, theirs.toByteArray())).isEqualTo(ByteBuffer.wrap(plain));
  }

  @Test
  void b34_gzip_doesNotBelieveTheDeclaredSizeOrChecksum() {
    ByteBuffer good = compressed(GZIP, records(1000));
    int sizeAt = good.limit() - 4;
    for (long lie : LIES) {
      ByteBuffer bad = Forged.copy(good);
      LittleEndian.putInt(bad, sizeAt, (int) lie);
      assertCorrupt(GZIP, bad);
    }
    ByteBuffer bad = Forged.copy(good);
    bad.put(sizeAt - 4, (byte) ~bad.get(sizeAt - 4));
    assertCorrupt(GZIP, bad);
  }

  /** RFC 1952: extra field, name, comment and header checksum, as some writers put them. */
  @Test
  void gzip_readsEveryOptionalHeaderField() throws IOException {
    byte[] plain = plain(500);
    byte[] ours = array(compressed(GZIP, ByteBuffer.wrap(plain)));
    ByteArrayOutputStream full = new ByteArrayOutputStream();
    full.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3});
    full.writeBytes(new byte[] {3, 0, 'a', 'b', 'c'});
    full.writeBytes("name\0comment\0".getBytes(US_ASCII));
    CRC32 crc = new CRC32();
    crc.update(full.toByteArray());
    full.write((int) crc.getValue());
    full.write((int) crc.getValue() >>> 8);
    int headerSize = full.size();
    full.write(ours, 10, ours.length - 10);
    byte[] bytes = full.toByteArray();
    assertThat(new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes())
        .isEqualTo(plain);
    assertThat(decompressed(GZIP, bytes)).isEqualTo(ByteBuffer.wrap(plain));

    for (int size = 0; size < headerSize; size++) {
      assertCorrupt(GZIP, ByteBuffer.wrap(bytes, 0, size).slice());
      // As long as a whole one, and the header's fields reach beyond the end.
      ByteBuffer endless = ByteBuffer.allocate(size + 20);
      endless.put(bytes, 0, size);
      while (endless.hasRemaining()) {
        endless.put((byte) 'x');
      }
      assertCorrupt(GZIP, endless.flip());
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0x1e", "1, 0", "2, 7", "3, 0x20", "3, 0x80"})
  void gzip_refusesAnotherMagicMethodOrFlag(int position, String value) {
    ByteBuffer bad = Forged.copy(compressed(GZIP, records(100)));
    bad.put(position, (byte) (int) Integer.decode(value));
    assertCorrupt(GZIP, bad);
  }

  // ---- snappy ----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 70_000, 300_000})
  void snappy_isWhatTheLibraryReadsAndWrites(int size) throws IOException {
    byte[] plain = plain(size);
    assertThat(Snappy.uncompress(array(compressed(SNAPPY, ByteBuffer.wrap(plain)))))
        .isEqualTo(plain);
    assertThat(decompressed(SNAPPY, Snappy.compress(plain))).isEqualTo(ByteBuffer.wrap(plain));
  }

  /** What our reader takes, the library's takes, and the same comes of it. */
  @Test
  void b35_snappy_agreesWithTheLibraryOnWhatIsSound() throws IOException {
    java.util.Random random = new java.util.Random(8);
    byte[] good = Snappy.compress(plain(400));
    int taken = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = good.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      ByteBuffer into = ByteBuffer.allocate(1 << 16);
      boolean ended = false;
      try (Compression.Decompression block = SNAPPY.decompress(ByteBuffer.wrap(bytes))) {
        ended = block.into(into);
      } catch (CorruptBatchException refused) {
        assertThat(Snappy.isValidCompressedBuffer(bytes)).as("%s", refused).isFalse();
      }
      if (ended) {
        taken++;
        assertThat(Snappy.uncompress(bytes)).isEqualTo(array(into.flip()));
      }
    }
    assertThat(taken).isPositive();
  }

  /** Every kind of element: https://github.com/google/snappy/blob/main/format_description.txt. */
  @Test
  void snappy_readsEveryKindOfElement() {
    assertThat(decompressed(SNAPPY, array(hex("05 00 61 01 01")))).isEqualTo(text("a" + "aaaa"));
    assertThat(decompressed(SNAPPY, array(hex("0b 0c 6d696c6c 01 04 0a 04 00"))))
        .isEqualTo(text("mill" + "mill" + "mil"));
    assertThat(decompressed(SNAPPY, array(hex("06 08 616263 0b 03 00 00 00"))))
        .isEqualTo(text("abcabc"));
    String sixty = "x".repeat(61);
    for (String length : new String[] {"f0 3c", "f4 3c 00", "f8 3c 00 00", "fc 3c 00 00 00"}) {
      assertThat(decompressed(SNAPPY, array(hex("3d" + length + "78".repeat(61)))))
          .isEqualTo(text(sixty));
    }
    assertThat(decompressed(SNAPPY, array(hex("00")))).isEqualTo(text(""));
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(US_ASCII));
  }

  @ParameterizedTest
  @CsvSource({
    "'', no size",
    "80, a size cut off",
    "ff ff ff ff 10 00 61, a size above 2^32 - 1",
    "80 80 80 80 80 00 00 61, a size of six bytes",
    "01, nothing but a size",
    "01 04 61 62, more than the size",
    "03 04 61 62, less than the size",
    "ff ff ff ff 0f 04 61 62, far less than the size",
    "00 00 61, more than nothing",
    "05 00 61 01, a copy cut off",
    "05 01 00, a copy before anything",
    "05 00 61 01 00, a copy of nothing before it",
    "05 00 61 01 02, a copy from before the beginning",
    "05 00 61 0f ff ff ff ff, a copy from far before the beginning",
    "05 10 61, a literal cut off",
    "05 f0, the length of a literal cut off",
    "05 fc ff ff ff ff 61, a literal of 2^32 bytes",
  })
  void b34_b35_snappy_refuses(String bytes, String what) {
    assertThatThrownBy(() -> cursor.over(batchOf(SNAPPY, hex(bytes))))
        .as(what)
        .isInstanceOfSatisfying(
            CorruptBatchException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT_BATCH));
  }

  // ---- lz4 -------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, 70_000, 300_000, 5_000_000})
  void lz4_isWhatTheLibraryReadsAndWrites(int size) throws IOException {
    byte[] plain = plain(size);
    ByteBuffer ours = compressed(LZ4, ByteBuffer.wrap(plain));
    assertThat(new LZ4FrameInputStream(new ByteArrayInputStream(array(ours))).readAllBytes())
        .isEqualTo(plain);
    for (FLG.Bits[] bits :
        new FLG.Bits[][] {
          {FLG.Bits.BLOCK_INDEPENDENCE},
          {FLG.Bits.BLOCK_INDEPENDENCE, FLG.Bits.CONTENT_CHECKSUM},
          {FLG.Bits.BLOCK_INDEPENDENCE, FLG.Bits.BLOCK_CHECKSUM},
          {FLG.Bits.BLOCK_INDEPENDENCE, FLG.Bits.CONTENT_SIZE, FLG.Bits.CONTENT_CHECKSUM}
        }) {
      for (BLOCKSIZE blocks : BLOCKSIZE.values()) {
        byte[] theirs = frame(plain, blocks, bits);
        assertThat(decompressed(LZ4, theirs)).isEqualTo(ByteBuffer.wrap(plain));
      }
    }
  }

  private static byte[] frame(byte[] plain, BLOCKSIZE blocks, FLG.Bits... bits) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    try (LZ4FrameOutputStream out =
        new LZ4FrameOutputStream(
            frame,
            blocks,
            plain.length,
            LZ4Factory.fastestInstance().fastCompressor(),
            XXHashFactory.fastestInstance().hash32(),
            bits)) {
      out.write(plain);
    }
    return frame.toByteArray();
  }

  @Test
  void b35_lz4_everyDamageToAFrameWithChecksumsIsFound() throws IOException {
    byte[] frame =
        frame(
            plain(3_000),
            BLOCKSIZE.SIZE_64KB,
            FLG.Bits.BLOCK_INDEPENDENCE,
            FLG.Bits.BLOCK_CHECKSUM,
            FLG.Bits.CONTENT_CHECKSUM);
    for (int bit = 0; bit < frame.length * 8; bit++) {
      byte[] bad = frame.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> cursor.over(batchOf(LZ4, ByteBuffer.wrap(bad))))
          .as("bit %d", bit)
          .isInstanceOf(CorruptBatchException.class);
    }
  }

  /** One stored block of three bytes. */
  private static ByteBuffer lz4Declaring(long size) {
    ByteBuffer frame = ByteBuffer.allocate(26).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(Lz4Frame.MAGIC).put((byte) Lz4Frame.FLAGS).put((byte) 0x40).putLong(size);
    int hash = XXHashFactory.safeInstance().hash32().hash(frame.array(), 4, 10, 0);
    frame.put((byte) (hash >>> 8)).putInt(3 | Lz4Frame.STORED);
    return frame.put(new byte[] {0x0a, 0x01, 0x08}).putInt(0).flip();
  }

  @Test
  void b34_lz4_doesNotBelieveTheDeclaredSize() {
    for (long size : LIES) {
      if (size >= 0) {
        assertCorrupt(LZ4, lz4Declaring(size));
      }
    }
    cursor.over(batchOf(LZ4, lz4Declaring(3)));
  }

  @Test
  void lz4_refusesBlocksThatReferToEachOtherAndDictionariesAsUnsupported() {
    for (int flags : new int[] {0b0100_0000, 0b0110_0001}) {
      ByteBuffer frame = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
      frame.putInt(Lz4Frame.MAGIC).put((byte) flags).put((byte) 0x40);
      assertRefused(LZ4, frame.rewind(), ErrorCode.UNSUPPORTED);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "00 40, version 0",
    "a0 40, version 2",
    "62 40, a reserved flag",
    "60 30, a block size that there is not",
    "60 41, reserved bits",
    "60 c0, a reserved bit",
  })
  void b35_lz4_refusesAHeader(String bytes, String what) {
    byte[] descriptor = array(hex(bytes));
    ByteBuffer frame = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(Lz4Frame.MAGIC).put(descriptor);
    int hash = XXHashFactory.safeInstance().hash32().hash(descriptor, 0, 2, 0);
    frame.put((byte) (hash >>> 8));
    assertThatThrownBy(() -> cursor.over(batchOf(LZ4, frame.rewind())))
        .as(what)
        .isInstanceOf(CorruptBatchException.class)
        .hasMessageContaining("kind that there is not");
  }

  @Test
  void b35_lz4_refusesABlockThatIsEmptyOrLargerThanItMayBe() {
    for (int size : new int[] {Lz4Frame.STORED, 65_537, 65_537 | Lz4Frame.STORED, -1}) {
      ByteBuffer frame = ByteBuffer.allocate(80_000).order(ByteOrder.LITTLE_ENDIAN);
      frame.putInt(Lz4Frame.MAGIC).put((byte) 0x60).put((byte) 0x40).put((byte) 0x82).putInt(size);
      assertCorrupt(LZ4, frame.rewind());
    }
  }
}
