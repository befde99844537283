package io.millrace.server.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.NaiveLeader.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@link LeaderReplica} against {@link NaiveLeader}, over thousands of random histories: they say
 * the same after every event.
 */
class LeaderAgainstHistoryTest {
  private static final int HISTORIES = 350;
  private static final int MOST_EVENTS = 45;
  private static final LeaderReplica.Log EMPTY = new LeaderReplica.Log(0, 0, 0, 0);

  private int commits;
  private int writes;
  private int alone;

  @ParameterizedTest
  @EnumSource(Level.class)
  void saysWhatTheWholeHistorySays(Level level) {
    for (int seed = 0; seed < HISTORIES; seed++) {
      new History(new Random(seed * 31L + level.name().length()), level, seed).run();
    }
    assertThat(commits).describedAs("steps of the high watermark").isGreaterThan(HISTORIES / 2);
    assertThat(writes).describedAs("changes of the sets").isGreaterThan(HISTORIES / 2);
    assertThat(alone).describedAs("changes that leave the leader alone").isGreaterThan(25);
  }

  /** One run of both. */
  private final class History {
    private final Random random;
    private final int seed;
    private final LeaderReplica leader;
    private final NaiveLeader naive;
    private final List<Event> told = new ArrayList<>();
    private final Map<Integer, Integer> live = new HashMap<>(Map.of(1, 1, 2, 1, 3, 1));
    private PartitionState node;
    private long nowNanos = 5_000;
    private long end;
    private Optional<SetsChange> awaited = Optional.empty();

    History(Random random, Level level, int seed) {
      this.random = random;
      this.seed = seed;
      List<Integer> inSync = random.nextBoolean() ? List.of(1, 2, 3) : List.of(1, 2);
      LeaderReplica.Log log = random.nextBoolean() ? EMPTY : new LeaderReplica.Log(4, 4, 2, 1);
      end = log.end();
      node = new PartitionState(7, List.of(1, 2, 3), 1, 1, 4, inSync, List.of(), false);
      LeaderReplica.Settings settings =
          new LeaderReplica.Settings(1 + random.nextInt(3), level, LeaderBench.LAG_NANOS);
      leader = new LeaderReplica(1, node, settings, log, live, nowNanos);
      naive = new NaiveLeader(1, node, settings, log, live, nowNanos);
    }

    void run() {
      int events = 5 + random.nextInt(MOST_EVENTS);
      for (int i = 0; i < events && !leader.isDeposed(); i++) {
        long before = leader.highWatermark();
        nowNanos += random.nextInt(8) == 0 ? 3_000_000_000L : random.nextInt(200_000_000);
        step();
        agree();
        commits += leader.highWatermark() > before ? 1 : 0;
      }
    }

    private void tell(Event event) {
      told.add(event);
      naive.happened(event, nowNanos);
    }

    private void step() {
      switch (random.nextInt(10)) {
        case 0, 1 -> append();
        case 2 -> flush();
        case 3, 4, 5, 6 -> fetch();
        case 7 -> brokers();
        case 8 -> leave();
        default -> sets();
      }
    }

    private void append() {
      end += 1 + random.nextInt(3);
      tell(new Event.Appended(end));
      leader.onAppended(end);
    }

    private void flush() {
      long to = random.nextInt((int) end + 2);
      tell(new Event.Flushed(to));
      leader.onFlushed(to);
    }

    /** Also of lives that are over or unknown, and of what is not there. */
    private void fetch() {
      int broker = 2 + random.nextInt(2);
      int life = random.nextInt(5) == 0 ? 1 + random.nextInt(3) : live.getOrDefault(broker, 1);
      long offset = random.nextInt(3) == 0 ? random.nextInt((int) end + 2) : end;
      long flushed = random.nextInt((int) offset + 1);
      tell(new Event.Fetched(broker, life, offset, flushed));
      leader.onFetch(broker, life, offset, flushed, nowNanos);
    }

    private void brokers() {
      int broker = 2 + random.nextInt(2);
      if (random.nextInt(3) == 0) {
        live.remove(broker);
      } else {
        live.merge(broker, 1, Integer::sum);
      }
      tell(new Event.Brokers(Map.copyOf(live)));
      leader.onBrokers(live, nowNanos);
    }

    private void leave() {
      if (random.nextInt(3) == 0) {
        int broker = 2 + random.nextInt(2);
        int life = live.getOrDefault(broker, 1);
        tell(new Event.LeaveAsked(broker, life));
        leader.onLeaveAsked(broker, life);
      }
    }

    private void sets() {
      if (awaited.isPresent()) {
        outcome(awaited.get());
      } else {
        send();
      }
    }

    private void send() {
      tell(new Event.Asked());
      if (leader.want(nowNanos) instanceof Want.Write write) {
        tell(new Event.Sent(write.change()));
        leader.onSent(write.change());
        awaited = Optional.of(write.change());
        writes++;
        alone += write.change().inSync().equals(List.of(1)) ? 1 : 0;
      }
    }

    private void outcome(SetsChange change) {
      awaited = Optional.empty();
      switch (random.nextInt(6)) {
        case 0 -> {
          tell(new Event.Refused());
          leader.onOutcome(new SetsOutcome.Refused("no"), nowNanos);
        }
        case 1, 2 -> {
          if (random.nextBoolean()) {
            node = written(change); // and nobody has heard of it yet
          }
          tell(new Event.Unknown());
          leader.onOutcome(new SetsOutcome.Unknown("lost"), nowNanos);
        }
        default -> {
          node = written(change);
          tell(new Event.Seen(node));
          leader.onOutcome(
              random.nextBoolean() ? new SetsOutcome.Written(node) : new SetsOutcome.Moved(node),
              nowNanos);
        }
      }
    }

    /** The same change may have been written before. */
    private PartitionState written(SetsChange change) {
      return node.version() > change.expectedVersion()
          ? node
          : new PartitionState(
              change.expectedVersion() + 1,
              node.replicas(),
              1,
              1,
              4,
              change.inSync(),
              change.eligible(),
              change.soleFlushed());
    }

    private void agree() {
      Supplier<String> context = () -> "seed " + seed + " after " + told;
      assertThat(leader.highWatermark()).describedAs(context).isEqualTo(naive.highWatermark());
      for (Level level : List.of(Level.STANDARD, Level.SYNCED)) {
        assertThat(leader.committedEnd(level))
            .describedAs(() -> level + " " + context.get())
            .isEqualTo(naive.committedEnd(level));
      }
      boolean mayAsk = awaited.isEmpty() && leader.snapshot().change() == null;
      if (mayAsk && leader.snapshot().notBeforeNanos() == null) {
        tell(new Event.Asked());
        agreeOn(leader.want(nowNanos), context);
      }
    }

    private void agreeOn(@Nullable Want want, Supplier<String> context) {
      Optional<NaiveLeader.Wanted> wanted = naive.wanted();
      if (wanted.isEmpty()) {
        assertThat(want).describedAs(context).isNull();
      } else if (naive.mustFlushFirst(wanted.get())) {
        assertThat(want).describedAs(context).isInstanceOf(Want.FlushFirst.class);
      } else {
        assertThat(want).describedAs(context).isInstanceOf(Want.Write.class);
        SetsChange change = ((Want.Write) java.util.Objects.requireNonNull(want)).change();
        assertThat(
                new NaiveLeader.Wanted(
                    Set.copyOf(change.inSync()),
                    Set.copyOf(change.eligible()),
                    change.soleFlushed(),
                    change.admitted()))
            .describedAs(context)
            .isEqualTo(wanted.get());
      }
    }
  }
}
