package io.millrace.server.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.Backoff;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is followed over one link, and which of it can be fetched now. A partition is in one {@link
 * Followed.Stage} at a time; whatever cannot be fetched is left out and comes again, and nobody
 * waits for it. Owner: the link's loop.
 */
final class FollowedPartitions {
  private static final Backoff REFUSED = new Backoff(5, 100);
  private static final long RESUME_NANOS = MILLISECONDS.toNanos(5);

  private final EventLoop loop;
  private final LinkContext context;
  private final Runnable whenReady;
  private final Map<PartitionId, Followed> partitions = new LinkedHashMap<>();
  private @Nullable Timer resume;
  private int rotation;

  /**
   * @param whenReady runs on the loop when something may be fetched that could not before
   */
  FollowedPartitions(EventLoop loop, LinkContext context, Runnable whenReady) {
    this.loop = loop;
    this.context = context;
    this.whenReady = whenReady;
  }

  void add(PartitionId id, int leaderEpoch) {
    Followed followed = new Followed(id, leaderEpoch, context.shardOf(id));
    partitions.put(id, followed);
    ask(List.of(followed));
  }

  void remove(PartitionId id) {
    partitions.remove(id);
  }

  void clear() {
    partitions.clear();
    if (resume != null) {
      resume.cancel();
    }
  }

  boolean isEmpty() {
    return partitions.isEmpty();
  }

  /** False of one that is followed in another epoch by now, or not any more. */
  boolean contains(Followed followed) {
    return partitions.get(followed.id) == followed;
  }

  /** Asks their shards where they stand. */
  private void ask(Collection<Followed> whose) {
    Map<Integer, List<Followed>> byShard = new HashMap<>();
    for (Followed followed : whose) {
      followed.stage = Followed.Stage.ASKED;
      byShard.computeIfAbsent(followed.shard, shard -> new ArrayList<>()).add(followed);
    }
    byShard.forEach(
        (shard, asked) ->
            context
                .shard(shard)
                .positions(
                    asked,
                    found ->
                        context.deliver(
                            loop,
                            () -> {
                              take(found);
                              whenReady.run();
                            })));
  }

  /** Where partitions stand now, by their shards. */
  void take(List<FollowerShard.Standing> standings) {
    standings.forEach(this::take);
  }

  private void take(FollowerShard.Standing standing) {
    Followed followed = standing.followed();
    if (!contains(followed)) {
      return;
    }
    FollowerPosition before = followed.position;
    FollowerPosition now = standing.position().orElse(null);
    if (now == null || (followed.wasRefused && now.equals(before))) {
      pause(followed); // asking the same again at once would lead nowhere, quickly
      return;
    }
    followed.position = now;
    followed.stage = Followed.Stage.READY;
    followed.wasRefused = false;
  }

  /** Not able to fetch now, or refused. */
  void pause(Followed followed) {
    followed.stage = Followed.Stage.PAUSED;
    followed.wasRefused = false;
    followed.asked = null;
    followed.failures++;
    long delayNanos =
        MILLISECONDS.toNanos(REFUSED.delayMillis(followed.failures, context.random()));
    followed.pausedUntilNanos = loop.clock().nanoTime() + delayNanos;
    if (resume == null) {
      resume = loop.schedule(RESUME_NANOS, this::resume);
    }
  }

  /** One timer for all that pause: when a leader steps down, all its partitions do. */
  private void resume() {
    resume = null;
    long now = loop.clock().nanoTime();
    List<Followed> due = new ArrayList<>();
    boolean others = false;
    for (Followed followed : partitions.values()) {
      if (followed.stage == Followed.Stage.PAUSED) {
        if (followed.pausedUntilNanos - now <= 0) {
          due.add(followed);
        } else {
          others = true;
        }
      }
    }
    if (others) {
      resume = loop.schedule(RESUME_NANOS, this::resume);
    }
    if (!due.isEmpty()) {
      ask(due);
    }
  }

  /** Those that can be fetched, beginning with another one each time. */
  List<Followed> ready(int most) {
    List<Followed> ready = new ArrayList<>(partitions.size());
    for (Followed followed : partitions.values()) {
      if (followed.stage == Followed.Stage.READY) {
        ready.add(followed);
      }
    }
    int count = ready.size();
    if (count > 1) {
      Collections.rotate(ready, -(rotation++ % count));
    }
    return most > 0 && count > most ? ready.subList(0, most) : ready;
  }

  /** Those among them that stand elsewhere than the leader was told last. */
  List<Followed> readyWithNews(int most) {
    List<Followed> ready = ready(0);
    ready.removeIf(
        followed -> followed.position != null && followed.position.equals(followed.asked));
    return most > 0 && ready.size() > most ? ready.subList(0, most) : ready;
  }

  /** Something will be ready within an instant: it is not worth while to wait without it. */
  boolean isAnyOnItsWay() {
    for (Followed followed : partitions.values()) {
      if (followed.stage == Followed.Stage.ASKED || followed.stage == Followed.Stage.WORKING) {
        return true;
      }
    }
    return false;
  }

  /** Into a fetch. */
  void onSent(FetchRound round) {
    for (Followed followed : round.partitions()) {
      followed.asked = followed.position;
      followed.stage = Followed.Stage.FETCHING;
    }
  }

  /** Out of a fetch that was not answered. */
  void again(FetchRound round) {
    for (Followed followed : round.partitions()) {
      if (contains(followed)) {
        followed.asked = null;
        followed.stage = Followed.Stage.READY;
      }
    }
  }
}
