package io.millrace.storage.compaction;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The latest offset of each key, in a bounded piece of memory: keys are represented by 128 bits of
 * their SHA-256, so that two different ones are never taken for the same, be they chosen with the
 * intent. One thread.
 *
 * <pre>
 *  slot: | hash, first 64 bits | hash, next 64 bits | offset + 1, 0 for a free slot |
 * </pre>
 */
public final class KeyMap {
  private static final int WIDTH = 3;

  /** Of one key, at the load where no more are taken. */
  private static final int SLOT_BYTES = WIDTH * Long.BYTES;

  private static final int FIRST_SLOTS = 1 << 10;

  private final int maxSlots;
  private final MessageDigest digest;
  private final byte[] hashed;
  private final ByteBuffer hash;
  private long[] slots;
  private int count;

  /**
   * @param maxBytes rounded down to a power of two of slots; memory is taken as it is needed
   */
  public KeyMap(long maxBytes) {
    this(maxBytes, sha256());
  }

  /** For tests: another hash. */
  KeyMap(long maxBytes, MessageDigest digest) {
    long most = Math.max(FIRST_SLOTS, Math.min(maxBytes / SLOT_BYTES, 1 << 26));
    this.maxSlots = (int) Long.highestOneBit(most);
    this.digest = digest;
    this.hashed = new byte[digest.getDigestLength()];
    this.hash = ByteBuffer.wrap(hashed).order(ByteOrder.LITTLE_ENDIAN);
    this.slots = new long[FIRST_SLOTS * WIDTH];
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Keys in it. */
  public int count() {
    return count;
  }

  /** What it takes now. */
  public long bytes() {
    return (long) slots.length * Long.BYTES;
  }

  /**
   * Notes a record; of one key the later offset counts.
   *
   * @return false when the key is new and there is no room for it: nothing has changed
   */
  public boolean put(ByteBuffer key, long offset) {
    digest(key);
    int slot = find();
    if (slots[slot + 2] == 0) {
      if (isFull()) {
        if (capacity() >= maxSlots) {
          return false;
        }
        grow();
        slot = find();
      }
      slots[slot] = hash.getLong(0);
      slots[slot + 1] = hash.getLong(Long.BYTES);
      count++;
    }
    slots[slot + 2] = Math.max(slots[slot + 2], offset + 1);
    return true;
  }

  /** The latest offset that was noted for the key, -1 when none was. */
  public long latest(ByteBuffer key) {
    digest(key);
    return slots[find() + 2] - 1;
  }

  private int capacity() {
    return slots.length / WIDTH;
  }

  /** Three quarters: beyond that look-ups get long. */
  private boolean isFull() {
    return count >= capacity() / 4 * 3;
  }

  private void digest(ByteBuffer key) {
    digest.reset();
    digest.update(key.duplicate());
    try {
      digest.digest(hashed, 0, hashed.length);
    } catch (DigestException e) {
      throw new IllegalStateException("the hash has room for itself", e);
    }
  }

  /** The slot of the hash, or the free one where it belongs. */
  private int find() {
    return find(slots, hash.getLong(0), hash.getLong(Long.BYTES));
  }

  private static int find(long[] in, long first, long second) {
    int mask = in.length / WIDTH - 1;
    int at = (int) (first ^ (first >>> 32)) & mask;
    while (in[at * WIDTH + 2] != 0 && (in[at * WIDTH] != first || in[at * WIDTH + 1] != second)) {
      at = (at + 1) & mask;
    }
    return at * WIDTH;
  }

  private void grow() {
    long[] larger = new long[2 * slots.length];
    for (int i = 0; i < slots.length; i += WIDTH) {
      if (slots[i + 2] != 0) {
        int to = find(larger, slots[i], slots[i + 1]);
        larger[to] = slots[i];
        larger[to + 1] = slots[i + 1];
        larger[to + 2] = slots[i + 2];
      }
    }
    slots = larger;
  }

  /** Empties it and gives its memory back. */
  public void clear() {
    slots = new long[FIRST_SLOTS * WIDTH];
    count = 0;
    Arrays.fill(hashed, (byte) 0);
  }
}
