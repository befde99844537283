package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every plug point, with something else in it. Interceptors are in {@link InterceptorsTest},
 * metrics sinks in {@link MetricsTest}, discoveries in {@code DiscoveryContract}; clock, threads
 * and network are swapped by all simulated tests, and here once on purpose.
 */
class PlugPointsTest {
  private final SimulatedWorld world = new SimulatedWorld(73, 1);

  private List<String> valuesOf(int partition) {
    return world.cluster().topic("notes").log(partition).values();
  }

  private SimulatedProducer producer(ProducerSettings.Builder settings) {
    SimulatedProducer producer = new SimulatedProducer(world, settings);
    producer.learn("notes");
    return producer;
  }

  @Test
  void partitioner() {
    world.cluster().createTopic("notes", 3);
    SimulatedProducer producer =
        producer(SimulatedProducer.settings().partitioner((topic, key) -> topic.partitions() - 1));
    producer.send("notes", null, "x");
    producer.awaitAll();
    assertThat(valuesOf(2)).containsExactly("x");
  }

  @Test
  void compression() {
    world.cluster().createTopic("notes", 1);
    AtomicInteger compressed = new AtomicInteger();
    Compression gzip = Compressions.named("gzip");
    Compression counting =
        new Compression() {
          @Override
          public int id() {
            return gzip.id();
          }

          @Override
          public String name() {
            return gzip.name();
          }

          @Override
          public boolean compress(ByteBuffer source, ByteBuffer target) {
            compressed.incrementAndGet();
            return gzip.compress(source, target);
          }

          @Override
          public Decompression decompress(ByteBuffer source) {
            return gzip.decompress(source);
          }
        };
    SimulatedProducer producer = producer(SimulatedProducer.settings().compression(counting));
    producer.send("notes", 0, "x".repeat(1000));
    producer.awaitAll();
    assertThat(compressed).hasPositiveValue();
    assertThat(valuesOf(0)).containsExactly("x".repeat(1000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void compressionByName(String name) {
    world.cluster().createTopic("notes", 1);
    SimulatedProducer producer = producer(SimulatedProducer.settings().compression(name));
    for (int i = 0; i < 100; i++) {
      producer.send("notes", 0, "x".repeat(100) + i);
    }
    producer.awaitAll();
    assertThat(valuesOf(0)).hasSize(100).startsWith("x".repeat(100) + 0);
    SimulatedConsumer consumer = new SimulatedConsumer(world, SimulatedConsumer.settings());
    TopicPartition notes = new TopicPartition("notes", 0);
    consumer.client().assign(List.of(notes));
    consumer.client().seekToBeginning(List.of(notes));
    consumer.awaitRecords(100);
    assertThat(consumer.values()).isEqualTo(valuesOf(0));
  }

  @Test
  void aCompressionThatThereIsNotIsRefusedWithThoseThatThereAre() {
    assertThatThrownBy(() -> SimulatedProducer.settings().compression("brotli"))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("compression.type is \"brotli\"")
        .hasMessageContaining("zstd");
  }

  @Test
  void serializers() throws Exception {
    Serializer<String> shouting = (topic, data) -> data.toUpperCase(Locale.ROOT).getBytes(UTF_8);
    List<String> decoded = new ArrayList<>();
    Deserializer<String> listening =
        (topic, bytes) -> {
          String text = UTF_8.decode(bytes.duplicate()).toString();
          decoded.add(topic + ":" + text);
          return text;
        };
    world.cluster().createTopic("notes", 1);
    ProducerSettings settings =
        SimulatedProducer.settings().discovery(world.cluster()).linger(Duration.ZERO).build();
    ClientRuntime runtime =
        new ClientRuntime(
            settings, 16 << 20, world.clientTasks(), world.clientTransport(), world.cluster());
    ProducerClient<String, String> producer =
        new ProducerClient<>(settings, shouting, shouting, List.of(), runtime);
    runtime.loop().execute(() -> producer.engine().lookup("notes", (known, e) -> {}));
    world.await("the topic", () -> producer.engine().topic("notes") != null);
    AtomicInteger ended = new AtomicInteger();
    producer.send(new ProducerRecord<>("notes", "k", "v"), (m, e) -> ended.incrementAndGet());
    world.await("the end", () -> ended.get() == 1);
    assertThat(valuesOf(0)).containsExactly("V");
    assertThat(listening.deserialize("t", ByteBuffer.wrap(new byte[] {'x'}))).isEqualTo("x");
    assertThat(decoded).containsExactly("t:x");
  }

  @Test
  void clockThreadsAndNetwork() {
    world.cluster().createTopic("notes", 1);
    SimulatedProducer producer = producer(SimulatedProducer.settings());
    long before = world.scheduler().nanoTime();
    world.network().cutBothWays("client", "b1");
    producer.send("notes", 0, "x");
    world.runFor(Duration.ofMinutes(3));
    assertThat(producer.ended()).as("by the delivery time-out, in no time at all").hasSize(1);
    assertThat(world.scheduler().nanoTime() - before)
        .isGreaterThanOrEqualTo(Duration.ofMinutes(3).toNanos());
  }
}
