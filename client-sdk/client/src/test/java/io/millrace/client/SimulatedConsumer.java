package io.millrace.client;

import io.millrace.client.consumer.BlockingConsumer;
import io.millrace.client.consumer.SimulatedWait;
import io.millrace.client.fake.SimulatedWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A consumer of strings in a simulated world: virtual time passes between its polls. */
final class SimulatedConsumer {
  private final SimulatedWorld world;
  private final BlockingConsumer<String, String> consumer;
  private final List<ConsumerRecord<String, String>> records = new ArrayList<>();

  SimulatedConsumer(SimulatedWorld world, ConsumerSettings.Builder settings) {
    this(world, settings, List.of());
  }

  /** With interceptors. */
  SimulatedConsumer(
      SimulatedWorld world,
      ConsumerSettings.Builder settings,
      List<ConsumerInterceptor<String, String>> interceptors) {
    this.world = world;
    ConsumerSettings built = settings.discovery(world.cluster()).build();
    ClientRuntime runtime =
        new ClientRuntime(
            built, 128 << 20, world.clientTasks(), world.clientTransport(), world.cluster());
    this.consumer =
        ConsumerStart.over(
            runtime,
            new SimulatedWait(world.scheduler()),
            built,
            Deserializers.string(),
            Deserializers.string(),
            interceptors);
  }

  static ConsumerSettings.Builder settings() {
    return ConsumerSettings.builder("zk:2181/millrace");
  }

  BlockingConsumer<String, String> client() {
    return consumer;
  }

  /** One poll that does not wait. */
  List<String> poll() {
    List<String> values = new ArrayList<>();
    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ZERO)) {
      records.add(record);
      values.add(String.valueOf(record.value()));
    }
    return values;
  }

  /** Polls until so many records have come in all. */
  void awaitRecords(int count) {
    world.await(
        count + " records",
        () -> {
          poll();
          return records.size() >= count;
        });
  }

  /** All records so far. */
  List<ConsumerRecord<String, String>> records() {
    return records;
  }

  List<String> values() {
    return records.stream().map(record -> String.valueOf(record.value())).toList();
  }

  /** Polls for that long. */
  void pollFor(Duration time) {
    long end = world.scheduler().nanoTime() + time.toNanos();
    world.scheduler().at(end, () -> {});
    while (world.scheduler().nanoTime() < end) {
      poll();
      world.scheduler().step();
    }
  }
}
