package io.millrace.simulator;

import io.millrace.checker.history.Event.Call;
import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step;
import io.millrace.client.Durability;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.RecordMetadata;
import io.millrace.client.SimulatedClients;
import io.millrace.client.errors.FatalException;
import io.millrace.client.errors.RetriableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A process that produces unique values. Each of its slots has one record under way at a time and
 * is a process of its own in the history, because there a process makes one call at a time. Behind
 * the usual slots each partition has one for probes.
 */
final class Writer {
  private static final int SLOTS = 5;

  private static final int NONE = -1;

  private final Ledger ledger;
  private final String name;
  private final ClientHost host;
  private final Producer<String, String> producer;
  private final boolean idempotent;
  private final int[] processes;
  private final boolean[] busy;

  /** What is under way for the topic's name, and may come to another topic of it. */
  private final Sent[] underWay;

  private int sent;
  private boolean dead;
  private boolean known;

  /**
   * @param ofFormerTopic sent before the topic was made anew
   */
  private record Sent(int partition, String value, boolean ofFormerTopic) {}

  Writer(World world, Ledger ledger, String name, Options.WriterOptions options, int partitions) {
    this.ledger = ledger;
    this.name = name;
    processes = new int[SLOTS + partitions];
    busy = new boolean[processes.length];
    underWay = new Sent[processes.length];
    this.idempotent = options.idempotent();
    ProducerSettings.Builder builder =
        ProducerSettings.builder(world.bootstrap())
            .clientId(name)
            .durability(options.level())
            .set("idempotence", Boolean.toString(options.idempotent()))
            .batchSizeBytes(4 << 10)
            .maxRequestSizeBytes(16 << 10)
            .bufferMemoryBytes(64 << 10)
            .maxInFlightBytes(64 << 10)
            .requestTimeout(Duration.ofMillis(options.requestTimeoutMillis()))
            .deliveryTimeout(Duration.ofMillis(options.deliveryTimeoutMillis()))
            .retryBackoff(Duration.ofMillis(5), Duration.ofMillis(100))
            .clusterRefreshInterval(Duration.ofMillis(500))
            .metricsInterval(Duration.ofHours(1));
    ProducerSettings settings = builder.build();
    host = new ClientHost(world, name, settings, options.throughZooKeeper());
    producer =
        SimulatedClients.producer(settings, host.tasks(), host.transport(), host.discovery());
    for (int i = 0; i < processes.length; i++) {
      processes[i] = ledger.journal().newProcess();
    }
  }

  /** Nothing when all slots are busy. */
  void send(int partition) {
    if (!dead) {
      host.loop().execute(() -> sendNow(partition, this::freeSlot));
    }
  }

  /**
   * Also when all slots are busy, with records of partitions that take none for as long as their
   * machine is sick: a process that did nothing else than wait for them would show nothing.
   */
  void probe(int partition) {
    if (!dead) {
      host.loop().execute(() -> sendNow(partition, () -> freeSlotFor(partition)));
    }
  }

  private void sendNow(int partition, IntSupplier slots) {
    int slot = slots.getAsInt();
    // A topic that was deleted is looked up again, for which an application's thread would wait.
    if (slot < 0 || !SimulatedClients.knows(producer, Ledger.TOPIC)) {
      return;
    }
    busy[slot] = true;
    String value = name + "." + sent++;
    tell(slot, new Sent(partition, value, false));
    producer.send(
        new ProducerRecord<>(Ledger.TOPIC, partition, null, value),
        (metadata, error) -> ended(slot, metadata, error));
  }

  private void tell(int slot, Sent what) {
    underWay[slot] = what;
    if (idempotent) {
      ledger.numbered(name, what.partition(), what.value());
    }
    ledger
        .journal()
        .note(
            processes[slot],
            Phase.INVOKE,
            Call.SEND,
            List.of(new Step.Send(Ledger.key(what.partition()), what.value(), -1)));
  }

  /** The topic is another one: what is under way may land in it, or have landed in the old one. */
  void topicIsNew() {
    for (int slot = 0; slot < busy.length && !dead; slot++) {
      if (busy[slot]) {
        Sent old = underWay[slot];
        tell(slot, new Sent(old.partition(), old.value(), true));
      }
    }
  }

  /** Asks for the topic until it is known. */
  boolean isReady() {
    if (!known) {
      host.loop().execute(() -> known = SimulatedClients.knows(producer, Ledger.TOPIC));
    }
    return known;
  }

  private int freeSlot() {
    for (int i = 0; i < SLOTS; i++) {
      if (!busy[i]) {
        return i;
      }
    }
    return NONE;
  }

  private int freeSlotFor(int partition) {
    int slot = freeSlot();
    int own = SLOTS + partition;
    return slot >= 0 || busy[own] ? slot : own;
  }

  private void ended(int slot, @Nullable RecordMetadata metadata, @Nullable Exception error) {
    busy[slot] = false;
    Sent what = underWay[slot];
    int partition = what.partition();
    String value = what.value();
    Phase phase = Phase.INFO; // also where it may have landed in a topic that is gone
    long offset = Step.UNKNOWN;
    if (!what.ofFormerTopic() && metadata != null && metadata.hasOffset()) {
      if (isSafe(metadata)) {
        phase = Phase.OK;
        offset = metadata.offset();
        ledger.acknowledged(partition, offset, value, metadata.leaderEpoch());
      }
    } else if (!what.ofFormerTopic() && metadata != null && idempotent && isSafe(metadata)) {
      ledger.acknowledgedSomewhere(partition, value);
    } else if (error instanceof RetriableException || error instanceof FatalException) {
      phase = Phase.FAIL;
    }
    ledger
        .journal()
        .note(
            processes[slot],
            phase,
            Call.SEND,
            List.of(new Step.Send(Ledger.key(partition), value, offset)));
  }

  private static boolean isSafe(RecordMetadata metadata) {
    return metadata.durability().compareTo(Durability.STANDARD) >= 0;
  }

  /** Whether every record has ended. */
  boolean isIdle() {
    for (boolean each : busy) {
      if (each) {
        return false;
      }
    }
    return true;
  }

  boolean isDead() {
    return dead;
  }

  ClientHost host() {
    return host;
  }

  /** As {@code kill -9}: what is under way may still happen. */
  void kill() {
    if (!dead) {
      dead = true;
      host.kill();
      List<Step> none = new ArrayList<>();
      for (int process : processes) {
        ledger.journal().note(process, Phase.INFO, Call.CRASH, none);
      }
    }
  }

  @Override
  public String toString() {
    return name + " " + Arrays.toString(busy);
  }
}
