package io.millrace.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.millrace.client.cluster.Done;
import io.millrace.client.errors.BufferFullException;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.RecordTooLargeException;
import io.millrace.client.errors.SerializationException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.metrics.MetricName;
import io.millrace.client.send.Appended;
import io.millrace.client.send.SendEngine;
import io.millrace.client.send.SendSettings;
import io.millrace.client.send.SendTopic;
import io.millrace.rpc.Clock;
import io.millrace.wire.BatchBuilder;
import io.millrace.wire.RecordHeader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The blocking side of the producer: what happens on the threads that call it. */
final class ProducerClient<K, V> implements Producer<K, V> {
  /** Answers to a producer are small; the topics' descriptions are the largest. */
  private static final int MAX_RESPONSE_BYTES = 16 << 20;

  private final ProducerSettings settings;
  private final Serializer<? super K> keySerializer;
  private final Serializer<? super V> valueSerializer;
  private final Partitioner partitioner;
  private final ClientRuntime runtime;
  private final SendEngine engine;
  private final ProducerInterceptors<K, V> interceptors;
  private final LongAdder blocked;
  private final LongAdder blockedMillis;
  private final Clock clock;
  private final long maxBlockNanos;

  ProducerClient(
      ProducerSettings settings,
      Serializer<? super K> keySerializer,
      Serializer<? super V> valueSerializer,
      List<? extends ProducerInterceptor<K, V>> interceptors,
      ClientRuntime runtime) {
    this.settings = settings;
    this.keySerializer = keySerializer;
    this.valueSerializer = valueSerializer;
    this.partitioner = settings.partitioner();
    this.runtime = runtime;
    this.interceptors = new ProducerInterceptors<>(interceptors);
    this.engine = new SendEngine(runtime.cluster(), SendSettings.of(settings), this.interceptors);
    this.blocked = runtime.cluster().figures().counter(MetricName.SENDS_BLOCKED);
    this.blockedMillis = runtime.cluster().figures().counter(MetricName.SEND_BLOCKED_MILLIS);
    this.clock = runtime.loop().clock();
    this.maxBlockNanos = settings.maxBlock().toNanos();
    runtime
        .loop()
        .execute(
            () -> {
              runtime.cluster().start();
              engine.start();
            });
  }

  static <K, V> Producer<K, V> start(
      ProducerSettings settings,
      Serializer<? super K> keySerializer,
      Serializer<? super V> valueSerializer,
      List<? extends ProducerInterceptor<K, V>> interceptors) {
    ClientRuntime runtime = ClientRuntime.start(settings, MAX_RESPONSE_BYTES);
    return new ProducerClient<>(settings, keySerializer, valueSerializer, interceptors, runtime);
  }

  // ---- Sending ---------------------------------------------------------------------------------

  @Override
  public CompletableFuture<RecordMetadata> send(ProducerRecord<K, V> record) {
    CompletableFuture<RecordMetadata> future = new CompletableFuture<>();
    send(record, (Object) future);
    return future;
  }

  @Override
  public void send(ProducerRecord<K, V> record, Callback callback) {
    send(record, (Object) callback);
  }

  private void send(ProducerRecord<K, V> record, Object completion) {
    if (runtime.isClosing()) {
      throw new ClosedException("the producer has been closed");
    }
    ProducerRecord<K, V> intercepted = interceptors.onSend(record);
    try {
      queue(intercepted, completion);
    } catch (SerializationException | InterruptException | ClosedException e) {
      throw e; // the call itself failed, and nothing was queued
    } catch (MillraceException e) {
      Integer partition = intercepted.partition();
      engine.fail(intercepted.topic(), partition == null ? -1 : partition, completion, e);
    }
  }

  /** Throws what became of the record if it could not be queued. */
  private void queue(ProducerRecord<K, V> record, Object completion) {
    // Only who has to wait reads the clock: for a small record that took as long as encoding it.
    long leftNanos = maxBlockNanos;
    SendTopic topic = engine.topic(record.topic());
    if (topic == null) {
      long startNanos = clock.nanoTime();
      topic = lookup(record.topic(), startNanos);
      leftNanos -= clock.nanoTime() - startNanos;
    }
    byte[] key = serialize(keySerializer, record.topic(), record.key(), "key");
    byte[] value = serialize(valueSerializer, record.topic(), record.value(), "value");
    int recordBytes = sizeBytes(topic, key, value, record.headers());
    Long given = record.timestamp();
    long timestamp = given != null ? given : clock.wallMillis();
    int partition = partition(topic, record.partition(), key);
    if (!engine.hasRoom(topic, partition)) {
      awaitRoom(topic, partition, leftNanos);
    }
    Appended appended =
        engine.append(
            topic, partition, timestamp, key, value, record.headers(), completion, recordBytes);
    if (appended instanceof Appended.Refused refused) {
      throw refused.why();
    }
    if (appended instanceof Appended.TooLarge) {
      throw new RecordTooLargeException("a record of " + recordBytes + " bytes fits in no batch");
    }
  }

  /** Of a topic that is not known yet. */
  private SendTopic lookup(String name, long startNanos) {
    if (runtime.loop().inLoop()) {
      engine.lookup(name, (topic, e) -> {});
      throw new TimedOutException(
          "topic " + name + " is not known yet, and the producer's own thread cannot wait for it");
    }
    try {
      return runtime.await(
          maxBlockNanos, "topic " + name, future -> engine.lookup(name, Done.completing(future)));
    } catch (TimeoutException e) {
      throw new TimedOutException(
          "topic " + name + " did not become known in time (" + maxBlock() + ")", e);
    } finally {
      countBlocked(startNanos);
    }
  }

  private void countBlocked(long sinceNanos) {
    blocked.increment();
    blockedMillis.add(NANOSECONDS.toMillis(clock.nanoTime() - sinceNanos));
  }

  private void awaitRoom(SendTopic topic, int partition, long leftNanos) {
    boolean room = engine.hasRoom(); // all that matters where nobody can wait
    if (!runtime.loop().inLoop()) {
      long sinceNanos = clock.nanoTime();
      try {
        room = engine.awaitRoom(topic, partition, leftNanos);
      } catch (InterruptedException e) {
        throw ClientRuntime.interrupted("room in the buffer", e);
      } finally {
        countBlocked(sinceNanos);
      }
    }
    if (!room) {
      throw new BufferFullException(
          "the buffer of "
              + settings.bufferMemoryBytes()
              + " bytes stayed full ("
              + maxBlock()
              + "); the brokers take records more slowly than they are sent");
    }
  }

  private String maxBlock() {
    return "max.block.ms=" + settings.maxBlock().toMillis();
  }

  private static <T> byte @Nullable [] serialize(
      Serializer<? super T> serializer, String topic, @Nullable T data, String what) {
    if (data == null) {
      return null;
    }
    try {
      return serializer.serialize(topic, data);
    } catch (RuntimeException e) {
      throw new SerializationException(
          "the " + what + " of a record for topic " + topic + " cannot be encoded", e);
    }
  }

  private int partition(SendTopic topic, @Nullable Integer asked, byte @Nullable [] key) {
    int count = topic.partitions();
    if (asked == null) {
      int chosen = partitioner.partition(topic, key);
      if (chosen < 0 || chosen >= count) {
        throw new IllegalStateException(
            "the partitioner chose partition " + chosen + " of topic " + topic.name());
      }
      return chosen;
    }
    if (asked >= count) {
      throw new UnknownPartitionException(
          topic.name(),
          asked,
          "topic " + topic.name() + " has partitions 0 to " + (count - 1) + ", not " + asked);
    }
    return asked;
  }

  private int sizeBytes(
      SendTopic topic, byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
    if (headers.size() > BatchBuilder.MAX_HEADERS) {
      throw new RecordTooLargeException(
          "a record for topic "
              + topic.name()
              + " has "
              + headers.size()
              + " headers; "
              + BatchBuilder.MAX_HEADERS
              + " are allowed");
    }
    long size = (key == null ? 0 : key.length) + (value == null ? 0L : value.length);
    // By index: an iterator would be an object for each record.
    for (int i = 0; i < headers.size(); i++) {
      RecordHeader header = headers.get(i);
      byte[] headerValue = header.value();
      size += header.name().getBytes(UTF_8).length;
      size += headerValue == null ? 0 : headerValue.length;
    }
    int limit = engine.maxRecordBytes(topic);
    if (size > limit) {
      throw new RecordTooLargeException(
          "a record for topic "
              + topic.name()
              + " has "
              + size
              + " bytes in key, value and headers; "
              + limit
              + " are allowed (the topic's record.max.bytes, the broker's limit, buffer.memory)");
    }
    return (int) size;
  }

  /** For tests, which have no second thread to wait on. */
  SendEngine engine() {
    return engine;
  }

  // ---- The rest --------------------------------------------------------------------------------

  @Override
  public void flush() {
    if (runtime.loop().inLoop()) {
      throw new IllegalStateException("flush() on the producer's own thread would wait for itself");
    }
    if (runtime.isClosing()) {
      runtime.awaitStopped();
      return;
    }
    try {
      runtime.<Boolean>await(
          Long.MAX_VALUE, "records to be sent", future -> engine.flush(Done.completing(future)));
    } catch (TimeoutException e) {
      throw new IllegalStateException("the end of time", e);
    }
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    if (runtime.isClosing()) {
      throw new ClosedException("the producer has been closed");
    }
    if (runtime.loop().inLoop()) {
      throw new IllegalStateException("partitionsFor() on the producer's own thread");
    }
    try {
      return runtime.<List<PartitionInfo>>await(
          maxBlockNanos,
          "topic " + topic,
          future -> runtime.cluster().describe(topic, Done.completing(future)));
    } catch (TimeoutException e) {
      throw new TimedOutException(
          "topic " + topic + " did not become known in time (" + maxBlock() + ")", e);
    }
  }

  @Override
  public List<Metric> metrics() {
    return runtime.metrics();
  }

  @Override
  public void close() {
    close(settings.deliveryTimeout());
  }

  /** Every record has ended, and interceptors have heard of each. */
  private void ended() {
    interceptors.close();
    runtime.stop();
  }

  @Override
  public void close(Duration timeout) {
    long nanos = ClientRuntime.nanos(timeout);
    if (runtime.beginClosing()) {
      runtime.loop().execute(() -> engine.close(nanos, this::ended));
    }
    runtime.awaitStopped();
  }
}
