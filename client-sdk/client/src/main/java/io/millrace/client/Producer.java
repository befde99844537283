package io.millrace.client;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Writes records. Safe for any number of threads, and meant to be shared by them.
 *
 * <p>Records are packed into batches on the calling thread and sent from the producer's own: at
 * once while nothing is under way to the partition's leader, else together with whatever has queued
 * by then. Records for one partition are appended in the order of {@code send}, also through
 * retries and changes of leader.
 *
 * <p>Every record ends in exactly one of: written ({@link RecordMetadata}), certainly not written
 * ({@link io.millrace.client.errors.RetriableException}, {@link
 * io.millrace.client.errors.FatalException}), or {@link
 * io.millrace.client.errors.OutcomeUnknownException}; and does so within the delivery time-out.
 */
public interface Producer<K, V> extends AutoCloseable {

  /**
   * Starts a producer. Contacts nobody yet: an address nobody listens at shows at the first record.
   */
  static <K, V> Producer<K, V> create(
      ProducerSettings settings,
      Serializer<? super K> keySerializer,
      Serializer<? super V> valueSerializer) {
    return create(settings, keySerializer, valueSerializer, List.of());
  }

  /**
   * As above, with interceptors, which the producer closes.
   *
   * @throws io.millrace.client.errors.InvalidSettingException the cluster's address is malformed
   */
  static <K, V> Producer<K, V> create(
      ProducerSettings settings,
      Serializer<? super K> keySerializer,
      Serializer<? super V> valueSerializer,
      List<? extends ProducerInterceptor<K, V>> interceptors) {
    return ProducerClient.start(settings, keySerializer, valueSerializer, interceptors);
  }

  /**
   * Queues a record.
   *
   * <p>Blocks, at most for the longest blocking time of the settings, while the topic is not known
   * yet or the buffer is full; never on the producer's own thread. Whatever goes wrong with the
   * record is told by the future, but for what is below.
   *
   * @return completes on the producer's own thread, with {@link RecordMetadata} or a {@link
   *     io.millrace.client.errors.MillraceException}; cancelling it does not take the record back
   * @throws io.millrace.client.errors.SerializationException the serializer failed; nothing queued
   * @throws io.millrace.client.errors.InterruptException interrupted while it blocked; nothing
   *     queued
   * @throws io.millrace.client.errors.ClosedException the producer has been closed
   */
  CompletableFuture<RecordMetadata> send(ProducerRecord<K, V> record);

  /** As {@link #send(ProducerRecord)}, without an object for the record that waits for the end. */
  void send(ProducerRecord<K, V> record, Callback callback);

  /**
   * Sends what is queued without lingering, and waits until every record whose {@code send}
   * returned before has ended, well or badly.
   *
   * @throws io.millrace.client.errors.InterruptException interrupted; the records are still sent
   * @throws IllegalStateException on the producer's own thread, which it would block for ever
   */
  void flush();

  /**
   * The partitions of a topic with their present leaders, in order. Blocks as {@code send} does.
   *
   * @throws io.millrace.client.errors.UnknownTopicException there is no such topic
   * @throws io.millrace.client.errors.TimedOutException nobody could tell in time
   */
  List<PartitionInfo> partitionsFor(String topic);

  /** The producer's figures as they are now; from any thread, also when it has been closed. */
  default List<Metric> metrics() {
    return List.of(); // of a stand-in in an application's tests
  }

  /** {@link #close(Duration)}, waiting for as long as the delivery time-out lets records live. */
  @Override
  void close();

  /**
   * Takes no more records, sends what is queued and waits for the answers; then ends each record
   * that is left: as unknown when it may have reached a broker, else as certainly not written.
   *
   * <p>Calling it again waits for the end of the first call. On the producer's own thread it does
   * not wait but returns at once; the end comes as if another thread had called it.
   *
   * @param timeout not negative; zero gives up at once
   * @throws io.millrace.client.errors.InterruptException interrupted; closing goes on behind it
   */
  void close(Duration timeout);
}
