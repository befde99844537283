package io.millrace.server.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.Backoff;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is followed over one link, and what the leader is to be told of it. A partition is in one
 * {@link Followed.Stage} at a time; most of them stand with the leader, and cost nothing. Whatever
 * cannot be fetched is left out and comes again, and nobody waits for it. Owner: the link's loop.
 */
final class FollowedPartitions {
  private static final Backoff REFUSED = new Backoff(5, 100);
  private static final long RESUME_NANOS = MILLISECONDS.toNanos(5);

  private final EventLoop loop;
  private final LinkContext context;
  private final Runnable whenReady;
  private final Map<PartitionId, Followed> partitions = new LinkedHashMap<>();
  private final Set<Followed> ready = new LinkedHashSet<>();
  private final Set<Followed> paused = new LinkedHashSet<>();
  private final Set<Followed> flushed = new LinkedHashSet<>();
  private final Map<PartitionId, Integer> dropped = new LinkedHashMap<>();

  /** What the leader may answer about, since it was named over this connection. */
  private final Set<PartitionId> named = new HashSet<>();

  /** Partitions whose shards have been asked where they stand. */
  private int asked;

  /** Partitions whose logs have an answer to take in. */
  private int working;

  private @Nullable Timer resume;

  /**
   * @param whenReady runs on the loop when something may be fetched that could not before
   */
  FollowedPartitions(EventLoop loop, LinkContext context, Runnable whenReady) {
    this.loop = loop;
    this.context = context;
    this.whenReady = whenReady;
  }

  void add(PartitionId id, int leaderEpoch) {
    remove(id);
    Followed followed = new Followed(id, leaderEpoch, context.shardOf(id));
    partitions.put(id, followed);
    ask(List.of(followed));
  }

  void remove(PartitionId id) {
    Followed gone = partitions.remove(id);
    if (gone != null) {
      if (gone.stage == Followed.Stage.STANDING) {
        dropped.put(id, gone.leaderEpoch);
      }
      leave(gone);
    }
  }

  void clear() {
    List.copyOf(partitions.keySet()).forEach(this::remove);
    dropped.clear();
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

  /** Null of one that is not followed any more. */
  @Nullable Followed find(PartitionId id) {
    return partitions.get(id);
  }

  /** Whether an answer may be about that one. */
  boolean wasNamed(PartitionId id) {
    return named.contains(id);
  }

  private void enter(Followed followed, Followed.Stage stage) {
    leave(followed);
    followed.stage = stage;
    switch (stage) {
      case ASKED -> asked++;
      case READY -> ready.add(followed);
      case PAUSED -> paused.add(followed);
      case WORKING -> working++;
      case STANDING -> {}
    }
  }

  private void leave(Followed followed) {
    switch (followed.stage) {
      case ASKED -> asked--;
      case READY -> ready.remove(followed);
      case PAUSED -> paused.remove(followed);
      case STANDING -> flushed.remove(followed);
      case WORKING -> working--;
    }
  }

  /** Asks their shards where they stand. */
  private void ask(Collection<Followed> whose) {
    Map<Integer, List<Followed>> byShard = new HashMap<>();
    for (Followed followed : whose) {
      enter(followed, Followed.Stage.ASKED);
      byShard.computeIfAbsent(followed.shard, shard -> new ArrayList<>()).add(followed);
    }
    byShard.forEach(
        (shard, its) ->
            context
                .shard(shard)
                .positions(
                    its,
                    found ->
                        context.deliver(
                            loop,
                            () -> {
                              take(found);
                              whenReady.run();
                            }),
                    (followed, offset) ->
                        context.deliver(loop, () -> onFlushed(followed, offset))));
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
    if (now == null || (followed.mustMove && isSamePlace(before, now))) {
      pause(followed); // asking the same again at once would lead nowhere, quickly
      return;
    }
    followed.position = now;
    followed.mustMove = false;
    enter(followed, Followed.Stage.READY);
  }

  private static boolean isSamePlace(@Nullable FollowerPosition before, FollowerPosition now) {
    return before != null
        && before.offset() == now.offset()
        && before.lastEpoch() == now.lastEpoch()
        && before.hasNoRoom() == now.hasNoRoom(); // that is news, and nobody should wait for us
  }

  /** More is on this replica's disk: the leader is told with the next fetch, whenever that is. */
  private void onFlushed(Followed followed, long offset) {
    FollowerPosition position = followed.position;
    if (position == null || !contains(followed)) {
      return;
    }
    long upTo = Math.min(offset, position.offset());
    if (followed.stage == Followed.Stage.READY) {
      followed.position = position.flushedTo(upTo);
    } else if (followed.stage == Followed.Stage.STANDING && upTo > followed.toldFlushed) {
      followed.toldFlushed = upTo;
      flushed.add(followed);
    }
  }

  /** An answer has something for its log. */
  void onWorking(Followed followed, boolean isRefusal) {
    followed.mustMove = true;
    followed.failures = isRefusal ? followed.failures : 0;
    enter(followed, Followed.Stage.WORKING);
  }

  /** Not able to fetch now, or refused. */
  void pause(Followed followed) {
    enter(followed, Followed.Stage.PAUSED);
    followed.mustMove = false;
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
    for (Followed followed : paused) {
      if (followed.pausedUntilNanos - now <= 0) {
        due.add(followed);
      }
    }
    if (due.size() < paused.size()) {
      resume = loop.schedule(RESUME_NANOS, this::resume);
    }
    if (!due.isEmpty()) {
      ask(due);
    }
  }

  /** Something will be ready within an instant: it is not worth while to wait without it. */
  boolean isAnyAsked() {
    return asked > 0;
  }

  boolean isAnyAtWork() {
    return working > 0;
  }

  /** There is something that the leader should know at once. */
  boolean hasNews() {
    return !ready.isEmpty() || !dropped.isEmpty();
  }

  /**
   * What the next fetch tells, which is then as told.
   *
   * @param begins over this connection nothing has been told that counts
   * @param most how many a request may name, 0 for any number
   */
  FetchRound next(boolean begins, int most) {
    if (begins) {
      dropped.clear();
      flushed.clear();
      named.clear();
    }
    List<Followed> first = firstOf(ready, most);
    for (Followed followed : first) {
      FollowerPosition position = followed.position;
      followed.toldFlushed = position == null ? 0 : position.flushedOffset();
      enter(followed, Followed.Stage.STANDING);
      named.add(followed.id);
    }
    List<FetchRound.Dropped> gone = new ArrayList<>();
    int room = most > 0 ? most : Integer.MAX_VALUE;
    for (Iterator<Map.Entry<PartitionId, Integer>> all = dropped.entrySet().iterator();
        all.hasNext() && gone.size() < room; ) {
      Map.Entry<PartitionId, Integer> each = all.next();
      gone.add(new FetchRound.Dropped(each.getKey(), each.getValue()));
      all.remove();
    }
    List<Followed> onDisk = firstOf(flushed, room - gone.size());
    onDisk.forEach(flushed::remove);
    return new FetchRound(begins, first, gone, onDisk);
  }

  private static List<Followed> firstOf(Set<Followed> all, int most) {
    List<Followed> first = new ArrayList<>(all.size());
    for (Followed each : all) {
      if (first.size() == most && most > 0) {
        break;
      }
      first.add(each);
    }
    return first;
  }

  /** The leader may know nothing any more: whatever it was told is told again. */
  void beginAgain() {
    for (Followed followed : partitions.values()) {
      if (followed.stage == Followed.Stage.STANDING) {
        enter(followed, Followed.Stage.READY);
      }
    }
  }

  /** Nothing can be fetched at the moment. */
  void pauseReady() {
    List.copyOf(ready).forEach(this::pause);
  }
}
