package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of an index file: a protobuf {@code IndexFile} ({@code index.proto}), grown block by
 * block.
 *
 * <pre>
 * block  0A | length | 0D crc u32 | 11 base offset u64 | entry ... | seal, at most once
 *                                 '--- the checksum covers from here to the end of the block
 * entry  1A 13 | 0D offset delta u32 | 15 position u32 | 19 max time before u64        21 bytes
 * seal   22 20 | 09 end offset u64   | 15 log size u32 | 19 max time u64 | 21 appended u64
 *                                                                                      34 bytes
 * </pre>
 *
 * <p>An index is never needed to know what is in a log: whatever is wrong with one, it is made
 * again. So a file that ends in the middle of a block counts up to there, and one that contradicts
 * itself or its log counts for nothing.
 */
final class IndexFile {
  static final int ENTRY_SIZE = 21;
  private static final int ENTRY_BODY_SIZE = ENTRY_SIZE - 2;
  private static final int SEAL_SIZE = 34;
  private static final int SEAL_BODY_SIZE = SEAL_SIZE - 2;

  /** For a look at an index without its log. */
  static final long ANY_LOG_SIZE = Long.MAX_VALUE;

  private static final byte BLOCK_TAG = 0x0A;
  private static final byte CRC_TAG = 0x0D;
  private static final byte BASE_TAG = 0x11;
  private static final byte ENTRY_TAG = 0x1A;
  private static final byte SEAL_TAG = 0x22;

  private static final int CRC_SIZE = 5;
  private static final int BASE_SIZE = 9;

  /** Two gigabytes of log have 11 MiB of entries at the usual distance. */
  private static final int MAX_FILE_BYTES = 256 << 20;

  private IndexFile() {}

  /**
   * What is known of a closed segment without reading it.
   *
   * @param maxTimestamp latest record time, of the kind the topic goes by
   * @param lastAppendMillis latest append time, for retention
   */
  record Seal(long endOffset, int sizeBytes, long maxTimestamp, long lastAppendMillis) {}

  /**
   * What a file says.
   *
   * @param validBytes up to here it says it; the rest is to be overwritten
   * @param problem why it does not count in full
   */
  record Content(
      SparseIndex index, @Nullable Seal seal, long validBytes, @Nullable String problem) {}

  /** Writes one entry's bytes. */
  static void putEntry(ByteBuffer into, int offsetDelta, int position, long maxTimestampBefore) {
    into.put(ENTRY_TAG).put((byte) ENTRY_BODY_SIZE);
    into.put((byte) 0x0D).putInt(offsetDelta);
    into.put((byte) 0x15).putInt(position);
    into.put((byte) 0x19).putLong(maxTimestampBefore);
  }

  /** Makes a block of entries in their bytes (consumed) and, for a segment's last block, a seal. */
  static ByteBuffer block(long baseOffset, ByteBuffer entries, @Nullable Seal seal) {
    int body = CRC_SIZE + BASE_SIZE + entries.remaining() + (seal == null ? 0 : SEAL_SIZE);
    ByteBuffer block =
        ByteBuffer.allocate(1 + varintSize(body) + body).order(ByteOrder.LITTLE_ENDIAN);
    block.put(BLOCK_TAG);
    putVarint(block, body);
    int crcPosition = block.position() + 1;
    block.put(CRC_TAG).putInt(0);
    int checked = block.position();
    block.put(BASE_TAG).putLong(baseOffset).put(entries);
    if (seal != null) {
      block.put(SEAL_TAG).put((byte) SEAL_BODY_SIZE);
      block.put((byte) 0x09).putLong(seal.endOffset());
      block.put((byte) 0x15).putInt(seal.sizeBytes());
      block.put((byte) 0x19).putLong(seal.maxTimestamp());
      block.put((byte) 0x21).putLong(seal.lastAppendMillis());
    }
    block.putInt(crcPosition, crc(block, checked, block.position()));
    return block.flip();
  }

  /** Entries of an index as the bytes of {@link #putEntry}, one after another. */
  static ByteBuffer entries(SparseIndex index) {
    ByteBuffer bytes =
        ByteBuffer.allocate(index.count() * ENTRY_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < index.count(); i++) {
      putEntry(bytes, index.offsetDelta(i), index.position(i), index.maxTimestampBefore(i));
    }
    return bytes.flip();
  }

  /**
   * Puts a whole new index in the place of whatever is there.
   *
   * @throws io.millrace.storage.files.DiskFullException what is there stays, and misleads nobody
   *     who checks it
   */
  static void replace(Disk disk, Path path, ByteBuffer block) throws IOException {
    replace(disk, path, block, true);
  }

  /** As above, but a power loss may leave an index that has to be made again. */
  static void replaceUnforced(Disk disk, Path path, ByteBuffer block) throws IOException {
    replace(disk, path, block, false);
  }

  private static void replace(Disk disk, Path path, ByteBuffer block, boolean isForced)
      throws IOException {
    Path unfinished = DataPaths.unfinished(path);
    if (disk.kind(unfinished) != FileKind.ABSENT) {
      disk.delete(unfinished);
    }
    try (DiskFile file = disk.create(unfinished)) {
      file.write(0, block);
      if (isForced) {
        file.force();
      }
    }
    disk.rename(unfinished, path);
  }

  /**
   * Reads a file; an absent one is an empty one.
   *
   * @param maxEntries how many to hold at most
   */
  static Content load(Disk disk, Path path, long baseOffset, long logSizeBytes, int maxEntries)
      throws IOException {
    if (disk.kind(path) != FileKind.FILE) {
      return nothing(maxEntries, path + " is missing");
    }
    try (DiskFile file = disk.openForReading(path)) {
      long size = file.size();
      if (size > MAX_FILE_BYTES) {
        return nothing(maxEntries, path + " has " + size + " bytes, more than it ever should");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
      file.read(0, bytes);
      return parse(bytes.flip(), baseOffset, logSizeBytes, maxEntries);
    }
  }

  private static Content nothing(int maxEntries, String problem) {
    return new Content(new SparseIndex(maxEntries), null, 0, problem);
  }

  static Content parse(ByteBuffer bytes, long baseOffset, long logSizeBytes, int maxEntries) {
    Parser parser = new Parser(bytes, baseOffset, logSizeBytes, maxEntries);
    int valid = 0;
    while (bytes.hasRemaining()) {
      String problem = parser.seal != null ? "bytes follow the seal" : parser.block();
      if (problem != null) {
        String where = "in the block at " + valid + ": " + problem;
        return parser.contradiction
            ? nothing(maxEntries, where)
            : new Content(parser.index, parser.seal, valid, where);
      }
      valid = bytes.position();
    }
    return new Content(parser.index, parser.seal, valid, null);
  }

  private static final class Parser {
    private final ByteBuffer bytes;
    private final long baseOffset;
    private final long logSizeBytes;
    private final SparseIndex index;
    private @Nullable Seal seal;
    private boolean contradiction;
    private int lastDelta;
    private int lastPosition;

    Parser(ByteBuffer bytes, long baseOffset, long logSizeBytes, int maxEntries) {
      this.bytes = bytes;
      this.baseOffset = baseOffset;
      this.logSizeBytes = logSizeBytes;
      this.index = new SparseIndex(maxEntries);
    }

    /** Moves behind the block, or says why it is none. */
    @Nullable String block() {
      if (bytes.get() != BLOCK_TAG) {
        return "it does not begin with a block's tag";
      }
      int size = readVarint(bytes);
      if (size < CRC_SIZE + BASE_SIZE || size > bytes.remaining()) {
        return "it is cut short";
      }
      int end = bytes.position() + size;
      byte crcTag = bytes.get();
      int crc = bytes.getInt();
      if (crcTag != CRC_TAG || crc != crc(bytes, bytes.position(), end)) {
        return "its checksum does not match";
      }
      // From here on the bytes are what was written: what is wrong now, was written for another
      // log.
      contradiction = true;
      if (bytes.get() != BASE_TAG || bytes.getLong() != baseOffset) {
        return "it is of another segment";
      }
      while (bytes.position() < end) {
        String problem = part(end);
        if (problem != null) {
          return problem;
        }
      }
      contradiction = false;
      return null;
    }

    private @Nullable String part(int end) {
      int left = end - bytes.position();
      int start = bytes.position();
      byte tag = bytes.get();
      if (tag == ENTRY_TAG && left >= ENTRY_SIZE && seal == null) {
        int delta = bytes.getInt(start + 3);
        int position = bytes.getInt(start + 8);
        if (delta <= lastDelta || position <= lastPosition) {
          return "its entries are not in order";
        }
        if (position >= logSizeBytes) {
          return "it points behind the end of the log";
        }
        index.add(delta, position, bytes.getLong(start + 13));
        lastDelta = delta;
        lastPosition = position;
        bytes.position(start + ENTRY_SIZE);
        return null;
      }
      if (tag == SEAL_TAG && left == SEAL_SIZE) {
        seal =
            new Seal(
                bytes.getLong(start + 3),
                bytes.getInt(start + 12),
                bytes.getLong(start + 17),
                bytes.getLong(start + 26));
        bytes.position(end);
        boolean fits = logSizeBytes == ANY_LOG_SIZE || seal.sizeBytes() == logSizeBytes;
        return fits ? null : "it was sealed for another log size";
      }
      return "it holds what no index holds";
    }
  }

  private static int crc(ByteBuffer bytes, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(from, to - from));
    return (int) crc.getValue();
  }

  private static int varintSize(int value) {
    int size = 1;
    for (int rest = value >>> 7; rest != 0; rest >>>= 7) {
      size++;
    }
    return size;
  }

  private static void putVarint(ByteBuffer into, int value) {
    int rest = value;
    while (rest > 0x7f) {
      into.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    into.put((byte) rest);
  }

  /** Negative when it is cut short or no size. */
  private static int readVarint(ByteBuffer bytes) {
    int value = 0;
    for (int shift = 0; shift < 32 && bytes.hasRemaining(); shift += 7) {
      byte next = bytes.get();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    return -1;
  }
}
