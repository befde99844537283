package io.millrace.simulator;

import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.log.CompactedLogs;
import io.millrace.checker.log.KeyedWrite;
import io.millrace.checker.log.LogProblem;
import io.millrace.checker.log.ReplicaLog;
import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import io.millrace.client.CompactResult;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetReset;
import io.millrace.client.SimulatedClients;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.simulator.Violation.Rule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A second topic that keeps the latest record of each key (semantics 4.10), written, deleted from
 * and compacted while brokers fail. At rest its replicas agree, everything acknowledged is the
 * latest of its key or was overwritten, nothing has come back, and a reader from the beginning ends
 * with that. Level synced: no loss of power takes anything from it, and a disk is lost only while
 * all others have everything. Owner: the world's thread.
 */
final class KeyedWorkload implements Workload {
  static final String TOPIC = "k";
  static final int WRITERS = 2;
  private static final long LONG_RETENTION_MILLIS = 120_000;

  private final World world;
  private final Options options;
  private final ClusterEye eye;
  private final Reach reach;
  private final List<KeyedWrite> writes = new ArrayList<>();
  private final List<KeyedWriter> writers = new ArrayList<>();
  private final List<CompactResult> results = new ArrayList<>();
  private final ClientHost adminHost;
  private final Admin admin;
  private int born;
  private boolean isAsked;
  private boolean isMade;

  /** Of the liveness phase. */
  private boolean isCompacting;

  private boolean isCompacted;
  private long compactAgainNanos;
  private @Nullable KeyedReader drain;

  /** Reads on over all rounds, now and then; where deletions stay long enough for that. */
  private @Nullable KeyedReader tail;

  KeyedWorkload(World world, Options options, ClusterEye eye, Reach reach) {
    this.world = world;
    this.options = options;
    this.eye = eye;
    this.reach = reach;
    AdminSettings settings =
        AdminSettings.builder(world.bootstrap())
            .clientId("keeper")
            .defaultApiTimeout(Duration.ofSeconds(5))
            .clusterRefreshInterval(Duration.ofMillis(500))
            .metricsInterval(Duration.ofHours(1))
            .build();
    adminHost = new ClientHost(world, "keeper", settings, false);
    admin =
        SimulatedClients.admin(
            settings, adminHost.tasks(), adminHost.transport(), adminHost.discovery());
  }

  @Override
  public @Nullable String begin() {
    if (!isAsked) {
      isAsked = true;
      Map<String, String> settings = new TreeMap<>();
      settings.put("durability", "synced");
      settings.put("min.in.sync", Integer.toString(options.minInSync()));
      settings.put("cleanup", "compact");
      settings.put("segment.bytes", "65536");
      settings.put("segment.ms", "1000");
      settings.put("compaction.dirty.percent", "10");
      settings.put("delete.retention.ms", Long.toString(retentionMillis()));
      CompletableFuture<?> unused =
          admin
              .createTopic(new NewTopic(TOPIC, 1, options.replicas()).withSettings(settings))
              .whenComplete((made, failure) -> isMade = failure == null);
    }
    if (!isMade || path() == null) {
      return "the keyed topic is not made";
    }
    while (writers.size() < WRITERS) {
      writers.add(newWriter());
    }
    if (tail == null && retentionMillis() == LONG_RETENTION_MILLIS) {
      tail = new KeyedReader(world, "kt");
    }
    return whole();
  }

  /** Long, and so short that deletions go within a run. */
  private long retentionMillis() {
    return options.seed() / Workload.Kind.EVERY % 2 == 0 ? 3_000 : LONG_RETENTION_MILLIS;
  }

  private KeyedWriter newWriter() {
    return new KeyedWriter(world, "kw" + born++, writes);
  }

  private @Nullable String path() {
    return eye.partitionsOf(topicId -> topicId.startsWith(TOPIC + "~")).keySet().stream()
        .findFirst()
        .orElse(null);
  }

  private @Nullable Seen home() {
    String path = path();
    return path == null
        ? null
        : eye.partitionsOf(topicId -> topicId.startsWith(TOPIC + "~")).get(path);
  }

  private @Nullable String whole() {
    Seen home = home();
    return home != null
            && home.content().hasLeader()
            && home.content().getInSyncCount() == home.content().getReplicasCount()
        ? null
        : "the keyed topic is not whole: " + home;
  }

  // ---- What is done to it ----------------------------------------------------------------------

  @Override
  public void apply(Act act) {
    switch (act.kind()) {
      case WRITE_KEY -> writers.get(act.who()).write(act.other(), false);
      case DELETE_KEY -> writers.get(act.who()).write(act.other(), true);
      case READ_KEYS -> {
        if (tail != null) {
          tail.poll();
        }
      }
      case COMPACT -> compact(false);
      case KILL_KEYED_WRITER -> {
        writers.get(act.who()).kill();
        writers.set(act.who(), newWriter());
      }
      default -> throw new IllegalArgumentException("nothing of a keyed topic: " + act);
    }
  }

  /**
   * @param counts whether all of it has to come true
   */
  private void compact(boolean counts) {
    CompletableFuture<?> unused =
        admin
            .compactTopic(TOPIC, List.of(), Duration.ofSeconds(5))
            .whenComplete(
                (told, failure) -> {
                  if (counts) {
                    isCompacting = false;
                  }
                  if (told == null) {
                    return;
                  }
                  boolean isAll = true;
                  for (CompactResult each : told) {
                    if (each instanceof CompactResult.Compacted done) {
                      reach.count(Reach.Place.COMPACTED);
                      reach.count(Reach.Place.COMPACTED_AWAY, done.droppedRecords());
                    } else {
                      isAll = false;
                    }
                  }
                  if (counts) {
                    isCompacted = isAll;
                    results.clear();
                    results.addAll(told);
                  }
                });
  }

  @Override
  public boolean survivesPowerLoss() {
    return true;
  }

  @Override
  public boolean survivesDiskLoss() {
    Seen home = home();
    return home != null
        && home.content().getReplicasCount() > 1
        && whole() == null
        && world.machines().stream()
            .allMatch(machine -> machine.state() == Machine.State.UP && !machine.isInDoubt());
  }

  @Override
  public void endFaults() {
    isCompacting = false;
    isCompacted = false;
    results.clear();
  }

  // ---- What must come true ---------------------------------------------------------------------

  @Override
  public @Nullable String missing() {
    String broken = whole();
    if (broken != null) {
      return broken;
    }
    if (!writers.stream().allMatch(KeyedWriter::isIdle)) {
      return "keys are still being written";
    }
    KeyedReader reader = drain;
    if (reader == null || reader.isTooSlow(retentionMillis())) {
      if (reader != null) {
        reader.kill();
      }
      // While all is being compacted: what it meets on its way must do.
      reader = new KeyedReader(world, "kr" + born++);
      drain = reader;
    }
    reader.poll();
    if (!isCompacted) {
      if (!isCompacting && world.scheduler().nanoTime() >= compactAgainNanos) {
        isCompacting = true;
        compactAgainNanos = world.scheduler().nanoTime() + World.SECOND / 5;
        compact(true);
      }
      return "the keyed topic is not compacted: " + results;
    }
    if (tail != null) {
      tail.poll();
    }
    return reader.isAtEnd() && (tail == null || tail.isWith(reader))
        ? null
        : "the keyed topic is not read to its end";
  }

  // ---- What is checked at rest -----------------------------------------------------------------

  @Override
  public void check() {
    String path = path();
    Seen home = home();
    KeyedReader reader = drain;
    if (path == null || home == null || reader == null) {
      throw new IllegalStateException("the keyed topic is not there any more");
    }
    drain = null;
    reader.kill();
    List<ReplicaLog> logs = new ArrayList<>();
    for (int replica : home.content().getReplicasList()) {
      logs.add(Disks.log(world.machines().get(replica - 1), Disks.topicIdOf(path), 0));
    }
    long watermark = logs.stream().mapToLong(ReplicaLog::endOffset).min().orElse(0);
    List<LogProblem> problems = new ArrayList<>(CompactedLogs.compare(logs, watermark));
    problems.addAll(CompactedLogs.kept(logs, writes));
    problems.stream()
        .filter(problem -> problem.kind() != LogProblem.Kind.EPOCH_LIST)
        .findFirst()
        .ifPresent(problem -> world.violated(rule(problem.kind()), path + ": " + problem));
    for (ReplicaLog log : logs) {
      if (tail != null && !tail.state().equals(CompactedLogs.state(log))) {
        world.violated(
            Rule.I4_SAME_LOGS,
            "who reads the keyed topic all the time ends with %s, and %s holds %s"
                .formatted(tail.state(), log.name(), CompactedLogs.state(log)));
      }
      if (!reader.state().equals(CompactedLogs.state(log))) {
        world.violated(
            Rule.I4_SAME_LOGS,
            "a reader of the keyed topic ends with %s, and %s holds %s"
                .formatted(reader.state(), log.name(), CompactedLogs.state(log)));
      }
    }
    superseded(logs);
    deletionsGone(logs);
  }

  private void deletionsGone(List<ReplicaLog> logs) {
    Map<String, KeyedWrite> last = new TreeMap<>();
    writes.forEach(write -> last.put(write.key(), write));
    long gone =
        last.values().stream()
            .filter(write -> write.value().isEmpty() && write.outcome() == Phase.OK)
            .filter(write -> logs.stream().noneMatch(log -> CompactedLogs.has(log, write.key())))
            .count();
    reach.count(Reach.Place.DELETION_GONE, gone);
  }

  /** Semantics 4.10: of each key one record, up to where compaction says that it has come. */
  private void superseded(List<ReplicaLog> logs) {
    for (CompactResult each : results) {
      if (each instanceof CompactResult.Compacted done) {
        logs.stream()
            .filter(log -> log.name().equals(Machine.host(done.brokerId())))
            .filter(log -> CompactedLogs.superseded(log, done.cleanedTo()) > 0)
            .findFirst()
            .ifPresent(
                log ->
                    world.violated(
                        Rule.COMPACTED_AS_TOLD,
                        "%s has %d overwritten records below %d, where it is compacted"
                            .formatted(
                                log.name(),
                                CompactedLogs.superseded(log, done.cleanedTo()),
                                done.cleanedTo())));
      }
    }
  }

  private static Rule rule(LogProblem.Kind kind) {
    return switch (kind) {
      case LATEST_GONE, NOT_THERE -> Rule.I1_ACKNOWLEDGED_IS_KEPT;
      case NO_BATCH, CHECKSUM -> Rule.I14_NO_DAMAGE;
      case SHORT -> Rule.I11_MEMBERS_HOLD_ALL;
      default -> Rule.I4_SAME_LOGS;
    };
  }

  @Override
  public void close() {
    writers.forEach(KeyedWriter::kill);
    if (tail != null) {
      tail.kill();
    }
    adminHost.kill();
  }

  /** Reads the topic from its beginning, and keeps what each key is. */
  private static final class KeyedReader {
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

    private final World world;
    private final long bornNanos;
    private final ClientHost host;
    private final Consumer<String, String> consumer;
    private boolean hasBeenAtEnd;
    private final Map<String, String> state = new TreeMap<>();

    KeyedReader(World world, String name) {
      this.world = world;
      bornNanos = world.scheduler().nanoTime();
      ConsumerSettings settings =
          ConsumerSettings.builder(world.bootstrap())
              .clientId(name)
              .autoOffsetReset(OffsetReset.FAIL)
              .requestTimeout(Duration.ofMillis(1_000))
              .retryBackoff(Duration.ofMillis(5), Duration.ofMillis(100))
              .clusterRefreshInterval(Duration.ofMillis(500))
              .metricsInterval(Duration.ofHours(1))
              .build();
      host = new ClientHost(world, name, settings, false);
      consumer =
          SimulatedClients.consumer(settings, host.tasks(), host.transport(), host.discovery());
      consumer.assign(List.of(PARTITION));
      consumer.seekToBeginning(List.of(PARTITION));
    }

    void poll() {
      try {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ZERO)) {
          if (record.value() == null) {
            state.remove(String.valueOf(record.key()));
          } else {
            state.put(String.valueOf(record.key()), record.value());
          }
        }
      } catch (MillraceException e) {
        // Read again from where it stands; it is looked at what comes of it.
      }
    }

    boolean isAtEnd() {
      OptionalLong lag = consumer.currentLag(PARTITION);
      boolean isAtEnd = lag.isPresent() && lag.getAsLong() == 0;
      hasBeenAtEnd |= isAtEnd;
      return isAtEnd;
    }

    /** It may not have heard yet that there is more than it has read. */
    boolean isWith(KeyedReader other) {
      return isAtEnd() && consumer.position(PARTITION) == other.consumer.position(PARTITION);
    }

    /** Whoever takes longer than the delete retention may miss a deletion (semantics 4.10). */
    boolean isTooSlow(long retentionMillis) {
      return !hasBeenAtEnd
          && !isAtEnd()
          && world.scheduler().nanoTime() - bornNanos > retentionMillis * 500_000;
    }

    Map<String, String> state() {
      return state;
    }

    void kill() {
      host.kill();
    }
  }
}
