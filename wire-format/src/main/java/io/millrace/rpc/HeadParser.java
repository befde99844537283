package io.millrace.rpc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.nio.ByteBuffer;

/**
 * Parses the part of a message before its payload, after {@link io.millrace.wire.MessageScan} has
 * found it sound. Used by one thread.
 *
 * <p>The head is copied to an array first: protobuf copies anything but an array, and in small
 * pieces. Fields from a newer sender are left out, not kept, so that they cost no memory and are
 * never echoed.
 */
final class HeadParser<M extends Message> {
  /** Messages here nest four deep. */
  private static final int MAX_DEPTH = 16;

  /** A larger head gets an array of its own, so that one of them does not stay for ever. */
  private static final int LARGEST_KEPT = 64 << 10;

  private final Parser<M> parser;
  private byte[] scratch = new byte[512];

  HeadParser(Parser<M> parser) {
    this.parser = DiscardUnknownFieldsParser.wrap(parser);
  }

  /**
   * @param message the head is its first {@code headSize} bytes
   */
  M parse(ByteBuffer message, int headSize) throws InvalidProtocolBufferException {
    byte[] array = arrayOf(headSize);
    message.get(message.position(), array, 0, headSize);
    CodedInputStream in = CodedInputStream.newInstance(array, 0, headSize);
    in.setRecursionLimit(MAX_DEPTH);
    M parsed = parser.parseFrom(in);
    in.checkLastTagWas(0);
    return parsed;
  }

  private byte[] arrayOf(int size) {
    if (size <= scratch.length) {
      return scratch;
    }
    byte[] larger = new byte[Math.max(size, Math.min(2 * scratch.length, LARGEST_KEPT))];
    if (larger.length <= LARGEST_KEPT) {
      scratch = larger;
    }
    return larger;
  }
}
