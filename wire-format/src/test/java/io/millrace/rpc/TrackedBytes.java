package io.millrace.rpc;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Received memory that tells on its users: it is overwritten when the last reference goes, so that
 * who still reads it reads nonsense, and complains about a reference given back twice.
 */
final class TrackedBytes implements ReceivedBytes {
  private static final byte POISON = (byte) 0xDB;

  private final byte[] bytes;
  private final Ledger ledger;
  private int references = 1;

  /** How many are out. */
  static final class Ledger {
    private long outstanding;

    TrackedBytes allocate(int size) {
      outstanding++;
      return new TrackedBytes(new byte[size], this);
    }

    TrackedBytes copyOf(ByteBuffer bytes) {
      TrackedBytes copy = allocate(bytes.remaining());
      bytes.get(bytes.position(), copy.bytes);
      return copy;
    }

    long outstanding() {
      return outstanding;
    }
  }

  private TrackedBytes(byte[] bytes, Ledger ledger) {
    this.bytes = bytes;
    this.ledger = ledger;
  }

  @Override
  public ByteBuffer buffer() {
    check();
    return ByteBuffer.wrap(bytes);
  }

  @Override
  public ReceivedBytes retain() {
    check();
    references++;
    return this;
  }

  @Override
  public void release() {
    check();
    references--;
    if (references == 0) {
      ledger.outstanding--;
      Arrays.fill(bytes, POISON);
    }
  }

  private void check() {
    if (references <= 0) {
      throw new IllegalStateException("this memory has been given back already");
    }
  }
}
