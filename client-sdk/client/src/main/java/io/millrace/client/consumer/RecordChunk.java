package io.millrace.client.consumer;

import io.millrace.client.Deserializer;
import io.millrace.client.TopicPartition;
import java.nio.ByteBuffer;

/**
 * The bytes of some neighbouring records, on the heap, and what makes objects of them: what these
 * records have in common. Immutable.
 *
 * <p>A record that is kept keeps its chunk, and so not the whole batch it came in.
 */
public final class RecordChunk<K, V> {
  /** Size of a key or a value that is not there. */
  public static final int ABSENT = -1;

  private final TopicPartition topicPartition;
  private final int leaderEpoch;
  private final ByteBuffer bytes;
  private final Deserializer<? extends K> keys;
  private final Deserializer<? extends V> values;

  RecordChunk(
      TopicPartition topicPartition,
      int leaderEpoch,
      byte[] bytes,
      Deserializer<? extends K> keys,
      Deserializer<? extends V> values) {
    this.topicPartition = topicPartition;
    this.leaderEpoch = leaderEpoch;
    this.bytes = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    this.keys = keys;
    this.values = values;
  }

  public TopicPartition topicPartition() {
    return topicPartition;
  }

  /** Of the leader that wrote the records. */
  public int leaderEpoch() {
    return leaderEpoch;
  }

  /** A view of its own, read-only, valid for as long as anybody holds it. */
  public ByteBuffer bytes(int position, int size) {
    return bytes.slice(position, size);
  }

  public Deserializer<? extends K> keys() {
    return keys;
  }

  public Deserializer<? extends V> values() {
    return values;
  }
}
