package io.millrace.storage.files;

import java.util.Arrays;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * A file's bytes twice: as the page cache has them, and as they are on the disk. Guarded by its
 * {@link MemoryDisk}.
 */
final class MemoryInode {
  static final int PAGE = 4096;

  private byte[] cached = {};
  private int cachedSize;

  // Both arrays may be longer than the file, and hold zeros there.
  private byte[] durable = {};
  private int durableSize;

  private final BitSet dirtyPages = new BitSet();

  /** Clean by mistake: a force of theirs has failed, and the disk has what it had before. */
  private final BitSet failedPages = new BitSet();

  int size() {
    return cachedSize;
  }

  byte[] contents() {
    return Arrays.copyOf(cached, cachedSize);
  }

  void read(int position, byte[] into, int offset, int length) {
    System.arraycopy(cached, position, into, offset, length);
  }

  void write(int position, byte[] bytes, int length) {
    int end = position + length;
    reserve(end);
    System.arraycopy(bytes, 0, cached, position, length);
    cachedSize = Math.max(cachedSize, end);
    if (length > 0) {
      dirtyPages.set(position / PAGE, (end - 1) / PAGE + 1);
      failedPages.clear(position / PAGE, (end - 1) / PAGE + 1);
    }
  }

  private void reserve(int size) {
    if (size > cached.length) {
      cached = Arrays.copyOf(cached, Math.max(size, cached.length * 2));
    }
  }

  void truncate(int size) {
    Arrays.fill(cached, size, cachedSize, (byte) 0);
    cachedSize = size;
    if (size % PAGE != 0) {
      dirtyPages.set(size / PAGE);
    }
  }

  void force() {
    if (cachedSize > durable.length) {
      durable = Arrays.copyOf(durable, cached.length);
    } else if (cachedSize < durableSize) {
      Arrays.fill(durable, cachedSize, durableSize, (byte) 0);
    }
    for (int page = dirtyPages.nextSetBit(0); page >= 0; page = dirtyPages.nextSetBit(page + 1)) {
      int start = page * PAGE;
      if (start < cachedSize) {
        System.arraycopy(cached, start, durable, start, Math.min(PAGE, cachedSize - start));
      }
    }
    durableSize = cachedSize;
    dirtyPages.clear();
  }

  /** As Linux does when it could not write a page back: the page counts as clean from then on. */
  void failForce() {
    failedPages.or(dirtyPages);
    dirtyPages.clear();
  }

  /** The kernel needs the memory, and such pages count as being on the disk. */
  void evictFailed() {
    if (failedPages.isEmpty()) {
      return;
    }
    for (int page = failedPages.nextSetBit(0); page >= 0; page = failedPages.nextSetBit(page + 1)) {
      int start = page * PAGE;
      int end = Math.min(start + PAGE, cachedSize);
      for (int at = start; at < end; at++) {
        cached[at] = at < durableSize ? durable[at] : 0;
      }
    }
    failedPages.clear();
    if (dirtyPages.isEmpty()) {
      cachedSize = Math.min(cachedSize, durableSize);
    }
  }

  void flipBit(int position, int bit) {
    reserve(position + 1);
    cached[position] ^= (byte) (1 << bit);
    if (position < durableSize) {
      durable[position] ^= (byte) (1 << bit);
    }
  }

  /**
   * The machine loses power: each page that was not forced is there, gone, or torn in its middle,
   * and the length is the old one, the new one, or one between.
   *
   * @param lossChance of each page, and of the length
   */
  void losePower(RandomGenerator random, double lossChance) {
    byte[] survived = Arrays.copyOf(durable, Math.max(durableSize, cachedSize));
    for (int page = dirtyPages.nextSetBit(0); page >= 0; page = dirtyPages.nextSetBit(page + 1)) {
      int start = page * PAGE;
      int length = Math.min(PAGE, survived.length - start);
      if (length > 0 && random.nextDouble() >= lossChance) {
        boolean torn = random.nextInt(8) == 0;
        int kept = torn ? random.nextInt(length) / 512 * 512 : length;
        System.arraycopy(cached, start, survived, start, kept);
      }
    }
    int size = durableSize;
    if (random.nextDouble() >= lossChance) {
      size = cachedSize;
    } else if (cachedSize > durableSize && random.nextBoolean()) {
      size = durableSize + random.nextInt(cachedSize - durableSize);
    }
    Arrays.fill(survived, Math.min(size, survived.length), survived.length, (byte) 0);
    durable = Arrays.copyOf(survived, size);
    durableSize = size;
    cached = durable.clone();
    cachedSize = size;
    dirtyPages.clear();
    failedPages.clear();
  }

  MemoryInode copy() {
    MemoryInode copy = new MemoryInode();
    copy.cached = cached.clone();
    copy.cachedSize = cachedSize;
    copy.durable = durable.clone();
    copy.durableSize = durableSize;
    copy.dirtyPages.or(dirtyPages);
    copy.failedPages.or(failedPages);
    return copy;
  }
}
