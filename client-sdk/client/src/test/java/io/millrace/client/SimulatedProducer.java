package io.millrace.client;

import io.millrace.client.errors.MillraceException;
import io.millrace.client.fake.SimulatedWorld;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A producer of strings in a simulated world, and how its records ended. */
final class SimulatedProducer {
  /** How one record ended. */
  record Ended(
      String value, @Nullable RecordMetadata metadata, @Nullable MillraceException error) {}

  private final SimulatedWorld world;
  private final ProducerClient<String, String> producer;
  private final List<Ended> ended = new ArrayList<>();
  private int sent;

  SimulatedProducer(SimulatedWorld world, ProducerSettings.Builder settings) {
    this(world, settings, world.cluster());
  }

  /** That finds its brokers in its own way. */
  SimulatedProducer(SimulatedWorld world, ProducerSettings.Builder settings, Discovery discovery) {
    this(world, settings, discovery, List.of());
  }

  /** With interceptors. */
  SimulatedProducer(
      SimulatedWorld world,
      ProducerSettings.Builder settings,
      Discovery discovery,
      List<ProducerInterceptor<String, String>> interceptors) {
    this.world = world;
    ProducerSettings built = settings.build();
    ClientRuntime runtime =
        new ClientRuntime(built, 16 << 20, world.clientTasks(), world.clientTransport(), discovery);
    this.producer =
        new ProducerClient<>(
            built, Serializers.string(), Serializers.string(), interceptors, runtime);
  }

  static ProducerSettings.Builder settings() {
    return ProducerSettings.builder("zk:2181/millrace");
  }

  /** As send would on another thread, had it to wait. */
  void learn(String topic) {
    runtimeLoop(() -> producer.engine().lookup(topic, (known, e) -> {}));
    world.await("topic " + topic, () -> producer.engine().topic(topic) != null);
  }

  void runtimeLoop(Runnable task) {
    world.clientTransport().loops().get(0).execute(task);
  }

  void send(String topic, @Nullable Integer partition, String value) {
    sent++;
    producer.send(
        new ProducerRecord<>(topic, partition, null, value),
        (metadata, error) -> ended.add(new Ended(value, metadata, error)));
  }

  ProducerClient<String, String> client() {
    return producer;
  }

  List<Ended> ended() {
    return ended;
  }

  List<String> endedValues() {
    return ended.stream().map(Ended::value).toList();
  }

  /** Of the record that was the so-manieth to end; it must have ended well. */
  RecordMetadata metadata(int index) {
    Ended record = ended.get(index);
    if (record.metadata() == null) {
      throw new AssertionError(record.value() + " ended badly", record.error());
    }
    return record.metadata();
  }

  void flush(Runnable done) {
    runtimeLoop(() -> producer.engine().flush((yes, no) -> done.run()));
  }

  void awaitAll() {
    world.await(sent + " records to end, not " + ended.size(), () -> ended.size() == sent);
  }
}
