package io.millrace.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;

/** What one {@code poll} returned, partition by partition. Immutable. */
public final class ConsumerRecords<K, V> implements Iterable<ConsumerRecord<K, V>> {
  private final Map<TopicPartition, List<ConsumerRecord<K, V>>> records;
  private final int count;

  /** The lists must not change any more. */
  public ConsumerRecords(Map<TopicPartition, List<ConsumerRecord<K, V>>> records) {
    this.records = Collections.unmodifiableMap(new LinkedHashMap<>(records));
    int sum = 0;
    for (List<ConsumerRecord<K, V>> each : records.values()) {
      sum += each.size();
    }
    this.count = sum;
  }

  /** None. */
  public static <K, V> ConsumerRecords<K, V> empty() {
    return new ConsumerRecords<>(Map.of());
  }

  /** Of all partitions together. */
  public int count() {
    return count;
  }

  /** Whether the poll's time was up before a record came. */
  public boolean isEmpty() {
    return count == 0;
  }

  /** Those that have records here. */
  public Set<TopicPartition> partitions() {
    return records.keySet();
  }

  /** By offset; empty when there are none. */
  public List<ConsumerRecord<K, V>> records(TopicPartition partition) {
    return Collections.unmodifiableList(records.getOrDefault(partition, List.of()));
  }

  /** Of all partitions of the topic, one partition after another. */
  public List<ConsumerRecord<K, V>> records(String topic) {
    List<ConsumerRecord<K, V>> found = new ArrayList<>();
    records.forEach(
        (partition, each) -> {
          if (partition.topic().equals(topic)) {
            found.addAll(each);
          }
        });
    return Collections.unmodifiableList(found);
  }

  /** One partition after another. */
  @Override
  public Iterator<ConsumerRecord<K, V>> iterator() {
    Iterator<List<ConsumerRecord<K, V>>> lists = records.values().iterator();
    return new Iterator<>() {
      private Iterator<ConsumerRecord<K, V>> present = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        while (!present.hasNext() && lists.hasNext()) {
          present = lists.next().iterator();
        }
        return present.hasNext();
      }

      @Override
      public ConsumerRecord<K, V> next() {
        if (!hasNext()) {
          throw new NoSuchElementException("no record is left");
        }
        return present.next();
      }
    };
  }
}
