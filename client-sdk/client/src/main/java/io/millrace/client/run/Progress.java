package io.millrace.client.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.Consumer;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits how far the application has come in each lane: now and then without waiting, one commit
 * at a time, and in the end of a lane waiting for it. On the polling thread.
 */
final class Progress<K, V> {
  private static final Logger log = LoggerFactory.getLogger(Progress.class);

  private final Consumer<K, V> consumer;
  private boolean isUnderWay;

  Progress(Consumer<K, V> consumer) {
    this.consumer = consumer;
  }

  /** What has not been committed yet, unless a commit is under way. */
  void commitSoon(Collection<Lane<K, V>> lanes) {
    if (isUnderWay) {
      return;
    }
    Map<TopicPartition, Lane<K, V>> byPartition = new LinkedHashMap<>();
    Map<TopicPartition, CommittedOffset> news = news(lanes, byPartition);
    if (news.isEmpty()) {
      return;
    }
    isUnderWay = true;
    consumer.commitAsync(
        news,
        (offsets, e) -> {
          isUnderWay = false;
          if (e == null) {
            committed(offsets, byPartition);
          } else {
            log.warn("a commit failed, and is tried again: {}", e.getMessage());
          }
        });
  }

  /** The same at once; a failure is logged: what was handled since the last commit comes again. */
  void commitNow(Collection<Lane<K, V>> lanes) {
    Map<TopicPartition, Lane<K, V>> byPartition = new LinkedHashMap<>();
    Map<TopicPartition, CommittedOffset> news = news(lanes, byPartition);
    if (news.isEmpty()) {
      return;
    }
    try {
      consumer.commitSync(news);
      committed(news, byPartition);
    } catch (MillraceException e) {
      log.warn(
          "{} cannot be committed: what was handled since the last commit comes again", news, e);
    }
  }

  private Map<TopicPartition, CommittedOffset> news(
      Collection<Lane<K, V>> lanes, Map<TopicPartition, Lane<K, V>> byPartition) {
    Map<TopicPartition, CommittedOffset> news = new LinkedHashMap<>();
    for (Lane<K, V> lane : lanes) {
      settleBeginning(lane);
      CommittedOffset now = lane.progress();
      if (now != null && !isCommitted(lane, now)) {
        news.put(lane.partition(), now);
        byPartition.put(lane.partition(), lane);
      }
    }
    return news;
  }

  private static boolean isCommitted(Lane<?, ?> lane, CommittedOffset now) {
    @Nullable CommittedOffset before = lane.committed();
    return before != null && before.offset() >= now.offset();
  }

  /**
   * A group that begins at the end begins there, also when this member dies before the first record
   * comes.
   */
  private void settleBeginning(Lane<K, V> lane) {
    if (lane.progress() == null && !lane.isCancelled()) {
      try {
        lane.beginAt(consumer.position(lane.partition(), Duration.ZERO));
      } catch (TimedOutException e) {
        log.trace("it is not known yet where {} begins", lane.partition(), e);
      } catch (MillraceException e) {
        log.debug("nobody knows where {} begins; polls tell of it", lane.partition(), e);
      }
    }
  }

  private void committed(
      Map<TopicPartition, CommittedOffset> offsets, Map<TopicPartition, Lane<K, V>> byPartition) {
    offsets.forEach(
        (partition, offset) -> {
          Lane<K, V> lane = byPartition.get(partition);
          if (lane != null) {
            lane.setCommitted(offset);
          }
        });
  }
}
