package io.millrace.server.metrics;

import static java.util.concurrent.TimeUnit.SECONDS;

import com.codahale.metrics.Clock;
import com.codahale.metrics.jmx.JmxReporter;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.HttpTransport;
import io.millrace.rpc.RequestPhases;
import io.millrace.rpc.RpcServerStats;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Timer;
import io.millrace.server.coordinator.Coordinators;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.partition.Shard;
import io.millrace.server.partition.ShardReading;
import io.millrace.storage.log.CompactionStatus;
import io.millrace.storage.log.StorageCounters;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one broker, from before its start until after its end. The broker adds its parts
 * as they come to be; what they tell is gathered every few seconds, and anew for each scrape.
 *
 * <p>What says so may be called from any thread; the rest happens on the {@code metrics} worker,
 * which owns the state. A loop is asked by a message and answers by one; a loop that does not
 * answer is shown with its last values, and holds nobody up.
 */
public final class BrokerMetrics {
  private static final long TICK_NANOS = SECONDS.toNanos(5);
  private static final long GROUPS_NANOS = SECONDS.toNanos(15);

  /** How long a scrape waits for the loops. */
  private static final long PATIENCE_NANOS = SECONDS.toNanos(1);

  private final int brokerId;
  private final String version;
  private final BrokerHealth health;
  private final Tasks.Worker worker;
  private final SeriesRegistry registry;
  private final RequestMetrics requests;
  private final ClusterMetrics cluster;
  private final LogMetrics logs;
  private final LoopProbes probes;

  // Null where many brokers live in one process: it is not theirs, and a look at all its threads
  // stops them.
  private final @Nullable ProcessMetrics process;
  private final @Nullable JmxReporter jmx;

  // The worker's.
  private final List<ServerMetrics> servers = new ArrayList<>();
  private final List<Runnable> waiting = new ArrayList<>();
  private List<Shard> shards = List.of();
  private ShardReading[] readings = {};
  private Predicate<String> topicExists = id -> true;
  private int round;
  private int missing;
  private @Nullable Timer patience;
  private boolean stopped;

  /**
   * Begins to gather. Any thread.
   *
   * @param isProcess whether the process is this broker's: then JMX shows all of it, at once, and
   *     what the JVM tells of itself is gathered too; off where many brokers live in one
   */
  public BrokerMetrics(
      Tasks tasks, int brokerId, String version, BrokerHealth health, boolean isProcess) {
    this.brokerId = brokerId;
    this.version = version;
    this.health = health;
    this.worker = tasks.worker("metrics");
    Clock clock = new SeamClock(tasks.clock());
    registry = new SeriesRegistry(clock);
    requests = new RequestMetrics(registry);
    cluster = new ClusterMetrics(registry, tasks.clock());
    logs = new LogMetrics(registry);
    probes = new LoopProbes(worker, registry);
    registry.whole(BrokerMetric.READY, () -> health.ready().isGood() ? 1 : 0);
    registry.whole(BrokerMetric.BUILD_INFO, () -> 1, version);
    process = isProcess ? new ProcessMetrics(registry) : null;
    jmx = isProcess ? reporter(registry, brokerId) : null;
    addThread(worker.name());
    worker.execute(this::tick);
  }

  private static JmxReporter reporter(SeriesRegistry registry, int brokerId) {
    JmxReporter reporter =
        JmxReporter.forRegistry(registry.dropwizard())
            .inDomain(JmxNames.DOMAIN)
            .createsObjectNamesWith(new JmxNames(registry, brokerId))
            .convertDurationsTo(TimeUnit.MILLISECONDS)
            .convertRatesTo(TimeUnit.SECONDS)
            .build();
    reporter.start();
    return reporter;
  }

  private void addThread(String name) {
    if (process != null) {
      process.addThread(name);
    }
  }

  /** The machine's monotonic clock, as the seam gives it. */
  private static final class SeamClock extends Clock {
    private final io.millrace.rpc.Clock clock;

    SeamClock(io.millrace.rpc.Clock clock) {
      this.clock = clock;
    }

    @Override
    public long getTick() {
      return clock.nanoTime();
    }

    @Override
    public long getTime() {
      return clock.wallMillis();
    }
  }

  // ---- Parts, as they come to be; any thread ---------------------------------------------------

  /** Hears of the requests of one loop of one listener. */
  public RequestPhases requestsOfLoop() {
    return requests.newLoop();
  }

  public ClusterMetrics cluster() {
    return cluster;
  }

  /**
   * @param listener as in the broker's settings: {@code client}
   */
  public void addServer(String listener, Supplier<RpcServerStats> stats) {
    worker.execute(() -> servers.add(new ServerMetrics(registry, listener, stats)));
  }

  /**
   * @param topicExists of a topic's id; safe for any thread
   */
  public void addShards(List<Shard> all, Predicate<String> topicExists) {
    worker.execute(
        () -> {
          shards = List.copyOf(all);
          this.topicExists = topicExists;
          readings = new ShardReading[shards.size()];
          for (int i = 0; i < readings.length; i++) {
            readings[i] = ShardReading.NOTHING;
          }
          for (Shard shard : shards) {
            String loop = shard.loop().name();
            registry.whole(BrokerMetric.MAILBOX_MESSAGES, shard::mailboxDepth, loop);
            addThread(loop);
            probes.add(shard.loop());
          }
        });
  }

  /** The groups that are coordinated here. */
  public void addGroups(Coordinators coordinators) {
    worker.execute(
        () -> lookAtGroups(coordinators, new GroupMetrics(registry, coordinators.counters())));
  }

  /** On the worker; less often than the rest, as it takes asking other brokers. */
  private void lookAtGroups(Coordinators coordinators, GroupMetrics groups) {
    if (!stopped) {
      coordinators.figures(all -> worker.execute(() -> groups.refreshed(all)));
      worker.schedule(GROUPS_NANOS, () -> lookAtGroups(coordinators, groups));
    }
  }

  /**
   * @param names of threads whose processor time is worth a look
   */
  public void addThreads(List<String> names) {
    worker.execute(() -> names.forEach(this::addThread));
  }

  /**
   * @param usable of the last look; must not block
   */
  public void addDisk(LongSupplier usable) {
    registry.whole(BrokerMetric.DISK_USABLE_BYTES, usable);
  }

  /** What the logs of the data directory have done. */
  public void addLogs(StorageCounters counters) {
    registry.counter(BrokerMetric.LOG_REMOVED_SEGMENTS, counters::removedSegments);
    registry.counter(BrokerMetric.LOG_REMOVED_BYTES, counters::removedBytes);
    registry.counter(BrokerMetric.LOG_REFUSED_FOR_SPACE, counters::refusedForSpace);
    registry.counter(BrokerMetric.COLD_READS, counters::coldReads);
    registry.counter(BrokerMetric.COLD_READ_BYTES, counters::coldReadBytes);
    registry.counter(BrokerMetric.LOG_SCRUBBED_BYTES, counters::scrubbedBytes);
    registry.gauge(BrokerMetric.LOG_SCRUB_PROGRESS, counters::scrubProgress);
    registry.counter(BrokerMetric.LOG_DAMAGES, counters::damages);
    registry.counter(BrokerMetric.LOG_DAMAGES_REPAIRED, counters::repairs);
    registry.counter(BrokerMetric.COMPACTED_BYTES, counters::compactedBytes);
    registry.counter(BrokerMetric.COMPACTED_RECORDS, counters::compactedRecords);
    registry.whole(BrokerMetric.COMPACTION_FREED_BYTES, counters::compactionFreedBytes);
    registry.whole(BrokerMetric.COMPACTION_STUCK, counters::compactionStuck);
    registry.gauge(BrokerMetric.COMPACTION_DIRTY_RATIO, counters::compactionDirtyRatio);
    registry.gauge(
        BrokerMetric.COMPACTION_OVERDUE_SECONDS,
        () -> overdueSeconds(counters.compactionDueSinceMillis()));
    registry.whole(BrokerMetric.COMPACTION_MEMORY_BYTES, counters::compactionMemoryBytes);
    registry.counter(BrokerMetric.COMPACTION_JOINED_SEGMENTS, counters::joinedSegments);
  }

  private double overdueSeconds(long sinceMillis) {
    return sinceMillis == CompactionStatus.NOT_DUE
        ? 0
        : Math.max(0, worker.clock().wallMillis() - sinceMillis) / 1e3;
  }

  /** The flush worker, with a watch on what it does. */
  public EventLoop timedFlush(EventLoop flush) {
    return new TimedLoop(
        flush,
        registry.timer(BrokerMetric.FLUSH_QUEUE_SECONDS).reservoir().newWriter(),
        registry.timer(BrokerMetric.FLUSH_SECONDS).reservoir().newWriter());
  }

  /** What to serve over HTTP. */
  public HttpTransport.Handler pages() {
    return new MonitoringPages(brokerId, version, health, this::scrape);
  }

  /** The last; nothing is gathered or shown any more. */
  public void close() {
    worker.execute(
        () -> {
          stopped = true;
          probes.stop();
          if (patience != null) {
            patience.cancel();
          }
          if (jmx != null) {
            jmx.stop();
          }
        });
    worker.stop();
  }

  // ---- Gathering, on the worker ----------------------------------------------------------------

  private void tick() {
    if (!stopped) {
      gather(registry::tick);
      worker.schedule(TICK_NANOS, this::tick);
    }
  }

  private void scrape(Consumer<byte[]> then) {
    worker.execute(() -> gather(() -> then.accept(PrometheusText.of(registry))));
  }

  /** Whoever comes while it is under way shares what comes of it. */
  private void gather(Runnable then) {
    waiting.add(then);
    if (waiting.size() > 1) {
      return;
    }
    int thisRound = ++round;
    missing = shards.size();
    if (missing == 0) {
      gathered();
      return;
    }
    for (int i = 0; i < shards.size(); i++) {
      int index = i;
      Shard shard = shards.get(i);
      Predicate<String> exists = topicExists;
      shard
          .loop()
          .execute(
              () -> {
                ShardReading reading = shard.read(exists);
                worker.execute(() -> arrived(thisRound, index, reading));
              });
    }
    patience = worker.schedule(PATIENCE_NANOS, () -> giveUp(thisRound));
  }

  private void arrived(int ofRound, int index, ShardReading reading) {
    readings[index] = reading; // also when it comes late: it is newer than what is there
    if (ofRound == round && --missing == 0) {
      gathered();
    }
  }

  private void giveUp(int ofRound) {
    if (ofRound == round && missing > 0) {
      gathered();
    }
  }

  private void gathered() {
    missing = 0;
    round++;
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
    List<Runnable> all = List.copyOf(waiting);
    waiting.clear();
    try {
      logs.refreshed(List.of(readings));
      requests.refreshed();
      servers.forEach(ServerMetrics::refreshed);
      if (process != null) {
        process.refreshed();
      }
    } finally { // a bug in one of them must not leave everybody without an answer
      all.forEach(Runnable::run);
    }
  }
}
