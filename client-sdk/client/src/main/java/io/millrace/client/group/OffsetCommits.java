package io.millrace.client.group;

import io.millrace.client.CommitCallback;
import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the application has come with what polls have returned, and what of it was committed. On
 * the polling thread, but for the callbacks' queue.
 */
final class OffsetCommits {
  private static final Logger log = LoggerFactory.getLogger(OffsetCommits.class);

  /** What the loop limits by itself has so long more to say that it did. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LoopAsk loop;
  private final GroupOffsets offsets;
  private final GroupSettings settings;
  private final AutoCommit auto;
  private final Runnable cutWaiting;

  /** Of partitions that the group has given; empty while the application assigns by hand. */
  private final Map<TopicPartition, GroupPartition> mine = new LinkedHashMap<>();

  private final Map<TopicPartition, CommittedOffset> consumed = new HashMap<>();
  private final Map<TopicPartition, CommittedOffset> lastCommitted = new HashMap<>();

  /** Where the group has committed nothing, and it is not known yet where reading begins. */
  private final Set<TopicPartition> unsettled = new HashSet<>();

  private final Queue<Runnable> callbacks = new ConcurrentLinkedQueue<>();
  private int callbacksDue;
  private long committedNanos;

  /**
   * Whether what earlier polls have returned is committed by itself, and how often.
   *
   * @param isOn else only what the application asks for
   */
  record AutoCommit(boolean isOn, long intervalNanos) {}

  /**
   * @param cutWaiting ends a poll that waits, so that callbacks are called; any thread
   */
  OffsetCommits(
      LoopAsk loop,
      GroupOffsets offsets,
      GroupSettings settings,
      AutoCommit auto,
      Runnable cutWaiting) {
    this.loop = loop;
    this.offsets = offsets;
    this.settings = settings;
    this.auto = auto;
    this.cutWaiting = cutWaiting;
    this.committedNanos = loop.nowNanos();
  }

  // ---- What is read ----------------------------------------------------------------------------

  /** The group has given it; it is read from there, or from where the settings say. */
  void begin(GroupPartition partition, @Nullable CommittedOffset committed) {
    mine.put(partition.partition(), partition);
    if (committed != null) {
      lastCommitted.put(partition.partition(), committed);
    } else if (auto.isOn()) {
      unsettled.add(partition.partition());
    }
  }

  /** What the group has given, in the order in which it came. */
  Map<TopicPartition, GroupPartition> mine() {
    return mine;
  }

  /** A poll returns these. */
  void note(ConsumerRecords<?, ?> records) {
    for (TopicPartition partition : records.partitions()) {
      List<? extends ConsumerRecord<?, ?>> some = records.records(partition);
      ConsumerRecord<?, ?> last = some.get(some.size() - 1);
      consumed.put(partition, new CommittedOffset(last.offset() + 1, last.leaderEpoch(), ""));
    }
  }

  void sought(TopicPartition partition, long offset) {
    consumed.put(partition, new CommittedOffset(offset));
  }

  /** Not this consumer's any more. */
  void forget(Collection<TopicPartition> partitions) {
    for (TopicPartition each : List.copyOf(partitions)) {
      mine.remove(each);
      consumed.remove(each);
      lastCommitted.remove(each);
      unsettled.remove(each);
    }
  }

  void forgetAll() {
    mine.clear();
    consumed.clear();
    lastCommitted.clear();
    unsettled.clear();
  }

  /**
   * Where the group begins is committed, too: or else, if it begins at the end, whoever takes over
   * before anything was read would begin at a later end. Does not wait for it to be known.
   *
   * @param position waits so long for a partition's position
   */
  void settleBeginnings(BiFunction<TopicPartition, Duration, Long> position) {
    for (TopicPartition each : List.copyOf(unsettled)) {
      if (consumed.containsKey(each)) {
        unsettled.remove(each);
        continue;
      }
      try {
        long begins = position.apply(each, Duration.ZERO);
        consumed.put(each, new CommittedOffset(begins));
        unsettled.remove(each);
        committedNanos = loop.nowNanos() - auto.intervalNanos(); // soon
      } catch (TimedOutException e) {
        log.trace("it is not known yet where {} begins", each, e); // asked again with the next poll
      } catch (MillraceException e) {
        log.debug("nobody knows where {} begins; polls tell of it", each, e);
        unsettled.remove(each);
      }
    }
  }

  // ---- By itself -------------------------------------------------------------------------------

  /** What earlier polls have returned: the application has come back for more. */
  void commitNowAndThen() {
    if (!auto.isOn() || loop.nowNanos() - committedNanos < auto.intervalNanos()) {
      return;
    }
    committedNanos = loop.nowNanos();
    Map<TopicPartition, CommittedOffset> news = uncommitted();
    if (!news.isEmpty()) {
      commitAsync(
          news,
          (which, e) -> {
            if (e != null) {
              log.warn("group {}: a commit failed: {}", settings.groupId(), e.getMessage());
            }
          });
    }
  }

  private Map<TopicPartition, CommittedOffset> uncommitted() {
    Map<TopicPartition, CommittedOffset> news = new HashMap<>(consumed);
    news.entrySet().removeIf(each -> each.getValue().equals(lastCommitted.get(each.getKey())));
    return news;
  }

  /** Of partitions that go; a failure is logged: the next reader gets again what was read. */
  void commitBeforeLeaving(Collection<TopicPartition> partitions, long timeoutNanos) {
    Map<TopicPartition, CommittedOffset> news = uncommitted();
    news.keySet().retainAll(partitions);
    if (!auto.isOn() || news.isEmpty()) {
      return;
    }
    try {
      commitAndWait(news, timeoutNanos);
    } catch (MillraceException e) {
      log.warn("group {}: what was read could not be committed", settings.groupId(), e);
    }
  }

  // ---- When the application says so ------------------------------------------------------------

  /** Where the application has come to. */
  Map<TopicPartition, CommittedOffset> consumed() {
    return new LinkedHashMap<>(consumed);
  }

  void commitAndWait(Map<TopicPartition, CommittedOffset> wanted, long timeoutNanos) {
    if (wanted.isEmpty()) {
      return;
    }
    Map<GroupPartition, CommittedOffset> named = withIds(wanted);
    loop.<Boolean>ask(
        "the commit",
        timeoutNanos + GRACE_NANOS,
        done -> offsets.commit(named, timeoutNanos, done));
    lastCommitted.putAll(wanted);
  }

  void commitAsync(Map<TopicPartition, CommittedOffset> wanted, CommitCallback callback) {
    Map<GroupPartition, CommittedOffset> named = withIds(wanted);
    callbacksDue++;
    loop.tell(
        () ->
            offsets.commit(
                named,
                settings.callTimeoutNanos(),
                (done, e) -> {
                  callbacks.add(() -> ended(wanted, e, callback));
                  cutWaiting.run();
                }));
  }

  private void ended(
      Map<TopicPartition, CommittedOffset> wanted,
      @Nullable MillraceException e,
      CommitCallback callback) {
    callbacksDue--;
    if (e == null) {
      wanted.forEach(
          (partition, offset) -> {
            if (mine.isEmpty() || mine.containsKey(partition)) {
              lastCommitted.put(partition, offset);
            }
          });
    }
    callback.onCommitted(wanted, e);
  }

  /** Of commits that have ended. */
  void runCallbacks() {
    for (Runnable next = callbacks.poll(); next != null; next = callbacks.poll()) {
      next.run();
    }
  }

  /** Waits for commits under way; on an interrupted thread does not. */
  void awaitCallbacks(long timeoutNanos) {
    long startNanos = loop.nowNanos();
    runCallbacks();
    while (callbacksDue > 0) {
      long leftNanos = timeoutNanos - (loop.nowNanos() - startNanos);
      if (leftNanos <= 0) {
        return;
      }
      try {
        loop.sleep().await(leftNanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      runCallbacks();
    }
  }

  // ---- What is known of the group --------------------------------------------------------------

  Map<GroupPartition, CommittedOffset> fetch(Set<GroupPartition> partitions) {
    return loop.ask(
        "where group " + settings.groupId() + " is",
        settings.callTimeoutNanos(),
        done -> offsets.fetch(partitions, settings.callTimeoutNanos(), done));
  }

  Map<TopicPartition, CommittedOffset> committed(Collection<TopicPartition> partitions) {
    Set<GroupPartition> named = new HashSet<>();
    partitions.forEach(each -> named.add(withId(each)));
    Map<TopicPartition, CommittedOffset> found = new LinkedHashMap<>();
    if (!named.isEmpty()) {
      fetch(named).forEach((partition, offset) -> found.put(partition.partition(), offset));
    }
    return found;
  }

  /** Of partitions that the group has not given, the topics have to be asked for. */
  private Map<GroupPartition, CommittedOffset> withIds(
      Map<TopicPartition, CommittedOffset> wanted) {
    Map<GroupPartition, CommittedOffset> named = new LinkedHashMap<>();
    wanted.forEach((partition, offset) -> named.put(withId(partition), offset));
    return named;
  }

  private GroupPartition withId(TopicPartition partition) {
    GroupPartition known = mine.get(partition);
    if (known != null) {
      return known;
    }
    String id =
        loop.ask(
            "topic " + partition.topic(),
            settings.callTimeoutNanos(),
            done ->
                loop.cluster()
                    .lookup(
                        partition.topic(),
                        (topic, e) -> done.done(topic == null ? null : id(topic), e)));
    return new GroupPartition(id, partition);
  }

  private static String id(KnownTopic topic) {
    return topic.id();
  }
}
