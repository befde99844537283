package io.millrace.server.replica;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * "In-sync changes" of the coordination document, said again without regard to cost: it keeps all
 * that has happened, and works everything out from the beginning whenever it is asked.
 */
final class NaiveLeader {
  /** What can happen to a leader. */
  sealed interface Event {
    record Appended(long end) implements Event {}

    record Flushed(long end) implements Event {}

    record Fetched(int broker, int life, long offset, long flushed) implements Event {}

    record Brokers(Map<Integer, Integer> live) implements Event {}

    record LeaveAsked(int broker, int life) implements Event {}

    record Sent(SetsChange change) implements Event {}

    /** Somebody has read the node. */
    record Seen(PartitionState node) implements Event {}

    /** The change was certainly not written. */
    record Refused() implements Event {}

    /** Its outcome cannot be told. */
    record Unknown() implements Event {}

    /** Nothing but that time has passed and the leader is asked what it wants. */
    record Asked() implements Event {}
  }

  private record Happened(Event event, long atNanos) {}

  /** What is wanted of the sets, without its reasons. */
  record Wanted(
      Set<Integer> inSync, Set<Integer> eligible, boolean soleFlushed, Map<Integer, Integer> in) {}

  /** Everything that can be said after the last event. */
  private static final class Now {
    long nanos;
    long logEnd;
    long flushedEnd;
    long highWatermark;
    long standardEnd;
    long syncedEnd;
    PartitionState node;
    Optional<SetsChange> pending = Optional.empty();
    Map<Integer, Integer> live = new HashMap<>();
    final Map<Integer, Event.Fetched> fetched = new HashMap<>();
    final Map<Integer, Long> fetchedNanos = new HashMap<>();
    final Map<Integer, Long> endWhenFetched = new HashMap<>();
    final Map<Integer, Long> caughtUpNanos = new HashMap<>();
    final Map<Integer, Integer> leaving = new HashMap<>();

    Now(PartitionState node) {
      this.node = node;
    }

    long offset(int broker) {
      Event.Fetched last = fetched.get(broker);
      return last == null ? -1 : last.offset();
    }

    /** Of one that has fetched. */
    Event.Fetched last(int broker) {
      return Objects.requireNonNull(fetched.get(broker));
    }
  }

  private final int self;
  private final PartitionState elected;
  private final LeaderReplica.Settings settings;
  private final LeaderReplica.Log log;
  private final Map<Integer, Integer> live;
  private final List<Happened> history = new ArrayList<>();
  private final long beganNanos;

  NaiveLeader(
      int self,
      PartitionState elected,
      LeaderReplica.Settings settings,
      LeaderReplica.Log log,
      Map<Integer, Integer> live,
      long beganNanos) {
    this.self = self;
    this.elected = elected;
    this.settings = settings;
    this.log = log;
    this.live = Map.copyOf(live);
    this.beganNanos = beganNanos;
  }

  void happened(Event event, long atNanos) {
    history.add(new Happened(event, atNanos));
  }

  long highWatermark() {
    return replay().highWatermark;
  }

  long committedEnd(Level level) {
    Now now = replay();
    return level == Level.SYNCED ? now.syncedEnd : now.standardEnd;
  }

  Optional<Wanted> wanted() {
    Now now = replay();
    Set<Integer> leave = new TreeSet<>();
    Map<Integer, Integer> join = new TreeMap<>();
    for (int broker : others(now)) {
      boolean asked = hasAskedToLeave(now, broker);
      if (now.node.inSync().contains(broker)) {
        boolean lags =
            now.offset(broker) < now.logEnd
                && now.nanos - at(now.caughtUpNanos, broker) >= settings.lagNanos();
        boolean lost = now.offset(broker) >= 0 && now.offset(broker) < now.highWatermark;
        if (asked || !now.live.containsKey(broker) || lost || lags) {
          leave.add(broker);
        }
      } else if (isJoiner(now, broker)
          && joinsBy(now, broker) >= now.highWatermark
          && joinsBy(now, broker) >= log.epochStart()) {
        join.put(broker, now.last(broker).life());
      }
    }
    Set<Integer> inSync = new HashSet<>(now.node.inSync());
    inSync.removeAll(leave);
    inSync.addAll(join.keySet());
    Set<Integer> eligible = new HashSet<>();
    if (inSync.size() < settings.minInSync()) {
      eligible.addAll(now.node.eligible());
      eligible.addAll(leave);
      eligible.removeAll(inSync);
    }
    boolean same = inSync.equals(Set.copyOf(now.node.inSync()));
    boolean sole = inSync.equals(Set.of(self)) || (same && now.node.soleFlushed());
    if (same
        && eligible.equals(Set.copyOf(now.node.eligible()))
        && sole == now.node.soleFlushed()) {
      return Optional.empty();
    }
    return Optional.of(new Wanted(inSync, eligible, sole, join));
  }

  /** Before a write that leaves it alone, all that was shown or may have been must be on disk. */
  boolean mustFlushFirst(Wanted wanted) {
    Now now = replay();
    long shown = settings.level() == Level.LEADER ? now.standardEnd : now.highWatermark;
    return wanted.inSync().equals(Set.of(self))
        && now.flushedEnd < Math.max(shown, log.epochStart());
  }

  private Now replay() {
    Now now = new Now(elected);
    now.nanos = beganNanos;
    now.logEnd = log.end();
    now.flushedEnd = log.flushedEnd();
    now.highWatermark = log.highWatermark();
    now.standardEnd = Math.min(log.highWatermark(), log.epochStart());
    now.live = live;
    for (int broker : others(now)) {
      now.caughtUpNanos.put(broker, beganNanos);
      now.fetchedNanos.put(broker, beganNanos);
      now.endWhenFetched.put(broker, Long.MAX_VALUE);
    }
    commit(now);
    for (Happened each : history) {
      if (apply(now, each.event(), each.atNanos())) {
        commit(now);
      }
    }
    return now;
  }

  /** Returns whether it is an occasion to look at what is committed. */
  private boolean apply(Now now, Event event, long atNanos) {
    boolean tellsTheTime =
        !(event instanceof Event.Appended)
            && !(event instanceof Event.Flushed)
            && !(event instanceof Event.LeaveAsked);
    if (tellsTheTime) {
      now.nanos = atNanos;
    }
    if (event instanceof Event.Appended appended) {
      now.logEnd = appended.end();
    } else if (event instanceof Event.Flushed flushed) {
      now.flushedEnd = Math.max(now.flushedEnd, Math.min(flushed.end(), now.logEnd));
    } else if (event instanceof Event.Fetched fetch) {
      return fetch(now, fetch, atNanos);
    } else if (event instanceof Event.Brokers brokers) {
      now.live = brokers.live();
    } else if (event instanceof Event.LeaveAsked asked) {
      now.leaving.merge(asked.broker(), asked.life(), Math::max);
    } else if (event instanceof Event.Sent sent) {
      now.pending = Optional.of(sent.change());
    } else if (event instanceof Event.Seen seen && seen.node().version() > now.node.version()) {
      now.node = seen.node();
      now.pending = now.pending.filter(change -> seen.node().version() <= change.expectedVersion());
    } else if (event instanceof Event.Refused) {
      now.pending = Optional.empty();
    } else if (event instanceof Event.Asked) {
      for (int broker : others(now)) {
        if (now.offset(broker) >= now.logEnd) {
          now.caughtUpNanos.put(broker, atNanos);
        }
      }
    }
    return !(event instanceof Event.LeaveAsked) && !(event instanceof Event.Unknown);
  }

  private static boolean fetch(Now now, Event.Fetched fetch, long atNanos) {
    Event.Fetched before = now.fetched.get(fetch.broker());
    if (fetch.offset() > now.logEnd || (before != null && fetch.life() < before.life())) {
      return false;
    }
    boolean sameLife = before != null && before.life() == fetch.life();
    if (fetch.offset() >= now.logEnd) {
      now.caughtUpNanos.put(fetch.broker(), atNanos);
    } else if (sameLife && fetch.offset() >= at(now.endWhenFetched, fetch.broker())) {
      now.caughtUpNanos.put(fetch.broker(), at(now.fetchedNanos, fetch.broker()));
    }
    now.fetched.put(fetch.broker(), fetch);
    now.fetchedNanos.put(fetch.broker(), atNanos);
    now.endWhenFetched.put(fetch.broker(), now.logEnd);
    return true;
  }

  /** Set by set, member by member. */
  private void commit(Now now) {
    List<Set<Integer>> mayStand = new ArrayList<>();
    mayStand.add(Set.copyOf(now.node.inSync()));
    now.pending.ifPresent(change -> mayStand.add(Set.copyOf(change.inSync())));
    boolean mayBeEligible =
        !now.node.eligible().isEmpty()
            || now.pending.filter(change -> !change.eligible().isEmpty()).isPresent();
    if (mayBeEligible || mayStand.stream().anyMatch(set -> set.size() < settings.minInSync())) {
      return;
    }
    long held = Long.MAX_VALUE;
    long onDisk = Long.MAX_VALUE;
    long alone = Long.MAX_VALUE;
    for (Set<Integer> set : mayStand) {
      for (int member : set) {
        if (member != self && now.offset(member) < 0) {
          return;
        }
        long holds = member == self ? now.logEnd : now.offset(member);
        held = Math.min(held, holds);
        onDisk =
            Math.min(
                onDisk,
                member == self ? now.flushedEnd : Math.min(holds, now.last(member).flushed()));
      }
      if (set.size() == 1) {
        alone = now.flushedEnd;
      }
    }
    onDisk = Math.min(onDisk, held);
    long standard = Math.min(held, alone);
    long visible =
        switch (settings.level()) {
          case LEADER -> held;
          case STANDARD -> standard;
          case SYNCED -> onDisk;
        };
    Set<Integer> counted = new HashSet<>();
    mayStand.forEach(counted::addAll);
    for (int broker : others(now)) {
      boolean isNear =
          now.offset(broker) >= now.logEnd
              || now.nanos - at(now.caughtUpNanos, broker) < settings.lagNanos();
      boolean isHeard =
          now.nanos - at(now.fetchedNanos, broker) < LeaderReplica.JOINER_PATIENCE_NANOS;
      if (!counted.contains(broker) && isJoiner(now, broker) && isNear && isHeard) {
        visible = Math.min(visible, joinsBy(now, broker));
      }
    }
    now.highWatermark = Math.max(now.highWatermark, visible);
    now.standardEnd = Math.max(now.standardEnd, Math.min(standard, now.highWatermark));
    now.syncedEnd = Math.max(now.syncedEnd, Math.min(onDisk, now.highWatermark));
  }

  private boolean isJoiner(Now now, int broker) {
    Event.Fetched last = now.fetched.get(broker);
    return last != null
        && Integer.valueOf(last.life()).equals(now.live.get(broker))
        && !hasAskedToLeave(now, broker);
  }

  private static boolean hasAskedToLeave(Now now, int broker) {
    Integer asked = now.leaving.get(broker);
    Event.Fetched last = now.fetched.get(broker);
    return asked != null && (last == null || asked >= last.life());
  }

  private long joinsBy(Now now, int broker) {
    Event.Fetched last = now.last(broker);
    return settings.level() == Level.SYNCED
        ? Math.min(last.flushed(), last.offset())
        : last.offset();
  }

  private static long at(Map<Integer, Long> times, int broker) {
    return Objects.requireNonNull(times.get(broker));
  }

  private List<Integer> others(Now now) {
    return now.node.replicas().stream().filter(broker -> broker != self).toList();
  }
}
