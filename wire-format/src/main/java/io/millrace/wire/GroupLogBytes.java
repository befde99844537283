package io.millrace.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.v1.GroupLogKey;
import io.millrace.wire.v1.GroupLogValue;
import java.nio.ByteBuffer;

/** Keys and values of the groups' log, to bytes and back. */
public final class GroupLogBytes {
  private GroupLogBytes() {}

  public static ByteBuffer of(GroupLogKey key) {
    return ByteBuffer.wrap(key.toByteArray());
  }

  public static ByteBuffer of(GroupLogValue value) {
    return ByteBuffer.wrap(value.toByteArray());
  }

  /**
   * @throws CorruptBatchException it is no key of that log
   */
  public static GroupLogKey key(ByteBuffer bytes) {
    try {
      return GroupLogKey.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new CorruptBatchException("no key of the groups' log: " + e.getMessage());
    }
  }

  /**
   * @throws CorruptBatchException it is no value of that log
   */
  public static GroupLogValue value(ByteBuffer bytes) {
    try {
      return GroupLogValue.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new CorruptBatchException("no value of the groups' log: " + e.getMessage());
    }
  }
}
