package io.millrace.client;

import io.millrace.client.consumer.RecordChunk;
import io.millrace.client.errors.SerializationException;
import io.millrace.wire.RecordHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record that was read. Its key and value are decoded when they are asked for first.
 *
 * <p>Valid for as long as anybody holds it. May be handed to another thread, but belongs to one at
 * a time.
 */
public final class ConsumerRecord<K, V> {
  private final TopicPartition topicPartition;
  private final long offset;
  private final long timestamp;
  private final List<RecordHeader> headers;

  /** Where the bytes of key and value are; null when both were given decoded. */
  private final @Nullable RecordChunk<K, V> chunk;

  private final int keyPosition;
  private final int keySize;
  private final int valuePosition;
  private final int valueSize;

  private @Nullable K key;
  private @Nullable V value;

  /** With a key and a value that are decoded already. */
  public ConsumerRecord(
      TopicPartition topicPartition,
      long offset,
      long timestamp,
      @Nullable K key,
      @Nullable V value,
      List<RecordHeader> headers) {
    this.topicPartition = topicPartition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.headers = List.copyOf(headers);
    this.chunk = null;
    this.keyPosition = 0;
    this.keySize = RecordChunk.ABSENT;
    this.valuePosition = 0;
    this.valueSize = RecordChunk.ABSENT;
    this.key = key;
    this.value = value;
  }

  /** A part of a chunk; see {@link io.millrace.client.consumer.RecordMaker}. */
  ConsumerRecord(
      RecordChunk<K, V> chunk,
      long offset,
      long timestamp,
      List<RecordHeader> headers,
      int keyPosition,
      int keySize,
      int valuePosition,
      int valueSize) {
    this.topicPartition = chunk.topicPartition();
    this.offset = offset;
    this.timestamp = timestamp;
    this.headers = headers;
    this.chunk = chunk;
    this.keyPosition = keyPosition;
    this.keySize = keySize;
    this.valuePosition = valuePosition;
    this.valueSize = valueSize;
  }

  /** Where it was read. */
  public TopicPartition topicPartition() {
    return topicPartition;
  }

  /** The topic's name. */
  public String topic() {
    return topicPartition.topic();
  }

  /** From 0. */
  public int partition() {
    return topicPartition.partition();
  }

  /** Its number in the partition, from 0; there may be holes between records. */
  public long offset() {
    return offset;
  }

  /**
   * Milliseconds since the epoch, UTC: the producer's clock, or the leader's at the append where
   * the topic says so.
   */
  public long timestamp() {
    return timestamp;
  }

  /** Of the leader that wrote it; 0 for a record that came from none. */
  public int leaderEpoch() {
    return chunk == null ? 0 : chunk.leaderEpoch();
  }

  /** In order; names may repeat, values may be null. */
  public List<RecordHeader> headers() {
    return headers;
  }

  /**
   * Null when it has none.
   *
   * @throws SerializationException the deserializer failed on it; the consumer is not affected
   */
  public @Nullable K key() {
    if (key == null && chunk != null) {
      key = decode(chunk, chunk.keys(), keyPosition, keySize, "key");
    }
    return key;
  }

  /**
   * Null for a tombstone.
   *
   * @throws SerializationException the deserializer failed on it; the consumer is not affected
   */
  public @Nullable V value() {
    if (value == null && chunk != null) {
      value = decode(chunk, chunk.values(), valuePosition, valueSize, "value");
    }
    return value;
  }

  private <T> @Nullable T decode(
      RecordChunk<K, V> from,
      Deserializer<? extends T> deserializer,
      int position,
      int size,
      String what) {
    if (size == RecordChunk.ABSENT) {
      return null;
    }
    try {
      return deserializer.deserialize(topic(), from.bytes(position, size));
    } catch (RuntimeException e) {
      throw new SerializationException(
          "the " + what + " of " + this + " cannot be decoded: " + e.getMessage(), e);
    }
  }

  /** Where it is, not what is in it. */
  @Override
  public String toString() {
    return topicPartition + " offset " + offset;
  }
}
