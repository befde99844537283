package io.millrace.client.consumer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Deserializer;
import io.millrace.client.Deserializers;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.ClusterSettings;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.RpcClient;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One consumer and some brokers, in virtual time on one thread. */
final class ConsumerWorld implements AutoCloseable {
  static final Duration SECOND = Duration.ofSeconds(1);

  private final SimulatedWorld world;
  private final SimulatedWait wait;
  private final BlockingConsumer<String, String> consumer;
  private final Cluster cluster;
  private final int brokers;
  private int endings;

  ConsumerWorld(long seed, int brokers) {
    this(seed, brokers, ConsumerSettings.builder("zk:2181"));
  }

  ConsumerWorld(long seed, int brokers, ConsumerSettings.Builder builder) {
    this.brokers = brokers;
    world = new SimulatedWorld(seed, brokers);
    wait = new SimulatedWait(world.scheduler());
    ConsumerSettings settings = builder.build();
    EventLoop loop = world.clientTransport().loops().get(0);
    ConnectionSettings connection = ConnectionSettings.of("test", "1");
    cluster =
        new Cluster(
            loop,
            world.clientTasks(),
            world.cluster(),
            (to, clusterId, listener) ->
                RpcClient.connect(
                    world.clientTransport(),
                    loop,
                    to,
                    connection.withClusterId(clusterId),
                    listener),
            ClusterSettings.of(settings));
    loop.execute(cluster::start);
    consumer =
        new BlockingConsumer<>(
            settings,
            cluster,
            wait,
            ConsumerWorld::record,
            Deserializers.string(),
            Deserializers.string(),
            records -> records,
            this::end);
  }

  private void end(long timeoutNanos) {
    endings++;
    cluster.loop().execute(cluster::close);
    world.clientTransport().close();
  }

  /** As the API's own, but for decoding at once. */
  static <K, V> ConsumerRecord<K, V> record(
      RecordChunk<K, V> chunk,
      long offset,
      long timestamp,
      List<io.millrace.wire.RecordHeader> headers,
      int keyPosition,
      int keySize,
      int valuePosition,
      int valueSize) {
    String topic = chunk.topicPartition().topic();
    return new ConsumerRecord<>(
        chunk.topicPartition(),
        offset,
        timestamp,
        decode(chunk.keys(), topic, chunk, keyPosition, keySize),
        decode(chunk.values(), topic, chunk, valuePosition, valueSize),
        headers);
  }

  private static <T> @Nullable T decode(
      Deserializer<? extends T> deserializer,
      String topic,
      RecordChunk<?, ?> chunk,
      int position,
      int size) {
    return size == RecordChunk.ABSENT
        ? null
        : deserializer.deserialize(topic, chunk.bytes(position, size));
  }

  SimulatedWorld world() {
    return world;
  }

  BlockingConsumer<String, String> consumer() {
    return consumer;
  }

  Cluster cluster() {
    return cluster;
  }

  int endings() {
    return endings;
  }

  static TopicPartition at(String topic, int partition) {
    return new TopicPartition(topic, partition);
  }

  // ---- Records ---------------------------------------------------------------------------------

  FakeLog log(String topic, int partition) {
    return world.cluster().topic(topic).log(partition);
  }

  /** One batch, appended by the present leader, who tells whoever waits. */
  void append(String topic, int partition, String... values) {
    log(topic, partition).append(batch(Compressions.NONE, values), 1, 1_800_000_000_000L);
    wakeFetches();
  }

  /** Fetches that wait at the brokers look again. */
  void wakeFetches() {
    for (int id = 1; id <= brokers; id++) {
      world.broker(id).wakeWaiting();
    }
  }

  static ByteBuffer batch(Compression compression, String... values) {
    BatchBuilder builder = new BatchBuilder(1 << 20, 1 << 22, ByteBuffer::allocate);
    for (int i = 0; i < values.length; i++) {
      byte[] key = ("key of " + values[i]).getBytes(UTF_8);
      if (!builder.tryAppend(1000L + i, key, values[i].getBytes(UTF_8), List.of())) {
        throw new IllegalStateException("the batch is full");
      }
    }
    return builder.finish(compression);
  }

  /** Polls until so many have come; fails after a minute without any. */
  List<ConsumerRecord<String, String>> read(int count) {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    while (records.size() < count) {
      ConsumerRecords<String, String> polled = consumer.poll(Duration.ofMinutes(1));
      assertThat(polled.count()).as("after " + records.size() + " of " + count).isPositive();
      polled.forEach(records::add);
    }
    return records;
  }

  List<String> readValues(int count) {
    return read(count).stream().map(ConsumerRecord::value).toList();
  }

  @Override
  public void close() {
    consumer.close();
    assertThat(world.scheduler().thrown()).as("thrown by tasks").isEmpty();
    for (int id = 1; id <= brokers; id++) {
      world.broker(id).close();
    }
    world.runFor(SECOND);
    assertThat(world.network().outstandingBuffers()).as("buffers not given back").isZero();
  }
}
