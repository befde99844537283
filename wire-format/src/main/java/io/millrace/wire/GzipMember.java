package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads one gzip member, with whatever optional header fields its writer put there; used again for
 * member after member.
 *
 * <pre>
 *  1F 8B 08 flags time[4] hint system | [extra] [name] [comment] [crc16] | deflate | crc32 size
 * </pre>
 */
final class GzipMember implements Compression.Decompression {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final int FIXED_HEADER_SIZE = 10;
  private static final int FLAGS = 3;
  private static final int HEADER_CRC = 1 << 1;
  private static final int EXTRA = 1 << 2;
  private static final int NAME = 1 << 3;
  private static final int COMMENT = 1 << 4;
  private static final int RESERVED = 0b1110_0000;

  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc32 = new CRC32();
  private final Consumer<GzipMember> whenClosed;

  private ByteBuffer source = NOTHING;
  private boolean headerRead;
  private boolean ended;
  private long produced;

  // The inflater tells the end only when it is given room: a byte that came of asking.
  private final byte[] ahead = new byte[1];
  private boolean hasAhead;

  GzipMember(Consumer<GzipMember> whenClosed) {
    this.whenClosed = whenClosed;
  }

  GzipMember over(ByteBuffer member) {
    source = member;
    headerRead = false;
    ended = false;
    hasAhead = false;
    produced = 0;
    crc32.reset();
    inflater.reset();
    return this;
  }

  void end() {
    inflater.end();
  }

  @Override
  public boolean into(ByteBuffer target) {
    if (!headerRead) {
      source.position(headerEnd());
      inflater.setInput(source);
      headerRead = true;
    }
    if (hasAhead && target.hasRemaining()) {
      target.put(ahead[0]);
      hasAhead = false;
    }
    try {
      while (!ended && !hasAhead) {
        int made = target.hasRemaining() ? inflate(target) : inflateAhead();
        produced += made;
        if (inflater.finished()) {
          checkTrailer();
          ended = true;
        } else if (inflater.needsDictionary()) {
          throw corrupt("needs a dictionary");
        } else if (made == 0) {
          throw corrupt("is cut off");
        }
      }
      return ended && !hasAhead;
    } catch (DataFormatException e) {
      throw corrupt("is damaged: " + e.getMessage());
    }
  }

  private int inflate(ByteBuffer target) throws DataFormatException {
    int from = target.position();
    int size = inflater.inflate(target);
    if (target.hasArray()) {
      crc32.update(target.array(), target.arrayOffset() + from, size);
    } else {
      crc32.update(target.slice(from, size));
    }
    return size;
  }

  private int inflateAhead() throws DataFormatException {
    int size = inflater.inflate(ahead);
    hasAhead = size == 1;
    crc32.update(ahead, 0, size);
    return size;
  }

  private void checkTrailer() {
    int trailer = source.limit() - inflater.getRemaining();
    if (inflater.getRemaining() != GzipCompression.TRAILER_SIZE) {
      throw corrupt("is cut off, or has something behind it");
    }
    if (LittleEndian.getInt(source, trailer) != (int) crc32.getValue()
        || LittleEndian.getInt(source, trailer + Integer.BYTES) != (int) produced) {
      throw corrupt("does not have the checksum or the size that it names");
    }
  }

  /** Where the deflated bytes begin. */
  private int headerEnd() {
    int at = source.position();
    if (source.remaining() < FIXED_HEADER_SIZE + GzipCompression.TRAILER_SIZE
        || source.get(at) != 0x1f
        || source.get(at + 1) != (byte) 0x8b
        || source.get(at + 2) != 8) {
      throw corrupt("does not begin as one");
    }
    int flags = source.get(at + FLAGS);
    if ((flags & RESERVED) != 0) {
      throw corrupt("has flags that mean nothing");
    }
    at += FIXED_HEADER_SIZE;
    if ((flags & EXTRA) != 0) {
      at = within(at + 2);
      at = within(at + (source.get(at - 2) & 0xff) + ((source.get(at - 1) & 0xff) << 8));
    }
    if ((flags & NAME) != 0) {
      at = behindZero(at);
    }
    if ((flags & COMMENT) != 0) {
      at = behindZero(at);
    }
    return (flags & HEADER_CRC) == 0 ? at : within(at + 2);
  }

  private int behindZero(int from) {
    int at = from;
    while (source.get(within(at + 1) - 1) != 0) {
      at++;
    }
    return at + 1;
  }

  private int within(int at) {
    if (at > source.limit()) {
      throw corrupt("is cut off in its header");
    }
    return at;
  }

  private static CorruptBatchException corrupt(String why) {
    return new CorruptBatchException("the gzip member of the records " + why);
  }

  @Override
  public void close() {
    source = NOTHING;
    whenClosed.accept(this);
  }
}
