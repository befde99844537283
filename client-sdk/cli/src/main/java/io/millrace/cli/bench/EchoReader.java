package io.millrace.cli.bench;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Clock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads back what this process sends, and measures how long each record took. A record says in its
 * first bytes of which run it is, its number, and when it was due; others in the topic are passed
 * over. Belongs to one thread; what was received may be asked for by others.
 */
final class EchoReader {
  /** Of the run's id, the number and the time. */
  static final int STAMP_SIZE = 24;

  private final Consumer<ByteBuffer, ByteBuffer> consumer;
  private final Clock clock;
  private final long run;
  private final long firstCounted;
  private final Latencies latencies = new Latencies();

  /** Written by the thread that polls alone. */
  private final AtomicLong received = new AtomicLong();

  /**
   * @param run tells its records from others'
   * @param firstCounted the number of the first record whose latency counts
   */
  EchoReader(Consumer<ByteBuffer, ByteBuffer> consumer, Clock clock, long run, long firstCounted) {
    this.consumer = consumer;
    this.clock = clock;
    this.run = run;
    this.firstCounted = firstCounted;
  }

  /** Waits until it would see a record that is sent now. */
  void start(List<PartitionInfo> partitions) {
    List<TopicPartition> all = partitions.stream().map(PartitionInfo::topicPartition).toList();
    consumer.assign(all);
    consumer.seekToEnd(all);
    all.forEach(consumer::position);
  }

  /** A payload that can be read back, like the given one behind the stamp. */
  byte[] stamped(byte[] payload, long number, long dueNanos) {
    byte[] value = payload.clone();
    ByteBuffer.wrap(value).putLong(run).putLong(number).putLong(dueNanos);
    return value;
  }

  void poll(Duration timeout) {
    var records = consumer.poll(timeout);
    long now = clock.nanoTime();
    for (ConsumerRecord<ByteBuffer, ByteBuffer> record : records) {
      ByteBuffer value = record.value();
      if (value == null || value.remaining() < STAMP_SIZE) {
        continue;
      }
      int start = value.position();
      if (value.getLong(start) == run) {
        if (value.getLong(start + Long.BYTES) >= firstCounted) {
          latencies.record(now - value.getLong(start + 2 * Long.BYTES));
        }
        received.lazySet(received.getPlain() + 1);
      }
    }
  }

  long received() {
    return received.get();
  }

  /** When nobody polls any more. */
  Latencies latencies() {
    return latencies;
  }
}
