package io.millrace.rpc;

import java.nio.ByteBuffer;

/** What stands for the memory of a payload that is not there. */
enum NoBytes implements ReceivedBytes {
  INSTANCE;

  static final ByteBuffer BUFFER = ByteBuffer.allocate(0).asReadOnlyBuffer();

  @Override
  public ByteBuffer buffer() {
    return BUFFER;
  }

  @Override
  public ReceivedBytes retain() {
    return this;
  }

  @Override
  public void release() {}
}
