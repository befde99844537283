package io.millrace.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Reads records. Belongs to one thread; only {@link #wakeup} may come from another. A call while
 * another thread is inside one throws {@link java.util.ConcurrentModificationException} and does
 * nothing.
 *
 * <p>Calls that wait end with {@link io.millrace.client.errors.WakeupException} after {@code
 * wakeup}, with {@link io.millrace.client.errors.InterruptException} when the thread is
 * interrupted, and, where they have no time-out of their own, with {@link
 * io.millrace.client.errors.TimedOutException} after the call time-out of the settings. None of
 * these loses records.
 */
public interface Consumer<K, V> extends AutoCloseable {
  /** Starts a consumer. Contacts nobody yet. */
  static <K, V> Consumer<K, V> create(
      ConsumerSettings settings,
      Deserializer<? extends K> keyDeserializer,
      Deserializer<? extends V> valueDeserializer) {
    return create(settings, keyDeserializer, valueDeserializer, List.of());
  }

  /**
   * As above, with interceptors, which the consumer closes.
   *
   * @throws io.millrace.client.errors.InvalidSettingException the cluster's address is malformed
   */
  static <K, V> Consumer<K, V> create(
      ConsumerSettings settings,
      Deserializer<? extends K> keyDeserializer,
      Deserializer<? extends V> valueDeserializer,
      List<? extends ConsumerInterceptor<K, V>> interceptors) {
    return ConsumerStart.start(settings, keyDeserializer, valueDeserializer, interceptors);
  }

  /**
   * Reads these partitions from now on and no others. Those assigned before keep their positions;
   * the others start where {@code auto.offset.reset} says, unless {@link #seek} says otherwise.
   * Fetching begins with the next {@link #poll} or {@link #position}.
   */
  void assign(Collection<TopicPartition> partitions);

  /**
   * Reads what the group of the settings gives this consumer of these topics, which may change with
   * each {@link #poll}; topics that do not exist yet are read once they do. Positions begin where
   * the group has come to, or where {@code auto.offset.reset} says.
   *
   * @param topics empty: {@link #unsubscribe}
   * @throws IllegalStateException there is no {@code group.id}, or partitions are assigned by hand
   */
  default void subscribe(Collection<String> topics) {
    throw withoutGroup();
  }

  /** As above, with somebody who hears what comes and goes. */
  default void subscribe(Collection<String> topics, RebalanceListener listener) {
    throw withoutGroup();
  }

  /**
   * As above, all topics whose names match one of these, also such as are made later: the group's
   * coordinator looks for them. Takes the place of any earlier subscription.
   *
   * @param patterns 1 to 100
   * @throws IllegalArgumentException there are none, or too many
   * @throws IllegalStateException there is no {@code group.id}, or partitions are assigned by hand
   */
  default void subscribeToPatterns(Collection<TopicPattern> patterns, RebalanceListener listener) {
    throw withoutGroup();
  }

  /** As above, without a listener. */
  default void subscribeToPatterns(TopicPattern... patterns) {
    subscribeToPatterns(List.of(patterns), new RebalanceListener() {});
  }

  /** The topics of {@link #subscribe}, not those that match patterns; a copy. */
  default Set<String> subscription() {
    return Set.of();
  }

  /**
   * Leaves the group, so that others get at once what this consumer has; reads nothing any more.
   */
  default void unsubscribe() {
    assign(List.of());
  }

  /**
   * Commits what polls have returned: records before it will not come again to this group, whoever
   * reads next. Call it when they have been worked on. Waits until every in-sync replica has it.
   *
   * @throws io.millrace.client.errors.MemberFencedException others may read the partitions already
   * @throws io.millrace.client.errors.CommitRefusedException a partition is not this consumer's
   * @throws io.millrace.client.errors.GroupInUseException assigned by hand, while the group has
   *     members
   * @throws IllegalStateException there is no {@code group.id}
   */
  default void commitSync() {
    throw withoutGroup();
  }

  /** As {@link #commitSync()}, these offsets: each of the next record to be read. */
  default void commitSync(Map<TopicPartition, CommittedOffset> offsets) {
    throw withoutGroup();
  }

  /**
   * As {@link #commitSync()}, without waiting. Commits take effect in the order in which the
   * coordinator gets them, which is mostly, but not always, that of the calls.
   *
   * @param callback called within a later poll, or within {@link #close}
   */
  default void commitAsync(CommitCallback callback) {
    throw withoutGroup();
  }

  /** As above, these offsets. */
  default void commitAsync(Map<TopicPartition, CommittedOffset> offsets, CommitCallback callback) {
    throw withoutGroup();
  }

  /** How far the group has come; a partition where it has committed nothing is missing. */
  default Map<TopicPartition, CommittedOffset> committed(Collection<TopicPartition> partitions) {
    throw withoutGroup();
  }

  private static IllegalStateException withoutGroup() {
    return new IllegalStateException("the consumer has no group: set group.id");
  }

  /** In the order of {@link #assign}; a copy. */
  Set<TopicPartition> assignment();

  /**
   * The next {@link #poll} goes on at this offset, whether or not there is such a record.
   *
   * @throws IllegalArgumentException negative
   * @throws IllegalStateException not assigned
   */
  void seek(TopicPartition partition, long offset);

  /**
   * Goes on at the first record there is, looked up at the next {@link #poll} or {@link #position}.
   *
   * @param partitions empty: all that are assigned
   */
  void seekToBeginning(Collection<TopicPartition> partitions);

  /** As {@link #seekToBeginning}, behind the last committed record. */
  void seekToEnd(Collection<TopicPartition> partitions);

  /** The offset of the next record that {@code poll} will return; waits until it is known. */
  long position(TopicPartition partition);

  /** As {@link #position(TopicPartition)}, for at most so long. */
  long position(TopicPartition partition, Duration timeout);

  /** {@code poll} returns nothing of these until {@link #resume}; what was fetched is kept. */
  void pause(Collection<TopicPartition> partitions);

  /** Returns their records again, from their positions on. */
  void resume(Collection<TopicPartition> partitions);

  /** Those of the assigned that are paused; a copy. */
  Set<TopicPartition> paused();

  /**
   * The next records, at most {@code max.poll.records}, in the order of their offsets for each
   * partition. Waits until there are some, at most so long; the next ones are fetched meanwhile.
   *
   * <p>When something is wrong with one partition, the records of others come first; the next call
   * throws. The position of a partition is behind the records that were returned, and has not moved
   * when an exception was thrown; the call after that tries again there.
   *
   * <p>A topic that was deleted and created again is another topic, which is read from its first
   * record, or told by an exception where the settings say to fail.
   *
   * @return empty when none came in time
   * @throws io.millrace.client.errors.OffsetOutOfRangeException no record at the position, and the
   *     settings say to fail then
   * @throws io.millrace.client.errors.CorruptRecordException the next records are damaged
   * @throws io.millrace.client.errors.LogTruncatedException records before the position that were
   *     read are no longer in the partition
   * @throws io.millrace.client.errors.UnknownTopicException an assigned topic does not exist
   * @throws io.millrace.client.errors.UnknownPartitionException the topic has no such partition
   * @throws IllegalStateException nothing is assigned
   */
  ConsumerRecords<K, V> poll(Duration timeout);

  /** How many records there are from the position on; absent until something was fetched. */
  OptionalLong currentLag(TopicPartition partition);

  /** The offset of the first record there is, for each of these. */
  Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions);

  /** The offset behind the last committed record, for each of these. */
  Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions);

  /**
   * The first record whose timestamp is at or after the given one (milliseconds since the epoch,
   * UTC), for each of these. A partition without such a record is missing in the result.
   */
  Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestamps);

  /**
   * The partitions of a topic with their present leaders, in order.
   *
   * @throws io.millrace.client.errors.UnknownTopicException there is no such topic
   */
  List<PartitionInfo> partitionsFor(String topic);

  /** The consumer's figures as they are now; from any thread, also when it has been closed. */
  default List<Metric> metrics() {
    return List.of(); // of a stand-in in an application's tests
  }

  /**
   * From any thread: ends the call that waits now, or else the next {@link #poll} or other call
   * that may wait, with {@link io.millrace.client.errors.WakeupException}.
   */
  void wakeup();

  /** {@link #close(Duration)} with the call time-out. */
  @Override
  void close();

  /**
   * Closes connections and ends the consumer's own thread; waits for that, at most so long. Calling
   * it again does nothing.
   */
  void close(Duration timeout);
}
