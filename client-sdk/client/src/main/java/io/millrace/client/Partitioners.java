package io.millrace.client;

/** The partitioners that come with the client. */
public final class Partitioners {
  private static final int SEED = 0x9747b28c;
  private static final int M = 0x5bd1e995;
  private static final int R = 24;

  private Partitioners() {}

  /**
   * Records with a key go where Kafka's clients send them, by murmur2 of the key; those without go
   * to the sticky partition.
   */
  public static Partitioner byKey() {
    return (topic, key) ->
        key == null
            ? topic.stickyPartition()
            : (murmur2(key) & Integer.MAX_VALUE) % topic.partitions();
  }

  /** All records go to the sticky partition, also those with a key. */
  public static Partitioner sticky() {
    return (topic, key) -> topic.stickyPartition();
  }

  /** Austin Appleby's MurmurHash2, 32 bits, with the seed Kafka uses. */
  static int murmur2(byte[] data) {
    int hash = SEED ^ data.length;
    int wholeWords = data.length & ~3;
    for (int i = 0; i < wholeWords; i += 4) {
      int word =
          (data[i] & 0xff)
              | (data[i + 1] & 0xff) << 8
              | (data[i + 2] & 0xff) << 16
              | (data[i + 3] & 0xff) << 24;
      word *= M;
      word ^= word >>> R;
      word *= M;
      hash *= M;
      hash ^= word;
    }
    int rest = data.length - wholeWords;
    if (rest > 0) {
      for (int i = rest - 1; i >= 0; i--) {
        hash ^= (data[wholeWords + i] & 0xff) << (8 * i);
      }
      hash *= M;
    }
    hash ^= hash >>> 13;
    hash *= M;
    hash ^= hash >>> 15;
    return hash;
  }
}
