package io.millrace.simulator;

import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step;
import io.millrace.checker.log.KeyedWrite;
import io.millrace.client.Durability;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.ProducerSettings;
import io.millrace.client.RecordMetadata;
import io.millrace.client.SimulatedClients;
import io.millrace.client.errors.FatalException;
import io.millrace.client.errors.RetriableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A process that writes and deletes keys of its own, each when the write before it has ended: so
 * what a key is last is known.
 */
final class KeyedWriter {
  static final int KEYS = 8;

  private final String name;
  private final ClientHost host;
  private final Producer<String, String> producer;
  private final List<KeyedWrite> writes;
  private final boolean[] busy = new boolean[KEYS];
  private int sent;
  private boolean isDead;

  /**
   * @param name used once: with it goes what the keys are called
   * @param writes what is written is added to it, and what comes of it noted there
   */
  KeyedWriter(World world, String name, List<KeyedWrite> writes) {
    this.name = name;
    this.writes = writes;
    ProducerSettings settings =
        ProducerSettings.builder(world.bootstrap())
            .clientId(name)
            .durability(Durability.SYNCED)
            .batchSizeBytes(4 << 10)
            .maxRequestSizeBytes(16 << 10)
            .bufferMemoryBytes(64 << 10)
            .maxInFlightBytes(64 << 10)
            .requestTimeout(Duration.ofMillis(1_000))
            .deliveryTimeout(Duration.ofMillis(10_000))
            .retryBackoff(Duration.ofMillis(5), Duration.ofMillis(100))
            .clusterRefreshInterval(Duration.ofMillis(500))
            .metricsInterval(Duration.ofHours(1))
            .build();
    host = new ClientHost(world, name, settings, false);
    producer =
        SimulatedClients.producer(settings, host.tasks(), host.transport(), host.discovery());
  }

  /**
   * Nothing while the key's last write is under way.
   *
   * @param key its number
   * @param deletes instead of writing a value
   */
  void write(int key, boolean deletes) {
    host.loop().execute(() -> writeNow(key, deletes));
  }

  private void writeNow(int key, boolean deletes) {
    if (isDead || busy[key] || !SimulatedClients.knows(producer, KeyedWorkload.TOPIC)) {
      return;
    }
    busy[key] = true;
    String named = name + ".k" + key;
    Optional<String> value = deletes ? Optional.empty() : Optional.of(named + "=" + sent++);
    int place = writes.size();
    writes.add(new KeyedWrite(named, value, Step.UNKNOWN, Phase.INFO));
    producer.send(
        new ProducerRecord<>(KeyedWorkload.TOPIC, 0, named, value.orElse(null)),
        (metadata, error) -> {
          busy[key] = false;
          writes.set(place, ended(writes.get(place), metadata, error));
        });
  }

  private static KeyedWrite ended(
      KeyedWrite write, @Nullable RecordMetadata metadata, @Nullable Exception error) {
    if (metadata != null) {
      // Acknowledged a second time, so late that nobody remembers where it stands, or the first.
      long offset = metadata.hasOffset() ? metadata.offset() : Step.UNKNOWN;
      return new KeyedWrite(write.key(), write.value(), offset, Phase.OK);
    }
    boolean isRefused = error instanceof RetriableException || error instanceof FatalException;
    return isRefused ? new KeyedWrite(write.key(), write.value(), Step.UNKNOWN, Phase.FAIL) : write;
  }

  boolean isIdle() {
    for (boolean each : busy) {
      if (each && !isDead) {
        return false;
      }
    }
    return true;
  }

  void kill() {
    isDead = true;
    host.kill();
  }
}
