package io.millrace.wire;

import io.millrace.wire.v1.ErrorCode;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.StreamingXXHash32;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;
import org.jspecify.annotations.Nullable;

/**
 * Reads one LZ4 frame, block by block; used again for frame after frame.
 *
 * <pre>
 *   frame = 04 22 4D 18 flags BD [content size: 8] header check: 1, block*, 0: 4, [checksum: 4]
 *   flags = 01 i b c s 0 d       version 1; i: blocks are independent; b: they have checksums;
 *                                c: a size of the content; s: a checksum of it; d: a dictionary
 *   BD    = 0 sss 0000           no block becomes more than 64 KiB (4), 256 KiB, 1 MiB, 4 MiB (7)
 *   block = size: 4, its highest bit set when it is not compressed; bytes, [checksum: 4]
 * </pre>
 *
 * <p>Numbers are little-endian, checksums xxHash-32. Blocks that refer to the ones before them are
 * refused, as the library cannot read them; so are dictionaries.
 */
final class Lz4Frame implements Compression.Decompression {
  static final int MAGIC = 0x184D2204;

  /** What we write: independent blocks, the content's size. */
  static final int FLAGS = 0b0110_1000;

  static final int BLOCK_CODE_SHIFT = 4;

  /** Of what we write. */
  static final int HEADER_SIZE = Integer.BYTES + 2 + Long.BYTES + 1;

  static final int END_SIZE = Integer.BYTES;

  /** A block that is not compressed. */
  static final int STORED = 1 << 31;

  private static final int VERSION_MASK = 0b1100_0000;
  private static final int VERSION = 0b0100_0000;
  private static final int INDEPENDENT = 0b10_0000;
  private static final int BLOCK_CHECKSUM = 0b1_0000;
  private static final int CONTENT_SIZE = 0b1000;
  private static final int CONTENT_CHECKSUM = 0b100;
  private static final int RESERVED = 0b10;
  private static final int DICTIONARY = 1;

  private static final int SMALLEST_BLOCK_CODE = 4;
  private static final int LARGEST_BLOCK_CODE = 7;

  /** A byte of a block becomes at most so many. */
  private static final int LARGEST_RATIO = 255;

  /** Memory kept for the next frame. */
  private static final int LARGEST_KEPT = 1 << 20;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
  private final XXHash32 xxHash32 = XXHashFactory.fastestJavaInstance().hash32();
  private @Nullable StreamingXXHash32 contentHash;
  private final Consumer<Lz4Frame> whenClosed;

  private ByteBuffer source = NOTHING;
  private int at;
  private int end;
  private boolean begun;
  private boolean ended;
  private int flags;
  private int blockSize;
  private long contentSize;
  private long produced;

  /** A block for which the target had not enough room; what is left of it goes out first. */
  private ByteBuffer scratch = NOTHING;

  private ByteBuffer pending = NOTHING;
  private int pendingAt;
  private int pendingEnd;

  Lz4Frame(Consumer<Lz4Frame> whenClosed) {
    this.whenClosed = whenClosed;
  }

  /** The smallest that holds so much, or the largest there is. */
  static int blockCode(int contentSize) {
    int code = SMALLEST_BLOCK_CODE;
    while (code < LARGEST_BLOCK_CODE && blockSize(code) < contentSize) {
      code++;
    }
    return code;
  }

  static int blockSize(int code) {
    return 1 << (8 + 2 * code);
  }

  Lz4Frame over(ByteBuffer frame) {
    source = frame;
    at = frame.position();
    end = frame.limit();
    begun = false;
    ended = false;
    produced = 0;
    pendingAt = 0;
    pendingEnd = 0;
    return this;
  }

  @Override
  public boolean into(ByteBuffer target) {
    if (!begun) {
      header();
      begun = true;
    }
    while (true) {
      if (pendingAt < pendingEnd) {
        int size = Math.min(pendingEnd - pendingAt, target.remaining());
        target.put(target.position(), pending, pendingAt, size);
        target.position(target.position() + size);
        pendingAt += size;
        if (pendingAt < pendingEnd) {
          return false;
        }
      }
      if (ended) {
        return true;
      }
      block(target);
    }
  }

  private void header() {
    if (end - at < Integer.BYTES + 3 || LittleEndian.getInt(source, at) != MAGIC) {
      throw corrupt("does not begin as one");
    }
    int descriptor = at + Integer.BYTES;
    flags = source.get(descriptor);
    int blockByte = source.get(descriptor + 1);
    int blockCode = blockByte >>> BLOCK_CODE_SHIFT;
    if ((flags & VERSION_MASK) != VERSION
        || (flags & RESERVED) != 0
        || blockByte != blockCode << BLOCK_CODE_SHIFT
        || blockCode < SMALLEST_BLOCK_CODE
        || blockCode > LARGEST_BLOCK_CODE) {
      throw corrupt("is of a kind that there is not");
    }
    if ((flags & INDEPENDENT) == 0 || (flags & DICTIONARY) != 0) {
      throw new CorruptBatchException(
          ErrorCode.UNSUPPORTED,
          "the lz4 frame of the records has blocks that refer to each other, or to a dictionary;"
              + " records need independent blocks");
    }
    blockSize = blockSize(blockCode);
    at = descriptor + 2;
    contentSize = -1;
    if ((flags & CONTENT_SIZE) != 0) {
      need(Long.BYTES + 1);
      contentSize = LittleEndian.getLong(source, at);
      at += Long.BYTES;
    }
    int hash = xxHash32.hash(source, descriptor, at - descriptor, 0);
    if (source.get(at++) != (byte) (hash >>> Byte.SIZE)) {
      throw corrupt("has a damaged header");
    }
    if (hashesContent()) {
      if (contentHash == null) {
        contentHash = XXHashFactory.fastestJavaInstance().newStreamingHash32(0);
      }
      contentHash.reset();
    }
  }

  private boolean hashesContent() {
    return (flags & CONTENT_CHECKSUM) != 0;
  }

  /** One block into the target, or into the scratch memory when the target may be too small. */
  private void block(ByteBuffer target) {
    need(Integer.BYTES);
    int word = LittleEndian.getInt(source, at);
    at += Integer.BYTES;
    if (word == 0) {
      endOfFrame();
      return;
    }
    int size = word & ~STORED;
    boolean hasChecksum = (flags & BLOCK_CHECKSUM) != 0;
    if (size == 0 || size > blockSize) {
      throw corrupt("has a block of " + size + " bytes");
    }
    need(size + (hasChecksum ? Integer.BYTES : 0));
    if ((word & STORED) != 0) {
      pending = source;
      pendingAt = at;
      pendingEnd = at + size;
      produced += size;
      hash(source, at, size);
    } else {
      decompress(size, target);
    }
    at += size;
    if (hasChecksum) {
      if (LittleEndian.getInt(source, at) != xxHash32.hash(source, at - size, size, 0)) {
        throw corrupt("has a damaged block");
      }
      at += Integer.BYTES;
    }
    if (contentSize >= 0 && produced > contentSize) {
      throw corrupt("becomes more than the " + contentSize + " bytes that it claims to be of");
    }
  }

  private void decompress(int size, ByteBuffer target) {
    int most = (int) Math.min(blockSize, (long) LARGEST_RATIO * size);
    boolean inPlace = target.remaining() >= most;
    if (!inPlace && scratch.capacity() < most) {
      scratch = ByteBuffer.allocate(most);
    }
    ByteBuffer into = inPlace ? target : scratch;
    int position = inPlace ? target.position() : 0;
    int made;
    try {
      made = decompressor.decompress(source, at, size, into, position, most);
    } catch (LZ4Exception e) {
      throw corrupt("has a block that lz4 did not write: " + e.getMessage());
    }
    produced += made;
    hash(into, position, made);
    if (inPlace) {
      target.position(position + made);
    } else {
      pending = scratch;
      pendingAt = 0;
      pendingEnd = made;
    }
  }

  private void hash(ByteBuffer bytes, int position, int size) {
    StreamingXXHash32 hash = contentHash;
    if (!hashesContent() || hash == null) {
      return;
    }
    if (bytes.hasArray()) {
      hash.update(bytes.array(), bytes.arrayOffset() + position, size);
    } else {
      byte[] copy = new byte[size];
      bytes.get(position, copy);
      hash.update(copy, 0, size);
    }
  }

  private void endOfFrame() {
    if (contentSize >= 0 && produced != contentSize) {
      throw corrupt("claims to be of " + contentSize + " bytes and has " + produced);
    }
    StreamingXXHash32 hash = contentHash;
    if (hashesContent() && hash != null) {
      need(Integer.BYTES);
      if (LittleEndian.getInt(source, at) != hash.getValue()) {
        throw corrupt("does not match its checksum");
      }
      at += Integer.BYTES;
    }
    if (at != end) {
      throw corrupt("has " + (end - at) + " bytes behind it");
    }
    ended = true;
  }

  private void need(int size) {
    if (size > end - at) {
      throw corrupt("is cut off");
    }
  }

  private static CorruptBatchException corrupt(String why) {
    return new CorruptBatchException("the lz4 frame of the records " + why);
  }

  @Override
  public void close() {
    source = NOTHING;
    pending = NOTHING;
    if (scratch.capacity() > LARGEST_KEPT) {
      scratch = NOTHING;
    }
    whenClosed.accept(this);
  }
}
