package io.millrace.client;

import io.millrace.client.errors.SerializationException;
import io.millrace.wire.RecordHeader;
import java.nio.ByteBuffer;
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
  private final int leaderEpoch;
  private final List<RecordHeader> headers;
  private final @Nullable Undecoded<K, V> undecoded;

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
    this.leaderEpoch = 0;
    this.headers = List.copyOf(headers);
    this.undecoded = null;
    this.key = key;
    this.value = value;
  }

  ConsumerRecord(
      TopicPartition topicPartition,
      long offset,
      long timestamp,
      int leaderEpoch,
      List<RecordHeader> headers,
      Undecoded<K, V> undecoded) {
    this.topicPartition = topicPartition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.leaderEpoch = leaderEpoch;
    this.headers = headers;
    this.undecoded = undecoded;
  }

  /** The bytes of a key and a value, and what makes objects of them. */
  record Undecoded<K, V>(
      @Nullable ByteBuffer key,
      @Nullable ByteBuffer value,
      Deserializer<? extends K> keyDeserializer,
      Deserializer<? extends V> valueDeserializer) {}

  public TopicPartition topicPartition() {
    return topicPartition;
  }

  public String topic() {
    return topicPartition.topic();
  }

  public int partition() {
    return topicPartition.partition();
  }

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

  /** Of the leader that wrote it. */
  public int leaderEpoch() {
    return leaderEpoch;
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
    if (key == null && undecoded != null) {
      key = decode(undecoded.keyDeserializer(), undecoded.key(), "key");
    }
    return key;
  }

  /**
   * Null for a tombstone.
   *
   * @throws SerializationException the deserializer failed on it; the consumer is not affected
   */
  public @Nullable V value() {
    if (value == null && undecoded != null) {
      value = decode(undecoded.valueDeserializer(), undecoded.value(), "value");
    }
    return value;
  }

  private <T> @Nullable T decode(
      Deserializer<? extends T> deserializer, @Nullable ByteBuffer bytes, String what) {
    if (bytes == null) {
      return null;
    }
    try {
      return deserializer.deserialize(topic(), bytes.rewind());
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
