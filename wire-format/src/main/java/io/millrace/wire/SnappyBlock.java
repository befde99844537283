package io.millrace.wire;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Reads one raw block of Snappy, bit by bit into however much room there is; used again for block
 * after block. In plain Java, with every bound checked.
 *
 * <pre>
 *   block   = size element*            size: varint, of what the block becomes; at most 2^32 - 1
 *   element = literal | copy           the two lowest bits of its first byte tell which
 *   literal = llllll00 [length] bytes  l + 1 bytes, or from 60 on l - 59 bytes of length less 1
 *   copy    = ooolll01 o               l + 4 bytes, from o bytes back
 *           | llllll10 o o             l + 1 bytes
 *           | llllll11 o o o o
 * </pre>
 *
 * <p>Copies may refer to anything that came before, which is why the target must keep it.
 */
final class SnappyBlock implements Compression.Decompression {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private static final int LITERAL = 0;
  private static final int COPY_1 = 1;
  private static final int COPY_2 = 2;

  /** Lengths of literals from here on are written out. */
  private static final int FIRST_LONG_LITERAL = 60;

  private final Consumer<SnappyBlock> whenClosed;

  private ByteBuffer source = NOTHING;
  private int at;
  private int end;

  private boolean begun;
  private long claimed;
  private long produced;

  /** What is left of the current element. */
  private long left;

  /** How far back the current copy reaches; 0: it is a literal. */
  private long back;

  SnappyBlock(Consumer<SnappyBlock> whenClosed) {
    this.whenClosed = whenClosed;
  }

  SnappyBlock over(ByteBuffer block) {
    source = block;
    at = block.position();
    end = block.limit();
    begun = false;
    produced = 0;
    left = 0;
    return this;
  }

  @Override
  public boolean into(ByteBuffer target) {
    if (!begun) {
      claimed = number();
      begun = true;
    }
    while (true) {
      if (left > 0) {
        put(target);
        if (left > 0) {
          return false;
        }
      }
      if (at == end) {
        if (produced != claimed) {
          throw corrupt("claims to be of " + claimed + " bytes and has " + produced);
        }
        return true;
      }
      element();
    }
  }

  private void put(ByteBuffer target) {
    int size = (int) Math.min(left, target.remaining());
    int to = target.position();
    if (back == 0) {
      target.put(to, source, at, size);
      at += size;
    } else {
      copy(target, to, size);
    }
    target.position(to + size);
    left -= size;
    produced += size;
  }

  private void copy(ByteBuffer target, int to, int size) {
    int distance = (int) back;
    int done = 0;
    if (distance >= Long.BYTES) {
      for (; size - done >= Long.BYTES; done += Long.BYTES) {
        target.putLong(to + done, target.getLong(to + done - distance));
      }
    }
    // One by one: a copy may go on into what it has just written.
    for (; done < size; done++) {
      target.put(to + done, target.get(to + done - distance));
    }
  }

  private void element() {
    int tag = source.get(at++) & 0xff;
    long upper = (long) tag >>> 2;
    switch (tag & 3) {
      case LITERAL -> {
        back = 0;
        left =
            1 + (upper < FIRST_LONG_LITERAL ? upper : little((int) upper - FIRST_LONG_LITERAL + 1));
        if (left > end - at) {
          throw corrupt("is cut off");
        }
      }
      case COPY_1 -> {
        left = 4 + (upper & 7);
        back = (tag & 0xe0L) << 3 | little(1);
      }
      case COPY_2 -> {
        left = 1 + upper;
        back = little(2);
      }
      default -> {
        left = 1 + upper;
        back = little(4);
      }
    }
    if ((tag & 3) != LITERAL && (back == 0 || back > produced)) {
      throw corrupt("copies from before its beginning");
    }
    if (left > claimed - produced) {
      throw corrupt("becomes more than the " + claimed + " bytes that it claims to be of");
    }
  }

  /** Lowest byte first. */
  private long little(int size) {
    if (size > end - at) {
      throw corrupt("is cut off");
    }
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (source.get(at++) & 0xffL) << (Byte.SIZE * i);
    }
    return value;
  }

  private long number() {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (at == end) {
        throw corrupt("is cut off");
      }
      int next = source.get(at++);
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        if (value > 0xffff_ffffL) {
          break;
        }
        return value;
      }
    }
    throw corrupt("claims a size that is none");
  }

  private static CorruptBatchException corrupt(String why) {
    return new CorruptBatchException("the snappy block of the records " + why);
  }

  @Override
  public void close() {
    source = NOTHING;
    whenClosed.accept(this);
  }
}
