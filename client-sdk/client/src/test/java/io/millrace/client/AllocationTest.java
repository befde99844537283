package io.millrace.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.SocketWorld;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * At most 64 bytes are allocated for a record besides the user's objects: counted over some hundred
 * thousand records on the threads of the application and of the client, over TCP on the loopback.
 *
 * <p>The user's objects are what the user makes ({@code ProducerRecord}, key, value, callback) and
 * what he is given to keep: {@code RecordMetadata}, {@code CompletableFuture}, {@code
 * ConsumerRecord}, and the bytes of a record's key and value.
 */
class AllocationTest {
  private static final int ROUNDS = 4;
  private static final int RECORDS = 250_000;
  private static final long LIMIT_BYTES = 64;
  private static final int VALUE_BYTES = 100;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final SocketWorld world;

  AllocationTest() throws IOException {
    world = new SocketWorld();
    world.cluster().createTopic("notes", 1);
  }

  @AfterEach
  void close() {
    world.close();
  }

  /** Of this thread and of the client's. */
  private static long allocatedBytes() {
    long sum = THREADS.getCurrentThreadAllocatedBytes();
    for (Thread each : Thread.getAllStackTraces().keySet()) {
      if (each.getName().startsWith("allocating-")) {
        sum += Math.max(0, THREADS.getThreadAllocatedBytes(each.getId()));
      }
    }
    return sum;
  }

  /** What instances of a class take, as the virtual machine says. */
  private static long instanceBytes(Supplier<Object> maker) {
    Object[] kept = new Object[1000];
    for (int round = 0; round < 2; round++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < kept.length; i++) {
        kept[i] = maker.get();
      }
      long each = (THREADS.getCurrentThreadAllocatedBytes() - before) / kept.length;
      if (round == 1) {
        return each;
      }
    }
    return 0;
  }

  private static void report(String what, double perRecord) {
    System.out.printf("%s: %.1f bytes a record besides the user's objects%n", what, perRecord);
  }

  private Producer<byte[], byte[]> producer() {
    ProducerSettings settings =
        ProducerSettings.builder("zk:2181/millrace")
            .clientId("allocating")
            .discovery(world.cluster())
            .build();
    return Producer.create(settings, Serializers.bytes(), Serializers.bytes());
  }

  private static ProducerRecord<byte[], byte[]> record() {
    return new ProducerRecord<>(
        "notes", 0, "key".getBytes(US_ASCII), "v".repeat(VALUE_BYTES).getBytes(US_ASCII));
  }

  /** So that a million records need no memory of the test. */
  private void emptyLog() {
    FakeLog log = world.cluster().topic("notes").log(0);
    log.trim(log.endOffset());
  }

  @Test
  void producesWithCallbacks() {
    AtomicReference<@Nullable MillraceException> failure = new AtomicReference<>();
    Callback callback =
        (metadata, error) -> {
          if (error != null) {
            failure.set(error);
          }
        };
    ProducerRecord<byte[], byte[]> record = record();
    try (Producer<byte[], byte[]> producer = producer()) {
      long users = metadataBytes();
      double perRecord = produced(producer, () -> producer.send(record, callback)) - users;
      report("produce with callbacks and metadata of " + users + " bytes", perRecord);
      assertThat(failure.get()).isNull();
      assertThat(perRecord).isLessThanOrEqualTo(LIMIT_BYTES);
    }
  }

  @Test
  void producesWithFutures() {
    ProducerRecord<byte[], byte[]> record = record();
    long users = metadataBytes() + instanceBytes(CompletableFuture::new);
    try (Producer<byte[], byte[]> producer = producer()) {
      double perRecord =
          produced(
                  producer,
                  () -> {
                    CompletableFuture<RecordMetadata> unused = producer.send(record);
                  })
              - users;
      report("produce with futures and metadata of " + users + " bytes", perRecord);
      assertThat(perRecord).isLessThanOrEqualTo(LIMIT_BYTES);
    }
  }

  /**
   * The least of some rounds: until as many batches are in use as the pipe holds, which depends on
   * how the threads are scheduled, new ones are made.
   */
  private double produced(Producer<byte[], byte[]> producer, Runnable send) {
    double least = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long before = allocatedBytes();
      for (int i = 0; i < RECORDS; i++) {
        send.run();
      }
      producer.flush();
      double each = (allocatedBytes() - before) / (double) RECORDS;
      least = round == 0 ? least : Math.min(least, each); // the first is to warm up
      emptyLog();
    }
    return least;
  }

  @Test
  void consumes() {
    String[] values = new String[1_000];
    Arrays.fill(values, "v".repeat(VALUE_BYTES));
    byte[] batch = Batches.bytes(Batches.of(values));
    FakeLog log = world.cluster().topic("notes").log(0);
    for (int i = 0; i < ROUNDS * RECORDS / values.length; i++) {
      log.append(ByteBuffer.wrap(batch), 1, 0);
    }
    ConsumerSettings settings =
        ConsumerSettings.builder("zk:2181/millrace")
            .clientId("allocating")
            .discovery(world.cluster())
            .build();
    try (Consumer<byte[], byte[]> consumer =
        Consumer.create(settings, Deserializers.bytes(), Deserializers.bytes())) {
      TopicPartition notes = new TopicPartition("notes", 0);
      consumer.assign(List.of(notes));
      consumer.seekToBeginning(List.of(notes));
      long users = VALUE_BYTES + consumerRecordBytes();
      read(consumer, RECORDS);
      long before = allocatedBytes();
      int read = read(consumer, (ROUNDS - 2) * RECORDS);
      double perRecord = (allocatedBytes() - before) / (double) read - users;
      report("consume records of " + users + " bytes", perRecord);
      assertThat(perRecord).isLessThanOrEqualTo(LIMIT_BYTES);
    }
  }

  private static long metadataBytes() {
    TopicPartition partition = new TopicPartition("notes", 0);
    Acknowledgement ack = Acknowledgement.NOT_ASKED_FOR;
    return instanceBytes(() -> new RecordMetadata(partition, 0, 0, ack));
  }

  private static long consumerRecordBytes() {
    TopicPartition partition = new TopicPartition("notes", 0);
    return instanceBytes(() -> new ConsumerRecord<>(partition, 0, 0, null, null, List.of()));
  }

  private static int read(Consumer<byte[], byte[]> consumer, int count) {
    int read = 0;
    long sum = 0;
    while (read < count) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(60))) {
        sum += record.offset();
        read++;
      }
    }
    assertThat(sum).isPositive();
    return read;
  }
}
