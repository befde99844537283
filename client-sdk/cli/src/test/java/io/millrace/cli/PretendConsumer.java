package io.millrace.cli;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.WakeupException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Reads a {@link PretendCluster}, a few records at a time. */
final class PretendConsumer implements Consumer<ByteBuffer, ByteBuffer> {
  private static final int RECORDS_PER_POLL = 3;

  private final PretendCluster cluster;
  private final Map<TopicPartition, Long> positions = new TreeMap<>();
  private final Set<TopicPartition> paused = new HashSet<>();
  private final Semaphore wakeups = new Semaphore(0);

  PretendConsumer(PretendCluster cluster) {
    this.cluster = cluster;
  }

  private List<ConsumerRecord<ByteBuffer, ByteBuffer>> log(TopicPartition partition) {
    return cluster.partition(partition.topic(), partition.partition());
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    partitions.forEach(partition -> positions.put(partition, (long) log(partition).size()));
  }

  @Override
  public Set<TopicPartition> assignment() {
    return positions.keySet();
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    positions.put(partition, offset);
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    partitions.forEach(partition -> positions.put(partition, start(partition)));
  }

  private long start(TopicPartition partition) {
    return cluster.starts.getOrDefault(partition, 0L);
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    assign(partitions);
  }

  @Override
  public long position(TopicPartition partition) {
    return positions.getOrDefault(partition, 0L);
  }

  @Override
  public long position(TopicPartition partition, Duration timeout) {
    return position(partition);
  }

  @Override
  public void pause(Collection<TopicPartition> partitions) {
    paused.addAll(partitions);
  }

  @Override
  public void resume(Collection<TopicPartition> partitions) {
    paused.removeAll(partitions);
  }

  @Override
  public Set<TopicPartition> paused() {
    return paused;
  }

  @Override
  public ConsumerRecords<ByteBuffer, ByteBuffer> poll(Duration timeout) {
    synchronized (cluster) {
      for (TopicPartition partition : positions.keySet()) {
        int from = (int) position(partition);
        int to = Math.min(from + RECORDS_PER_POLL, log(partition).size());
        if (from < to && !paused.contains(partition)) {
          positions.put(partition, (long) to);
          return new ConsumerRecords<>(
              Map.of(partition, List.copyOf(log(partition).subList(from, to))));
        }
      }
    }
    try {
      if (wakeups.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new WakeupException("woken up");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return ConsumerRecords.empty();
  }

  @Override
  public OptionalLong currentLag(TopicPartition partition) {
    return OptionalLong.empty();
  }

  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    partitions.forEach(partition -> offsets.put(partition, start(partition)));
    return offsets;
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
    Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
    partitions.forEach(partition -> offsets.put(partition, (long) log(partition).size()));
    return offsets;
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    Map<TopicPartition, OffsetAndTimestamp> found = new LinkedHashMap<>();
    timestamps.forEach(
        (partition, time) ->
            log(partition).stream()
                .filter(record -> record.timestamp() >= time)
                .findFirst()
                .ifPresent(
                    record ->
                        found.put(
                            partition,
                            new OffsetAndTimestamp(record.offset(), record.timestamp(), 1))));
    return found;
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    return cluster.describe(topic).partitions();
  }

  @Override
  public void wakeup() {
    wakeups.release();
  }

  @Override
  public void close() {}

  @Override
  public void close(Duration timeout) {}
}
