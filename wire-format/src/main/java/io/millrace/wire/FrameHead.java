package io.millrace.wire;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * What goes out in front of a payload: everything of a frame but the payload's own bytes.
 *
 * <pre>
 *  | length (4) | head fields | tag of field 1000 (2) | payload size (varint) | payload ...
 *               |             |<----------- absent without a payload ------------------>|
 *               |<-------------------------- length ----------------------------------->|
 * </pre>
 *
 * <p>The length is written before any byte of the payload is at hand: a fetch answer's size is
 * known from the index.
 */
public final class FrameHead {
  /** The payload's field number in {@code Request} and {@code Response}. */
  public static final int PAYLOAD_FIELD = 1000;

  private static final int LENGTH_DELIMITED = 2;
  static final int PAYLOAD_TAG = PAYLOAD_FIELD << 3 | LENGTH_DELIMITED;

  private FrameHead() {}

  /** Bytes of the whole frame without its length field; may be more than a frame can have. */
  public static long messageSize(MessageLite head, long payloadSize) {
    long size = head.getSerializedSize();
    return payloadSize == 0 ? size : size + payloadFieldOverhead(payloadSize) + payloadSize;
  }

  /**
   * Encodes into a heap buffer of just the right size.
   *
   * @param head without its payload field
   * @param payloadSize 0: no payload field at all
   * @throws IllegalArgumentException if the message would be longer than a frame can be
   */
  public static ByteBuffer encode(MessageLite head, long payloadSize) {
    long messageSize = messageSize(head, payloadSize);
    if (messageSize > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("a message of " + messageSize + " bytes has no frame");
    }
    byte[] bytes = new byte[(int) (FrameLength.SIZE + messageSize - payloadSize)];
    ByteBuffer frame = ByteBuffer.wrap(bytes).putInt((int) messageSize);
    CodedOutputStream out =
        CodedOutputStream.newInstance(bytes, FrameLength.SIZE, bytes.length - FrameLength.SIZE);
    try {
      head.writeTo(out);
      if (payloadSize > 0) {
        out.writeTag(PAYLOAD_FIELD, LENGTH_DELIMITED);
        out.writeUInt32NoTag((int) payloadSize);
      }
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException("an array of the computed size was too small", e);
    }
    return frame.rewind();
  }

  private static int payloadFieldOverhead(long payloadSize) {
    return CodedOutputStream.computeTagSize(PAYLOAD_FIELD)
        + CodedOutputStream.computeUInt64SizeNoTag(payloadSize);
  }
}
