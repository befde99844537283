package io.millrace.client.group;

import io.millrace.client.CommitCallback;
import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.Metric;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.PartitionInfo;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.TopicPattern;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.GroupCall;
import io.millrace.client.consumer.BlockingConsumer;
import io.millrace.client.consumer.PollWait;
import io.millrace.client.consumer.SingleThread;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer with a group: reads what the group gives it, and says how far it has come. What comes
 * and goes does so in {@link #poll}, on the application's thread ({@link GroupShare}); the
 * membership itself lives on the client's loop ({@link GroupSession}), however long the application
 * works on its records.
 */
public final class GroupConsumer<K, V> implements Consumer<K, V> {
  private static final Logger log = LoggerFactory.getLogger(GroupConsumer.class);
  private static final RebalanceListener NOBODY = new RebalanceListener() {};

  private final BlockingConsumer<K, V> reader;
  private final LoopAsk loop;
  private final GroupSettings settings;
  private final GroupSession session;
  private final OffsetCommits commits;
  private final GroupShare share;
  private final SingleThread thread = new SingleThread();

  private Wanted wanted = Wanted.NOTHING;
  private RebalanceListener listener = NOBODY;
  private boolean closing;
  private boolean closed;

  /**
   * Over a consumer and its cluster, which nobody else uses.
   *
   * @param mayAutoCommit false: nothing is committed but what is asked for, whatever the settings
   *     say
   * @param wait the reader's
   */
  public GroupConsumer(
      ConsumerSettings settings,
      boolean mayAutoCommit,
      Cluster cluster,
      PollWait wait,
      BlockingConsumer<K, V> reader) {
    this.reader = reader;
    this.loop = new LoopAsk(cluster, wait);
    this.settings = GroupSettings.of(settings);
    GroupCall.Place place = new GroupCall.Place(this.settings.groupId());
    this.session = new GroupSession(cluster, this.settings, place, reader::cutWaiting);
    this.commits =
        new OffsetCommits(
            loop,
            new GroupOffsets(cluster, this.settings.groupId(), place, session::stamp),
            this.settings,
            new OffsetCommits.AutoCommit(
                mayAutoCommit && settings.autoCommit(), settings.autoCommitInterval().toNanos()),
            reader::cutWaiting);
    this.share = new GroupShare(loop, session, reader, commits, this.settings.callTimeoutNanos());
  }

  // ---- What is read ----------------------------------------------------------------------------

  @Override
  public void subscribe(Collection<String> names) {
    subscribe(names, NOBODY);
  }

  @Override
  public void subscribe(Collection<String> names, RebalanceListener hears) {
    subscribe(Wanted.topics(new LinkedHashSet<>(names)), hears);
  }

  @Override
  public void subscribeToPatterns(Collection<TopicPattern> patterns, RebalanceListener hears) {
    subscribe(Wanted.patterns(List.copyOf(patterns)), hears);
  }

  private void subscribe(Wanted now, RebalanceListener hears) {
    if (now.isNothing()) {
      unsubscribe();
      return;
    }
    enterToChange("subscribe");
    try {
      if (wanted.isNothing() && !reader.assignment().isEmpty()) {
        throw new IllegalStateException("partitions are assigned by hand; unsubscribe() first");
      }
      wanted = now;
      listener = hears;
      loop.tell(() -> session.subscribe(now));
    } finally {
      thread.exit();
    }
  }

  @Override
  public Set<String> subscription() {
    enter();
    try {
      return new LinkedHashSet<>(wanted.topics());
    } finally {
      thread.exit();
    }
  }

  @Override
  public void unsubscribe() {
    enterToChange("unsubscribe");
    try {
      Faults faults = new Faults();
      leaveGroup(true, settings.callTimeoutNanos(), faults);
      reader.assign(List.of());
      faults.rethrow();
    } finally {
      thread.exit();
    }
  }

  /** Lets go of everything, having committed what was read where that is done by itself. */
  private void leaveGroup(boolean forGood, long timeoutNanos, Faults faults) {
    long startNanos = loop.nowNanos();
    if (wanted.isNothing()) {
      return;
    }
    share.letGoOfAll(listener, timeoutNanos, faults);
    wanted = Wanted.NOTHING;
    listener = NOBODY;
    long leftNanos = Math.max(1, timeoutNanos - (loop.nowNanos() - startNanos));
    faults.run(
        () -> {
          try {
            loop.<Boolean>ask(
                "leaving the group", leftNanos, done -> session.leave(forGood, leftNanos, done));
          } catch (TimedOutException e) {
            log.info("nobody has heard that this member of {} leaves", settings.groupId());
          }
        });
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    enterToChange("assign");
    try {
      if (!wanted.isNothing()) {
        throw new IllegalStateException("subscribed to " + wanted + "; unsubscribe() first");
      }
      commits.forgetAll();
      reader.assign(partitions);
    } finally {
      thread.exit();
    }
  }

  // ---- Reading ---------------------------------------------------------------------------------

  @Override
  public ConsumerRecords<K, V> poll(Duration timeout) {
    long limitNanos = nanos(timeout);
    enterToChange("poll");
    try {
      if (wanted.isNothing()) {
        commits.runCallbacks();
        ConsumerRecords<K, V> records = reader.poll(timeout);
        commits.note(records);
        return records;
      }
      return pollShare(limitNanos);
    } finally {
      thread.exit();
    }
  }

  private ConsumerRecords<K, V> pollShare(long limitNanos) {
    long startNanos = loop.nowNanos();
    // Whoever waits in here for long is alive all the same.
    long signOfLifeNanos = TimeUnit.MILLISECONDS.toNanos(settings.pollLimitMillis()) / 3;
    while (true) {
      loop.tell(session::polled);
      commits.runCallbacks();
      if (session.hasNews()) {
        Optional<MillraceException> end = share.follow(listener);
        if (end.isPresent()) {
          wanted = Wanted.NOTHING;
          throw end.get();
        }
      }
      commits.settleBeginnings(reader::position);
      commits.commitNowAndThen();
      long leftNanos = Math.max(0, limitNanos - (loop.nowNanos() - startNanos));
      ConsumerRecords<K, V> records = reader.pollUntilCut(Math.min(leftNanos, signOfLifeNanos));
      if (!records.isEmpty() || (leftNanos <= 0 && !session.hasNews())) {
        commits.note(records);
        return records;
      }
    }
  }

  // ---- Committing ------------------------------------------------------------------------------

  @Override
  public void commitSync() {
    enter();
    try {
      commits.commitAndWait(commits.consumed(), settings.callTimeoutNanos());
    } finally {
      thread.exit();
    }
  }

  @Override
  public void commitSync(Map<TopicPartition, CommittedOffset> offsets) {
    enter();
    try {
      commits.commitAndWait(new LinkedHashMap<>(offsets), settings.callTimeoutNanos());
    } finally {
      thread.exit();
    }
  }

  @Override
  public void commitAsync(CommitCallback callback) {
    enter();
    try {
      commits.commitAsync(commits.consumed(), callback);
    } finally {
      thread.exit();
    }
  }

  @Override
  public void commitAsync(Map<TopicPartition, CommittedOffset> offsets, CommitCallback callback) {
    Map<TopicPartition, CommittedOffset> wantedOffsets =
        Collections.unmodifiableMap(new LinkedHashMap<>(offsets));
    enter();
    try {
      commits.commitAsync(wantedOffsets, callback);
    } finally {
      thread.exit();
    }
  }

  @Override
  public Map<TopicPartition, CommittedOffset> committed(Collection<TopicPartition> partitions) {
    enter();
    try {
      return commits.committed(partitions);
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
      commits.sought(partition, offset);
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
    long startNanos = loop.nowNanos();
    long limitNanos = nanos(timeout);
    thread.enter();
    try {
      if (closed || closing) {
        return;
      }
      refuseWithinListener("close");
      closing = true; // the listener may still commit
      Faults faults = new Faults();
      leaveGroup(false, Math.max(1, limitNanos), faults);
      faults.run(() -> commits.awaitCallbacks(limitNanos - (loop.nowNanos() - startNanos)));
      closed = true;
      reader.close(Duration.ofNanos(Math.max(0, limitNanos - (loop.nowNanos() - startNanos))));
      faults.rethrow();
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

  /** What changes the share may not be called while it is changing. */
  private void enterToChange(String call) {
    enter();
    try {
      refuseWithinListener(call);
    } catch (IllegalStateException e) {
      thread.exit();
      throw e;
    }
  }

  private void refuseWithinListener(String call) {
    if (share.isTelling()) {
      throw new IllegalStateException(call + " may not be called by a rebalance listener");
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
