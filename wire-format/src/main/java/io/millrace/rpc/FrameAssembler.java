package io.millrace.rpc;

import io.millrace.wire.FrameLength;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Cuts one link's bytes into frames. On the link's loop.
 *
 * <p>A frame that lies in one chunk is handed on where it lies. One that came in pieces is put
 * together in a buffer that grows with what has really arrived: a peer that announces much and
 * sends little costs little.
 *
 * <p>Frames are taken one by one, so that the taker may stop in the middle of a chunk and go on
 * later; what has been added and not been taken stays here.
 */
final class FrameAssembler {
  /** Below this a new buffer is twice what is there, above it jumps to {@link #LEAP_TO}. */
  private static final int LEAP_FROM = 16 << 10;

  /** Large frames mostly are about this long; the pool serves up to here from its chunks. */
  private static final int LEAP_TO = 256 << 10;

  private static final int SMALLEST = 1 << 10;

  /**
   * Up to here a frame that comes in pieces is put together without asking {@link Room}: so many
   * bytes a connection may always hold.
   */
  static final int FREE_BYTES = 64 << 10;

  private final IntFunction<ReceivedBytes> memory;
  private final Room room;
  private final int believed;
  private int limit;

  /** Taken from {@link #room} for the frame that is coming in. */
  private int roomTaken;

  /** Who decides whether a large frame may go on coming in. */
  interface Room {
    boolean take(int bytes);

    /** All that was taken for one frame, which has come in, or never will. */
    void giveBack(int bytes);

    Room UNLIMITED =
        new Room() {
          @Override
          public boolean take(int bytes) {
            return true;
          }

          @Override
          public void giveBack(int bytes) {}
        };
  }

  private final ArrayDeque<ReceivedBytes> chunks = new ArrayDeque<>(2);

  /** The unread rest of the first chunk. */
  private @Nullable ByteBuffer rest;

  private int lengthBytes;
  private int length;

  /** The frame that came in pieces so far, with its position behind what has arrived. */
  private @Nullable ReceivedBytes gathered;

  private ByteBuffer gatheredInto = NOTHING;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private ByteBuffer message = NOTHING;
  private @Nullable ReceivedBytes messageMemory;

  /** What {@link #next} came to. */
  enum Step {
    /** {@link #message} and {@link #takeMemory} have it. */
    FRAME,
    /** All that was added has been taken in. */
    NEEDS_MORE,
    /** There are bytes, and no room for them now; to be tried again. */
    NEEDS_ROOM,
    /** The length announced is 0, negative or over the limit; nothing after it makes sense. */
    BAD_LENGTH
  }

  /**
   * @param memory where buffers of a given size come from
   */
  FrameAssembler(IntFunction<ReceivedBytes> memory, int limit) {
    this(memory, limit, Room.UNLIMITED);
  }

  FrameAssembler(IntFunction<ReceivedBytes> memory, int limit, Room room) {
    this(memory, limit, room, 0);
  }

  /**
   * For a peer that sends what it was asked for.
   *
   * @param believed a frame up to this length gets its memory when it begins, instead of growing
   *     into it, which copies most of it once more
   */
  FrameAssembler(IntFunction<ReceivedBytes> memory, int limit, Room room, int believed) {
    this.memory = memory;
    this.room = room;
    this.limit = limit;
    this.believed = believed;
  }

  /** For the frames whose length has not been read yet. */
  void setLimit(int limit) {
    this.limit = limit;
  }

  /** Takes over the caller's reference. */
  void add(ReceivedBytes chunk) {
    chunks.add(chunk);
  }

  Step next() {
    while (!chunks.isEmpty()) {
      ByteBuffer bytes = rest == null ? chunks.element().buffer() : rest;
      rest = bytes;
      if (!readLength(bytes)) {
        dropChunk();
        continue;
      }
      if (gathered == null) {
        if (!FrameLength.isAllowed(length, limit)) {
          return Step.BAD_LENGTH;
        }
        if (bytes.remaining() >= length) {
          takeInPlace(bytes);
          return Step.FRAME;
        }
      }
      if (!gather(bytes)) {
        return Step.NEEDS_ROOM;
      }
      if (!bytes.hasRemaining()) {
        dropChunk();
      }
      if (gatheredInto.position() == length) {
        takeGathered();
        return Step.FRAME;
      }
    }
    return Step.NEEDS_MORE;
  }

  /** False when the chunk ends before the length does. */
  private boolean readLength(ByteBuffer bytes) {
    if (lengthBytes == 0 && bytes.remaining() >= FrameLength.SIZE) {
      length = bytes.getInt();
      lengthBytes = FrameLength.SIZE;
    }
    while (lengthBytes < FrameLength.SIZE) {
      if (!bytes.hasRemaining()) {
        return false;
      }
      length = length << Byte.SIZE | (bytes.get() & 0xff);
      lengthBytes++;
    }
    return true;
  }

  private void takeInPlace(ByteBuffer bytes) {
    message = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    if (bytes.hasRemaining()) {
      messageMemory = chunks.element().retain();
    } else {
      messageMemory = chunks.remove();
      rest = null;
    }
    lengthBytes = 0;
    length = 0;
  }

  /** False when it would need more memory than it may have now; nothing has changed then. */
  private boolean gather(ByteBuffer bytes) {
    int size = Math.min(bytes.remaining(), length - gatheredInto.position());
    if (!makeRoom(gatheredInto.position() + size)) {
      return false;
    }
    ByteBuffer piece = bytes.slice(bytes.position(), size);
    gatheredInto.put(piece);
    bytes.position(bytes.position() + size);
    return true;
  }

  private boolean makeRoom(int needed) {
    if (gathered != null && gatheredInto.capacity() >= needed) {
      return true;
    }
    int wished = needed < LEAP_FROM ? Math.max(SMALLEST, 2 * needed) : Math.max(LEAP_TO, needed);
    if (needed > LEAP_TO) {
      wished = (int) Math.min(2L * needed, Integer.MAX_VALUE);
    }
    int size = length <= believed ? length : Math.min(length, wished);
    if (size > FREE_BYTES) {
      if (!room.take(size - roomTaken)) {
        return false;
      }
      roomTaken = size;
    }
    ReceivedBytes larger = memory.apply(size);
    ByteBuffer into = larger.buffer();
    if (gathered != null) {
      into.put(gatheredInto.flip());
      gathered.release();
    }
    gathered = larger;
    gatheredInto = into;
    return true;
  }

  private void giveRoomBack() {
    if (roomTaken > 0) {
      room.giveBack(roomTaken);
      roomTaken = 0;
    }
  }

  private void takeGathered() {
    message = gatheredInto.flip();
    messageMemory = gathered;
    gathered = null;
    gatheredInto = NOTHING;
    lengthBytes = 0;
    length = 0;
    giveRoomBack();
  }

  private void dropChunk() {
    chunks.remove().release();
    rest = null;
  }

  /** The frame's bytes without its length, after {@link Step#FRAME}, until the memory goes. */
  ByteBuffer message() {
    return message;
  }

  /** One reference on the frame's memory, after {@link Step#FRAME}, exactly once. */
  ReceivedBytes takeMemory() {
    ReceivedBytes taken = messageMemory;
    if (taken == null) {
      throw new IllegalStateException("no frame to take");
    }
    messageMemory = null;
    message = NOTHING;
    return taken;
  }

  /** What {@link Step#BAD_LENGTH} stumbled over, or the length of the frame that is coming in. */
  int length() {
    return length;
  }

  int limit() {
    return limit;
  }

  /** Whether the bytes taken in end within a frame. */
  boolean isWithinFrame() {
    return lengthBytes > 0;
  }

  /** Whether the frame that is coming in is a large one. */
  boolean holdsRoom() {
    return roomTaken > 0;
  }

  /** Bytes of the frame that is coming in. */
  int arrived() {
    return gatheredInto.position();
  }

  /** Gives back everything; nothing may be added afterwards. */
  void release() {
    while (!chunks.isEmpty()) {
      dropChunk();
    }
    if (gathered != null) {
      gathered.release();
      gathered = null;
      gatheredInto = NOTHING;
    }
    giveRoomBack();
  }
}
