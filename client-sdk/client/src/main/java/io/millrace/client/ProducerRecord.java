package io.millrace.client;

import io.millrace.wire.RecordHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record to be sent.
 *
 * @param partition null: the producer's {@link Partitioner} chooses
 * @param timestamp milliseconds since the epoch, UTC, not negative; null: now. The broker refuses
 *     one that is more than an hour ahead of its clock
 * @param key null: none
 * @param value null: a tombstone
 * @param headers in order; names may repeat, values may be null
 */
public record ProducerRecord<K, V>(
    String topic,
    @Nullable Integer partition,
    @Nullable Long timestamp,
    @Nullable K key,
    @Nullable V value,
    List<RecordHeader> headers) {

  public ProducerRecord {
    if (partition != null && partition < 0) {
      throw new IllegalArgumentException("partition " + partition + " is negative");
    }
    if (timestamp != null && timestamp < 0) {
      throw new IllegalArgumentException("timestamp " + timestamp + " is before 1970");
    }
    headers = List.copyOf(headers);
  }

  /** Without a key; the partitioner chooses the partition. */
  public ProducerRecord(String topic, @Nullable V value) {
    this(topic, null, null, null, value, List.of());
  }

  /** The partitioner chooses the partition. */
  public ProducerRecord(String topic, @Nullable K key, @Nullable V value) {
    this(topic, null, null, key, value, List.of());
  }

  /** Into that partition; null: the partitioner chooses. */
  public ProducerRecord(
      String topic, @Nullable Integer partition, @Nullable K key, @Nullable V value) {
    this(topic, partition, null, key, value, List.of());
  }

  /** With a time of its own, milliseconds since the epoch, UTC; null: now. */
  public ProducerRecord(
      String topic,
      @Nullable Integer partition,
      @Nullable Long timestamp,
      @Nullable K key,
      @Nullable V value) {
    this(topic, partition, timestamp, key, value, List.of());
  }
}
