package io.millrace.simulator;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.OffsetReset;
import io.millrace.client.SimulatedClients;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.errors.LogTruncatedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OffsetOutOfRangeException;
import io.millrace.client.errors.UnknownTopicException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/** A process that reads all partitions from their beginning. */
final class Reader {
  /** How a surprise begins that says so. */
  static final String NO_TOPIC = UnknownTopicException.class.getSimpleName();

  static final String DAMAGED = CorruptRecordException.class.getSimpleName();

  private final Ledger ledger;
  private final ClientHost host;
  private final Consumer<String, String> consumer;
  private final List<TopicPartition> partitions;
  private final int process;
  private final Map<TopicPartition, Long> next = new HashMap<>();
  private final List<String> surprises = new ArrayList<>();
  private boolean dead;

  Reader(World world, Ledger ledger, String name, int partitions, boolean throughZooKeeper) {
    this.ledger = ledger;
    ConsumerSettings settings =
        ConsumerSettings.builder(world.bootstrap())
            .clientId(name)
            .autoOffsetReset(OffsetReset.FAIL)
            .fetchMaxBytes(64 << 10)
            .maxPartitionFetchBytes(16 << 10)
            .prefetchBytes(128 << 10)
            .requestTimeout(Duration.ofMillis(1_000))
            .retryBackoff(Duration.ofMillis(5), Duration.ofMillis(100))
            .clusterRefreshInterval(Duration.ofMillis(500))
            .metricsInterval(Duration.ofHours(1))
            .build();
    host = new ClientHost(world, name, settings, throughZooKeeper);
    consumer =
        SimulatedClients.consumer(settings, host.tasks(), host.transport(), host.discovery());
    this.partitions =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(Ledger.TOPIC, partition))
            .toList();
    process = ledger.journal().newProcess();
    consumer.assign(this.partitions);
    consumer.seekToBeginning(this.partitions);
  }

  /** Takes what has come. */
  void poll() {
    if (dead) {
      return;
    }
    ledger.journal().note(process, Phase.INVOKE, Call.POLL, List.of());
    List<Step> steps = new ArrayList<>();
    try {
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ZERO)) {
        steps.add(
            new Step.Read(
                Ledger.key(record.partition()), String.valueOf(record.value()), record.offset()));
        next.put(record.topicPartition(), record.offset() + 1);
      }
    } catch (LogTruncatedException | OffsetOutOfRangeException e) {
      surprises.add(String.valueOf(e.getMessage()));
      for (TopicPartition partition : partitions) {
        steps.add(new Step.Moved(Ledger.key(partition.partition())));
      }
      consumer.seekToBeginning(partitions);
      next.clear();
    } catch (MillraceException e) {
      // Told, and read again from where it stands.
      surprises.add(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
    if (steps.isEmpty() && ledger.journal().hasJustBegun(process)) {
      ledger.journal().takeBack(process); // most polls bring nothing, and say nothing
    } else {
      ledger.journal().note(process, Phase.OK, Call.POLL, steps);
    }
  }

  /** What came of polling other than records: every one is a broken promise unless loss is. */
  List<String> surprises() {
    return surprises;
  }

  /** Whether it has read all there was when it last heard of each partition. */
  boolean isAtEnd() {
    for (TopicPartition partition : partitions) {
      OptionalLong lag = consumer.currentLag(partition);
      if (lag.isEmpty() || lag.getAsLong() > 0) {
        return false;
      }
    }
    return true;
  }

  /** The first offset that it has not returned. */
  long next(int partition) {
    return next.getOrDefault(partitions.get(partition), 0L);
  }

  ClientHost host() {
    return host;
  }

  boolean isDead() {
    return dead;
  }

  void kill() {
    if (!dead) {
      dead = true;
      host.kill();
      ledger.journal().note(process, Phase.INFO, Call.CRASH, List.of());
    }
  }
}
