package io.millrace.cli;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.WakeupException;
import io.millrace.rpc.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** Reads partitions and writes what they hold, on the main thread alone. */
final class ConsumeRun {
  private static final Duration IDLE_POLL = Duration.ofSeconds(1);

  private final Consumer<ByteBuffer, ByteBuffer> consumer;
  private final RecordWriter writer;
  private final Output output;
  private final Clock clock;
  private final ContactWatch contact;
  private final ProgressLine progress;
  private long remaining;
  private long written;

  /** Where to stop, for each partition that is not there yet; unused without an end. */
  private final Map<TopicPartition, Long> ends = new HashMap<>();

  private boolean hasEnd;

  ConsumeRun(
      Surroundings surroundings,
      Consumer<ByteBuffer, ByteBuffer> consumer,
      RecordWriter writer,
      long maxRecords) {
    this.consumer = consumer;
    this.writer = writer;
    this.output = surroundings.output();
    this.clock = surroundings.clock();
    this.contact = new ContactWatch(surroundings, consumer);
    this.progress = ProgressLine.besideOutput(surroundings);
    this.remaining = maxRecords;
  }

  void start(List<TopicPartition> partitions, StartAt from) {
    consumer.assign(partitions);
    if (from instanceof StartAt.Earliest) {
      consumer.seekToBeginning(partitions);
    } else if (from instanceof StartAt.Latest) {
      consumer.seekToEnd(partitions);
    } else if (from instanceof StartAt.Offset at) {
      partitions.forEach(partition -> consumer.seek(partition, at.offset()));
    } else {
      seekToTime(partitions, from.epochMillis(clock));
    }
  }

  /** Reads what the group gives; the consumer commits by itself what has been written. */
  void join(String topic) {
    consumer.subscribe(List.of(topic));
  }

  /** Where no record is so late, reading begins with the next one. */
  private void seekToTime(Collection<TopicPartition> partitions, long epochMillis) {
    Map<TopicPartition, OffsetAndTimestamp> found =
        consumer.offsetsForTimes(
            partitions.stream()
                .collect(Collectors.toMap(partition -> partition, partition -> epochMillis)));
    for (TopicPartition partition : partitions) {
      OffsetAndTimestamp first = found.get(partition);
      if (first == null) {
        consumer.seekToEnd(List.of(partition));
      } else {
        consumer.seek(partition, first.offset());
      }
    }
  }

  /** What is written from now on is not waited for. */
  void stopAtPresentEnd() {
    hasEnd = true;
    ends.putAll(consumer.endOffsets(consumer.assignment()));
    dropFinished();
  }

  ExitCode run(BooleanSupplier interrupted) throws IOException {
    long startNanos = clock.nanoTime();
    try {
      while (remaining > 0 && !(hasEnd && ends.isEmpty())) {
        ConsumerRecords<ByteBuffer, ByteBuffer> records = consumer.poll(Duration.ZERO);
        if (records.isEmpty()) {
          output.flush();
          records = consumer.poll(IDLE_POLL);
        }
        if (records.isEmpty()) {
          contact.nothingCame();
        } else {
          contact.recordsCame();
        }
        write(records);
        progress.look(clock.nanoTime() - startNanos, written, 0);
        if (hasEnd) {
          dropFinished();
        }
      }
      output.flush();
      return ExitCode.DONE;
    } catch (WakeupException e) {
      output.flush();
      if (!interrupted.getAsBoolean()) {
        throw e;
      }
      return ExitCode.INTERRUPTED;
    } finally {
      progress.end("");
    }
  }

  private void write(ConsumerRecords<ByteBuffer, ByteBuffer> records) throws IOException {
    for (TopicPartition partition : records.partitions()) {
      long end = hasEnd ? ends.getOrDefault(partition, 0L) : Long.MAX_VALUE;
      for (ConsumerRecord<ByteBuffer, ByteBuffer> record : records.records(partition)) {
        if (record.offset() >= end) {
          break;
        }
        if (remaining == 0) {
          // Not to be committed as read.
          consumer.seek(partition, record.offset());
          break;
        }
        writer.write(record, output);
        remaining--;
        written++;
      }
    }
  }

  /** By the position, not by the last record: what is last may be an offset that holds nothing. */
  private void dropFinished() {
    List<TopicPartition> finished =
        ends.entrySet().stream()
            .filter(end -> consumer.position(end.getKey()) >= end.getValue())
            .map(Map.Entry::getKey)
            .toList();
    consumer.pause(finished);
    finished.forEach(ends::remove);
  }
}
