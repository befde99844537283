package io.millrace.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.wire.v1.GroupLogKey;
import io.millrace.wire.v1.GroupLogValue;
import java.nio.ByteBuffer;

/** Keys and values of the groups' log, to bytes and back. */
public final class GroupLogBytes {
  /** Of values, as they are written. */
  public static final int VERSION = 1;

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
   * @throws CorruptBatchException it is no value of that log, or one that only newer brokers know
   */
  public static GroupLogValue value(ByteBuffer bytes) {
    GroupLogValue value;
    try {
      value = GroupLogValue.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new CorruptBatchException("no value of the groups' log: " + e.getMessage());
    }
    if (Integer.compareUnsigned(value.getVersion(), VERSION) > 0) {
      throw new CorruptBatchException(
          "it was written by a newer broker, as version "
              + Integer.toUnsignedString(value.getVersion()));
    }
    return value;
  }
}
