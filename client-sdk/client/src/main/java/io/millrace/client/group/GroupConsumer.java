package io.millrace.client.group;

import io.millrace.client.CommitCallback;
import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Metric;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.PartitionInfo;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.consumer.BlockingConsumer;
import io.millrace.client.consumer.PollWait;
import io.millrace.client.consumer.SingleThread;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer with a group: reads what the group gives it, and says how far it has come. What comes
 * and goes does so in {@link #poll}, on the application's thread; the membership itself lives on
 * the client's loop ({@link GroupSession}), however long the application works on its records.
 */
public final class GroupConsumer<K, V> implements Consumer<K, V> {
  private static final Logger log = LoggerFactory.getLogger(GroupConsumer.class);
  private static final RebalanceListener NOBODY = new RebalanceListener() {};

  private final BlockingConsumer<K, V> reader;
  private final Cluster cluster;
  private final PollWait wait;
  private final GroupSettings settings;
  private final GroupSession session;
  private final boolean autoCommit;
  private final long autoCommitNanos;
  private final SingleThread thread = new SingleThread();

  /** Of partitions that the group has given; empty while the application assigns by hand. */
  private final Map<TopicPartition, GroupPartition> mine = new LinkedHashMap<>();

  /** Where the application has come to with what polls have returned. */
  private final Map<TopicPartition, CommittedOffset> consumed = new HashMap<>();

  private final Map<TopicPartition, CommittedOffset> lastCommitted = new HashMap<>();
  private final Queue<Runnable> callbacks = new ConcurrentLinkedQueue<>();
  private Set<String> topics = Set.of();
  private RebalanceListener listener = NOBODY;
  private long committedNanos;
  private boolean closed;

  /**
   * Over a consumer and its cluster, which nobody else uses.
   *
   * @param wait the reader's
   */
  public GroupConsumer(
      ConsumerSettings settings, Cluster cluster, PollWait wait, BlockingConsumer<K, V> reader) {
    this.reader = reader;
    this.cluster = cluster;
    this.wait = wait;
    this.settings = GroupSettings.of(settings);
    this.session = new GroupSession(cluster, this.settings, reader::cutWaiting);
    this.autoCommit = settings.autoCommit();
    this.autoCommitNanos = settings.autoCommitInterval().toNanos();
    this.committedNanos = now();
  }

  private long now() {
    return cluster.clock().nanoTime();
  }

  // ---- What is read ----------------------------------------------------------------------------

  @Override
  public void subscribe(Collection<String> names) {
    subscribe(names, NOBODY);
  }

  @Override
  public void subscribe(Collection<String> names, RebalanceListener hears) {
    Set<String> wanted = new LinkedHashSet<>(names);
    if (wanted.isEmpty()) {
      unsubscribe();
      return;
    }
    enter();
    try {
      if (topics.isEmpty() && !reader.assignment().isEmpty()) {
        throw new IllegalStateException("partitions are assigned by hand; unsubscribe() first");
      }
      topics = wanted;
      listener = hears;
      cluster.loop().execute(() -> session.subscribe(Set.copyOf(wanted)));
    } finally {
      thread.exit();
    }
  }

  @Override
  public Set<String> subscription() {
    enter();
    try {
      return new LinkedHashSet<>(topics);
    } finally {
      thread.exit();
    }
  }

  @Override
  public void unsubscribe() {
    enter();
    try {
      leaveGroup(true, settings.callTimeoutNanos());
      reader.assign(List.of());
    } finally {
      thread.exit();
    }
  }

  /** Lets go of everything, having committed what was read where that is done by itself. */
  private void leaveGroup(boolean forGood, long timeoutNanos) {
    if (topics.isEmpty()) {
      return;
    }
    try {
      List<TopicPartition> all = List.copyOf(mine.keySet());
      if (!all.isEmpty()) {
        commitBeforeLeaving(all, timeoutNanos);
        listener.onRevoked(all);
      }
    } finally {
      topics = Set.of();
      mine.clear();
      consumed.clear();
      lastCommitted.clear();
      listener = NOBODY;
      Pending<Boolean> left = new Pending<>(wait);
      cluster.loop().execute(() -> session.leave(forGood, timeoutNanos, left));
      try {
        left.await(cluster.clock(), timeoutNanos, "leaving the group");
      } catch (TimedOutException e) {
        log.info("nobody has heard that this member of {} leaves", settings.groupId());
      }
    }
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    enter();
    try {
      if (!topics.isEmpty()) {
        throw new IllegalStateException("subscribed to " + topics + "; unsubscribe() first");
      }
      consumed.clear();
      reader.assign(partitions);
    } finally {
      thread.exit();
    }
  }

  // ---- Reading ---------------------------------------------------------------------------------

  @Override
  public ConsumerRecords<K, V> poll(Duration timeout) {
    long limitNanos = nanos(timeout);
    enter();
    try {
      if (topics.isEmpty()) {
        ConsumerRecords<K, V> records = reader.poll(timeout);
        note(records);
        return records;
      }
      long startNanos = now();
      cluster.loop().execute(session::polled);
      while (true) {
        runCallbacks();
        if (session.hasNews()) {
          follow();
        }
        commitNowAndThen();
        long leftNanos = limitNanos - (now() - startNanos);
        ConsumerRecords<K, V> records = reader.pollUntilCut(Math.max(0, leftNanos));
        if (!records.isEmpty() || (leftNanos <= 0 && !session.hasNews())) {
          note(records);
          return records;
        }
      }
    } finally {
      thread.exit();
    }
  }

  private void note(ConsumerRecords<K, V> records) {
    for (TopicPartition partition : records.partitions()) {
      List<ConsumerRecord<K, V>> some = records.records(partition);
      ConsumerRecord<K, V> last = some.get(some.size() - 1);
      consumed.put(partition, new CommittedOffset(last.offset() + 1, last.leaderEpoch(), ""));
    }
  }

  /** Lets go of what the group takes away, and begins what it gives. */
  private void follow() {
    Pending<GroupSession.News> asked = new Pending<>(wait);
    cluster.loop().execute(() -> asked.done(session.take(), null));
    GroupSession.News news = asked.await(cluster.clock(), settings.callTimeoutNanos(), "the group");
    if (news.failure().isPresent()) {
      MillraceException why = news.failure().get();
      lose();
      topics = Set.of();
      throw why;
    }
    if (news.lost()) {
      lose();
    }
    if (!news.revoked().isEmpty()) {
      revoke(news.revoked());
    }
    if (!news.added().isEmpty()) {
      begin(news.added());
    }
  }

  private void lose() {
    List<TopicPartition> all = List.copyOf(mine.keySet());
    mine.clear();
    consumed.clear();
    lastCommitted.clear();
    reader.assign(List.of());
    try {
      if (!all.isEmpty()) {
        listener.onLost(all);
      }
    } finally {
      cluster.loop().execute(session::dropped);
    }
  }

  private void revoke(Set<GroupPartition> partitions) {
    List<TopicPartition> names = names(partitions);
    try {
      commitBeforeLeaving(names, settings.callTimeoutNanos());
      if (!names.isEmpty()) {
        listener.onRevoked(names);
      }
    } finally {
      names.forEach(mine::remove);
      names.forEach(consumed::remove);
      names.forEach(lastCommitted::remove);
      reader.assign(List.copyOf(mine.keySet()));
      cluster.loop().execute(() -> session.gaveUp(partitions));
    }
  }

  private void commitBeforeLeaving(Collection<TopicPartition> names, long timeoutNanos) {
    if (!autoCommit) {
      return;
    }
    Map<TopicPartition, CommittedOffset> offsets = new HashMap<>(consumed);
    offsets.keySet().retainAll(names);
    offsets.entrySet().removeIf(each -> each.getValue().equals(lastCommitted.get(each.getKey())));
    if (offsets.isEmpty()) {
      return;
    }
    try {
      commitAndWait(offsets, timeoutNanos);
    } catch (MillraceException e) {
      // The next reader gets again what was read since the last commit.
      log.warn("group {}: what was read could not be committed", settings.groupId(), e);
    }
  }

  private List<TopicPartition> names(Set<GroupPartition> partitions) {
    return partitions.stream()
        .filter(each -> each.equals(mine.get(each.partition())))
        .map(GroupPartition::partition)
        .toList();
  }

  private void begin(Set<GroupPartition> partitions) {
    Pending<Map<GroupPartition, CommittedOffset>> asked = new Pending<>(wait);
    cluster.loop().execute(() -> session.fetch(partitions, settings.callTimeoutNanos(), asked));
    Map<GroupPartition, CommittedOffset> committed;
    try {
      committed =
          asked.await(
              cluster.clock(),
              settings.callTimeoutNanos(),
              "where group " + settings.groupId() + " is");
    } catch (MillraceException e) {
      cluster.loop().execute(() -> session.gaveUp(partitions)); // to be told of them again
      throw e;
    }
    partitions.forEach(each -> mine.put(each.partition(), each));
    reader.assign(List.copyOf(mine.keySet()));
    List<TopicPartition> fresh = new ArrayList<>();
    for (GroupPartition each : partitions) {
      CommittedOffset offset = committed.get(each);
      if (offset == null) {
        fresh.add(each.partition());
      } else {
        reader.seek(each.partition(), offset.offset());
        lastCommitted.put(each.partition(), offset);
      }
    }
    listener.onAssigned(partitions.stream().map(GroupPartition::partition).toList());
    if (autoCommit) {
      fresh.forEach(this::settleBeginning);
    }
  }

  /**
   * Where the group begins is committed, too: or else, if it begins at the end, whoever takes over
   * before anything was read would begin at a later end.
   */
  private void settleBeginning(TopicPartition partition) {
    consumed.putIfAbsent(
        partition, new CommittedOffset(reader.position(partition), CommittedOffset.NO_EPOCH, ""));
    committedNanos = now() - autoCommitNanos; // soon
  }

  // ---- Committing ------------------------------------------------------------------------------

  /** What earlier polls have returned: the application has come back for more. */
  private void commitNowAndThen() {
    if (!autoCommit || now() - committedNanos < autoCommitNanos) {
      return;
    }
    committedNanos = now();
    Map<TopicPartition, CommittedOffset> offsets = new HashMap<>(consumed);
    offsets.entrySet().removeIf(each -> each.getValue().equals(lastCommitted.get(each.getKey())));
    if (!offsets.isEmpty()) {
      commitAsync(
          offsets,
          (which, e) -> {
            if (e != null) {
              log.warn("group {}: a commit failed: {}", settings.groupId(), e.getMessage());
            }
          });
    }
  }

  @Override
  public void commitSync() {
    enter();
    try {
      commitAndWait(Map.copyOf(consumed), settings.callTimeoutNanos());
    } finally {
      thread.exit();
    }
  }

  @Override
  public void commitSync(Map<TopicPartition, CommittedOffset> offsets) {
    enter();
    try {
      commitAndWait(Map.copyOf(offsets), settings.callTimeoutNanos());
    } finally {
      thread.exit();
    }
  }

  private void commitAndWait(Map<TopicPartition, CommittedOffset> offsets, long timeoutNanos) {
    if (offsets.isEmpty()) {
      return;
    }
    Map<GroupPartition, CommittedOffset> named = withIds(offsets);
    Pending<Boolean> asked = new Pending<>(wait);
    cluster.loop().execute(() -> session.commit(named, timeoutNanos, asked));
    asked.await(cluster.clock(), timeoutNanos + TimeUnit.SECONDS.toNanos(1), "the commit");
    lastCommitted.putAll(offsets);
  }

  @Override
  public void commitAsync(CommitCallback callback) {
    enter();
    try {
      commitAsync(Map.copyOf(consumed), callback);
    } finally {
      thread.exit();
    }
  }

  @Override
  public void commitAsync(Map<TopicPartition, CommittedOffset> offsets, CommitCallback callback) {
    Map<TopicPartition, CommittedOffset> wanted = Map.copyOf(offsets);
    enter();
    try {
      Map<GroupPartition, CommittedOffset> named = withIds(wanted);
      cluster
          .loop()
          .execute(
              () ->
                  session.commit(
                      named,
                      settings.callTimeoutNanos(),
                      (done, e) -> {
                        callbacks.add(() -> committed(wanted, e, callback));
                        reader.cutWaiting();
                      }));
    } finally {
      thread.exit();
    }
  }

  private void committed(
      Map<TopicPartition, CommittedOffset> offsets,
      @Nullable MillraceException e,
      CommitCallback callback) {
    if (e == null) {
      offsets.forEach(
          (partition, offset) -> {
            if (topics.isEmpty() || mine.containsKey(partition)) {
              lastCommitted.put(partition, offset);
            }
          });
    }
    callback.onCommitted(offsets, e);
  }

  private void runCallbacks() {
    for (Runnable next = callbacks.poll(); next != null; next = callbacks.poll()) {
      next.run();
    }
  }

  /** Of partitions that the group has not given, the topics have to be asked for. */
  private Map<GroupPartition, CommittedOffset> withIds(
      Map<TopicPartition, CommittedOffset> offsets) {
    Map<GroupPartition, CommittedOffset> named = new LinkedHashMap<>();
    offsets.forEach((partition, offset) -> named.put(withId(partition), offset));
    return named;
  }

  private GroupPartition withId(TopicPartition partition) {
    GroupPartition known = mine.get(partition);
    if (known != null) {
      return known;
    }
    Pending<String> asked = new Pending<>(wait);
    cluster
        .loop()
        .execute(
            () ->
                cluster.lookup(
                    partition.topic(),
                    (topic, e) -> asked.done(topic == null ? null : id(topic), e)));
    return new GroupPartition(
        asked.await(cluster.clock(), settings.callTimeoutNanos(), "topic " + partition.topic()),
        partition);
  }

  private static String id(KnownTopic topic) {
    return topic.id();
  }

  @Override
  public Map<TopicPartition, CommittedOffset> committed(Collection<TopicPartition> partitions) {
    enter();
    try {
      Set<GroupPartition> named = new HashSet<>();
      partitions.forEach(each -> named.add(withId(each)));
      Map<TopicPartition, CommittedOffset> found = new LinkedHashMap<>();
      if (named.isEmpty()) {
        return found;
      }
      Pending<Map<GroupPartition, CommittedOffset>> asked = new Pending<>(wait);
      cluster.loop().execute(() -> session.fetch(named, settings.callTimeoutNanos(), asked));
      asked
          .await(
              cluster.clock(),
              settings.callTimeoutNanos(),
              "what group " + settings.groupId() + " has committed")
          .forEach((partition, offset) -> found.put(partition.partition(), offset));
      return found;
    } finally {
      thread.exit();
    }
  }

  // ---- As without a group ----------------------------------------------------------------------

  @Override
  public Set<TopicPartition> assignment() {
    return reader.assignment();
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    enter();
    try {
      reader.seek(partition, offset);
      consumed.put(partition, new CommittedOffset(offset));
    } finally {
      thread.exit();
    }
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    reader.seekToBeginning(partitions);
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    reader.seekToEnd(partitions);
  }

  @Override
  public long position(TopicPartition partition) {
    return reader.position(partition);
  }

  @Override
  public long position(TopicPartition partition, Duration timeout) {
    return reader.position(partition, timeout);
  }

  @Override
  public void pause(Collection<TopicPartition> partitions) {
    reader.pause(partitions);
  }

  @Override
  public void resume(Collection<TopicPartition> partitions) {
    reader.resume(partitions);
  }

  @Override
  public Set<TopicPartition> paused() {
    return reader.paused();
  }

  @Override
  public OptionalLong currentLag(TopicPartition partition) {
    return reader.currentLag(partition);
  }

  @Override
  public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
    return reader.beginningOffsets(partitions);
  }

  @Override
  public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
    return reader.endOffsets(partitions);
  }

  @Override
  public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    return reader.offsetsForTimes(timestamps);
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    return reader.partitionsFor(topic);
  }

  @Override
  public List<Metric> metrics() {
    return reader.metrics();
  }

  @Override
  public void wakeup() {
    reader.wakeup();
  }

  // ---- The end ---------------------------------------------------------------------------------

  @Override
  public void close() {
    close(Duration.ofNanos(settings.callTimeoutNanos()));
  }

  @Override
  public void close(Duration timeout) {
    long startNanos = now();
    long limitNanos = nanos(timeout);
    thread.enter();
    try {
      if (closed) {
        return;
      }
      closed = true;
      try {
        leaveGroup(false, Math.max(1, limitNanos));
      } finally {
        reader.close(Duration.ofNanos(Math.max(0, limitNanos - (now() - startNanos))));
      }
    } finally {
      thread.exit();
    }
  }

  private void enter() {
    thread.enter();
    if (closed) {
      thread.exit();
      throw new ClosedException("the consumer has been closed");
    }
  }

  private static long nanos(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("time-out " + timeout + " is negative");
    }
    try {
      return timeout.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE; // 292 years
    }
  }
}
