package io.millrace.server.metrics;

import static io.millrace.server.metrics.BrokerMetric.Kind.COUNTER;
import static io.millrace.server.metrics.BrokerMetric.Kind.GAUGE;
import static io.millrace.server.metrics.BrokerMetric.Kind.TIMER;

import java.util.List;
import java.util.Locale;

/**
 * Every metric there is, in the order of {@code broker/METRICS.md}, which is written from this
 * table. A name, once released, keeps its meaning.
 */
public enum BrokerMetric {
  // ---- Requests
  REQUEST_SECONDS(
      Group.REQUESTS,
      "request_seconds",
      TIMER,
      "From the arrival of a request's last byte until its answer was handed to the network.",
      "api"),
  REQUEST_PHASE_SECONDS(
      Group.REQUESTS,
      "request_phase_seconds",
      TIMER,
      "The same by phase: queue (read whole, while too much was in flight before it), handle (until"
          + " the answer was ready; other loops, the disk, and a fetch's wait for records included),"
          + " write (until the network had taken the answer).",
      "api",
      "phase"),
  REQUEST_ERRORS(
      Group.REQUESTS,
      "request_errors",
      COUNTER,
      "Requests answered with an error as a whole, by the wire's error code.",
      "api",
      "code"),
  REQUESTS(Group.REQUESTS, "requests", COUNTER, "Requests read whole and understood.", "listener"),
  REQUESTS_REFUSED(
      Group.REQUESTS,
      "requests_refused",
      COUNTER,
      "Requests that no handler saw: unknown, malformed, or before the Hello.",
      "listener"),
  REQUESTS_IN_FLIGHT(
      Group.REQUESTS,
      "requests_in_flight",
      GAUGE,
      "Requests taken and not yet answered.",
      "listener"),

  REQUESTS_IN_FLIGHT_BYTES(
      Group.REQUESTS,
      "requests_in_flight_bytes",
      GAUGE,
      "Bytes of the requests in flight.",
      "listener"),
  REQUESTS_ARRIVING_BYTES(
      Group.REQUESTS,
      "requests_arriving_bytes",
      GAUGE,
      "Memory taken by large requests that are still coming in.",
      "listener"),

  // ---- Records in and out
  PRODUCED_BYTES(
      Group.RECORDS, "produced_bytes", COUNTER, "Bytes of batches appended, as they are on disk."),
  PRODUCED_RECORDS(Group.RECORDS, "produced_records", COUNTER, "Records appended."),
  PRODUCED_BATCHES(Group.RECORDS, "produced_batches", COUNTER, "Batches appended."),
  FETCHED_BYTES(Group.RECORDS, "fetched_bytes", COUNTER, "Bytes of batches sent to readers."),
  FETCHED_RECORDS(
      Group.RECORDS,
      "fetched_records",
      COUNTER,
      "Records sent to readers, counted from the offset each had asked for."),
  TOPIC_PRODUCED_BYTES(
      Group.RECORDS, "topic_produced_bytes", COUNTER, "As produced_bytes, of one topic.", "topic"),
  TOPIC_PRODUCED_RECORDS(
      Group.RECORDS,
      "topic_produced_records",
      COUNTER,
      "As produced_records, of one topic.",
      "topic"),
  TOPIC_FETCHED_BYTES(
      Group.RECORDS, "topic_fetched_bytes", COUNTER, "As fetched_bytes, of one topic.", "topic"),
  TOPIC_FETCHED_RECORDS(
      Group.RECORDS,
      "topic_fetched_records",
      COUNTER,
      "As fetched_records, of one topic.",
      "topic"),

  // ---- Partitions and their logs
  PARTITIONS(
      Group.LOG,
      "partitions",
      GAUGE,
      "Partitions on this broker: led, preparing (to lead), following, idle (open, neither led nor"
          + " followed here), offline (not served: its log failed or could not be opened).",
      "state"),
  LOG_SIZE_BYTES(
      Group.LOG, "log_size_bytes", GAUGE, "Bytes of all segments.", "topic", "partition"),
  LOG_SEGMENTS(Group.LOG, "log_segments", GAUGE, "Segments.", "topic", "partition"),
  LOG_START_OFFSET(
      Group.LOG,
      "log_start_offset",
      GAUGE,
      "The first offset that can be read.",
      "topic",
      "partition"),
  LOG_END_OFFSET(
      Group.LOG, "log_end_offset", GAUGE, "The next offset to be written.", "topic", "partition"),
  LOG_VISIBLE_OFFSET(
      Group.LOG,
      "log_visible_offset",
      GAUGE,
      "The high watermark: readers see what is below.",
      "topic",
      "partition"),
  LOG_UNFLUSHED_RECORDS(
      Group.LOG,
      "log_unflushed_records",
      GAUGE,
      "Records in the page cache that no fsync has covered yet.",
      "topic",
      "partition"),
  LOG_REPLICATION_LAG_RECORDS(
      Group.LOG,
      "log_replication_lag_records",
      GAUGE,
      "Of a partition led here: how many records the replica lacks that lacks most; live ones only.",
      "topic",
      "partition"),
  LOG_REPLICATION_LAG_SECONDS(
      Group.LOG,
      "log_replication_lag_seconds",
      GAUGE,
      "Of a partition led here: since when a replica has not had everything, the longest; live ones"
          + " only.",
      "topic",
      "partition"),
  LOGS_SIZE_BYTES(Group.LOG, "logs_size_bytes", GAUGE, "Bytes of all logs of this broker."),
  LOGS_SEGMENTS(Group.LOG, "logs_segments", GAUGE, "Segments of all logs of this broker."),
  FLUSH_SECONDS(
      Group.LOG,
      "flush_seconds",
      TIMER,
      "Jobs of the flush worker: one forces all that one log has written since its last."),
  FLUSH_QUEUE_SECONDS(
      Group.LOG, "flush_queue_seconds", TIMER, "How long such a job waited for those before it."),
  LOG_REMOVED_SEGMENTS(
      Group.LOG, "log_removed_segments", COUNTER, "Segments that retention or trimming took."),
  LOG_REMOVED_BYTES(
      Group.LOG,
      "log_removed_bytes",
      COUNTER,
      "Bytes of segments that retention or trimming took."),
  LOG_REFUSED_FOR_SPACE(
      Group.LOG,
      "log_refused_for_space",
      COUNTER,
      "Writes that found no room on the disk; nothing of them was kept."),
  COLD_READS(Group.LOG, "cold_reads", COUNTER, "How often a reader had to wait for the disk."),
  COLD_READ_BYTES(
      Group.LOG,
      "cold_read_bytes",
      COUNTER,
      "Bytes brought from the disk into memory for readers."),
  LOG_SCRUBBED_BYTES(
      Group.LOG,
      "log_scrubbed_bytes",
      COUNTER,
      "Bytes that were read again to see whether they are still what was written"
          + " (scrub.interval.ms)."),
  LOG_SCRUB_PROGRESS(
      Group.LOG,
      "log_scrub_progress",
      GAUGE,
      "How much of all that is stored the present pass has read again, 0 to 1; 1 between passes."),
  LOG_DAMAGES(
      Group.LOG,
      "log_damages",
      COUNTER,
      "Ranges of logs that were found not to be what was written."),
  LOG_DAMAGES_REPAIRED(
      Group.LOG,
      "log_damages_repaired",
      COUNTER,
      "Of these, those put right from another replica."),
  COMPACTED_BYTES(
      Group.LOG,
      "compacted_bytes",
      COUNTER,
      "Bytes that compaction has read: once for the keys, once for the records."),
  COMPACTED_RECORDS(
      Group.LOG, "compacted_records", COUNTER, "Records that compaction has taken out."),
  COMPACTION_FREED_BYTES(
      Group.LOG,
      "compaction_freed_bytes",
      GAUGE,
      "By how much compaction has made segments smaller since the start."),
  COMPACTION_STUCK(
      Group.LOG,
      "compaction_stuck",
      GAUGE,
      "Partitions that cannot be compacted for now; explain broker says why."),
  COMPACTION_DIRTY_RATIO(
      Group.LOG,
      "compaction_dirty_ratio",
      GAUGE,
      "Of the partition of which most has not been compacted: how much of its closed segments that"
          + " is, 0 to 1."),
  COMPACTION_OVERDUE_SECONDS(
      Group.LOG,
      "compaction_overdue_seconds",
      GAUGE,
      "For how long the partition that has waited longest could be compacted, and should be; 0 when"
          + " none waits."),
  COMPACTION_MEMORY_BYTES(
      Group.LOG,
      "compaction_memory_bytes",
      GAUGE,
      "What the keys of the partition take that is being compacted (compaction.memory.bytes)."),
  COMPACTION_JOINED_SEGMENTS(
      Group.LOG,
      "compaction_joined_segments",
      COUNTER,
      "By how many there are fewer segments, since small ones were joined."),
  DISK_USABLE_BYTES(
      Group.LOG,
      "disk_usable_bytes",
      GAUGE,
      "What this process could still write under the data directory."),

  // ---- Loops
  LOOP_DELAY_SECONDS(
      Group.LOOPS,
      "loop_delay_seconds",
      TIMER,
      "How long a task sent to the loop four times a second waited for its turn: what every request"
          + " on this loop waits too.",
      "loop"),
  MAILBOX_MESSAGES(
      Group.LOOPS,
      "mailbox_messages",
      GAUGE,
      "Messages from other loops that wait for this one.",
      "loop"),
  THREAD_CPU_SECONDS(
      Group.LOOPS,
      "thread_cpu_seconds",
      COUNTER,
      "Processor time of each thread of the broker; a loop near 1 s a second is full.",
      "thread"),

  // ---- Connections
  CONNECTIONS(Group.CONNECTIONS, "connections", GAUGE, "Open connections.", "listener"),
  CONNECTIONS_ACCEPTED(
      Group.CONNECTIONS, "connections_accepted", COUNTER, "Connections taken.", "listener"),
  CONNECTIONS_REFUSED(
      Group.CONNECTIONS,
      "connections_refused",
      COUNTER,
      "Connections closed at once: limit (of the listener), address_limit, closing.",
      "listener",
      "reason"),
  CONNECTIONS_ENDED(
      Group.CONNECTIONS,
      "connections_ended",
      COUNTER,
      "Connections ended: by_peer, broken, idle, by_server; and cut for their peer's fault: no_hello,"
          + " slow_sender, slow_reader, malformed, out_of_place.",
      "listener",
      "reason"),
  CONNECTIONS_HELD_BACK(
      Group.CONNECTIONS,
      "connections_held_back",
      GAUGE,
      "Connections not read from now: as much as allowed is in flight, or the peer does not take its"
          + " answers.",
      "listener"),
  RECEIVED_BYTES(
      Group.CONNECTIONS, "received_bytes", COUNTER, "Bytes read from the network.", "listener"),
  SENT_BYTES(
      Group.CONNECTIONS,
      "sent_bytes",
      COUNTER,
      "Bytes of messages that the network has taken whole.",
      "listener"),

  // ---- The broker in its cluster
  READY(Group.CLUSTER, "ready", GAUGE, "1 while /health/ready says so, else 0."),
  BROKER_INCARNATION(
      Group.CLUSTER,
      "broker_incarnation",
      GAUGE,
      "Counts this broker's registrations; 0 while it is not registered in ZooKeeper."),
  CLUSTER_BROKERS(Group.CLUSTER, "cluster_brokers", GAUGE, "Live brokers, as this one sees them."),
  CLUSTER_TOPICS(
      Group.CLUSTER, "cluster_topics", GAUGE, "Topics of the cluster, as this broker sees them."),
  CLUSTER_LEADERLESS_PARTITIONS(
      Group.CLUSTER,
      "cluster_leaderless_partitions",
      GAUGE,
      "Partitions of the cluster that nobody alive leads, as this broker sees them."),
  CLUSTER_UNDER_REPLICATED_PARTITIONS(
      Group.CLUSTER,
      "cluster_under_replicated_partitions",
      GAUGE,
      "Partitions of the cluster with fewer live in-sync replicas than replicas, as this broker sees"
          + " them."),
  CLUSTER_BELOW_MINIMUM_PARTITIONS(
      Group.CLUSTER,
      "cluster_below_minimum_partitions",
      GAUGE,
      "Partitions of the cluster with fewer live in-sync replicas than min.in.sync, as this broker"
          + " sees them: producers of level standard and synced are refused."),
  CLUSTER_POSSIBLE_LOSS_PARTITIONS(
      Group.CLUSTER,
      "cluster_possible_loss_partitions",
      GAUGE,
      "Partitions in which an election may have lost committed records, ever; explain partition says"
          + " when and why."),
  CLUSTER_LEADER_CHANGES(
      Group.CLUSTER,
      "cluster_leader_changes",
      COUNTER,
      "Partitions of the cluster that were seen to have got a new leader epoch."),
  CLUSTER_IN_SYNC_CHANGES(
      Group.CLUSTER,
      "cluster_in_sync_changes",
      COUNTER,
      "In-sync sets of the cluster that were seen to have changed: shrunk, grown.",
      "kind"),
  CLUSTER_REFUSED_NODES(
      Group.CLUSTER,
      "cluster_refused_nodes",
      GAUGE,
      "Nodes in ZooKeeper whose names or contents make no sense to this broker: it acts on what they"
          + " held before, and its log names each."),
  CLUSTER_IMAGE_CHANGES(
      Group.CLUSTER,
      "cluster_image_changes",
      COUNTER,
      "Changes of the cluster that this broker has seen."),
  CLUSTER_IMAGE_AGE_SECONDS(
      Group.CLUSTER, "cluster_image_age_seconds", GAUGE, "Since the last such change."),
  ZOOKEEPER_SESSION(
      Group.CLUSTER,
      "zookeeper_session",
      GAUGE,
      "The session's state, 1 for the present one: connected, suspended (no contact, the session may"
          + " still live), ended.",
      "state"),
  ZOOKEEPER_SESSIONS_ENDED(
      Group.CLUSTER,
      "zookeeper_sessions_ended",
      COUNTER,
      "Sessions that ZooKeeper ended; each makes this broker register anew."),
  ELECTIONS(
      Group.CLUSTER,
      "elections",
      COUNTER,
      "Candidacies of this broker: won, elsewhere (somebody else leads), again (tried again), impossible"
          + " (nobody can lead now).",
      "result"),
  ELECTIONS_WON(
      Group.CLUSTER,
      "elections_won",
      COUNTER,
      "Leaderships that this broker took, by why: leaderless, session_ended, silent (session stands, no"
          + " answer), restarted (another registered anew), own_restart, eligible (nobody in sync was"
          + " live), roll_call (all had lost power).",
      "cause"),
  UNCLEAN_ELECTIONS(
      Group.CLUSTER,
      "unclean_elections",
      COUNTER,
      "Elections that this broker decided although committed records may be lost by them."),
  LEADERSHIPS_HANDED_OVER(
      Group.CLUSTER,
      "leaderships_handed_over",
      COUNTER,
      "Leaderships that this broker gave to another: to the preferred one, to drain, to stop."),
  SUSPICIONS(
      Group.CLUSTER,
      "suspicions",
      COUNTER,
      "How often this broker has taken a broker that it copies from for dead, because it did not"
          + " answer."),
  BUILD_INFO(Group.CLUSTER, "build_info", GAUGE, "1, with the version in a label.", "version"),

  // ---- Groups
  GROUPS(
      Group.GROUPS,
      "groups",
      GAUGE,
      "Groups that this broker coordinates: empty (no members), assigning, reconciling, stable.",
      "state"),
  GROUP_MEMBERS(Group.GROUPS, "group_members", GAUGE, "Members of the group.", "group"),
  GROUP_LAG_RECORDS(
      Group.GROUPS,
      "group_lag_records",
      GAUGE,
      "Records behind the group's committed offset; looked at every 15 seconds.",
      "group",
      "topic",
      "partition"),
  GROUP_LAG_SECONDS(
      Group.GROUPS,
      "group_lag_seconds",
      GAUGE,
      "How long the first record that the group has not read has been there; 0: it has read all.",
      "group",
      "topic",
      "partition"),
  GROUP_STUCK_PARTITIONS(
      Group.GROUPS,
      "group_stuck_partitions",
      GAUGE,
      "Partitions that a member has held for five minutes, in which there was something to read and"
          + " the committed offset did not move.",
      "group"),
  GROUP_REBALANCES(
      Group.GROUPS,
      "group_rebalances",
      COUNTER,
      "How often members, subscriptions or topics of a group have changed."),
  GROUP_COMMITTED_OFFSETS(
      Group.GROUPS, "group_committed_offsets", COUNTER, "Offsets that groups have committed."),
  GROUP_EXPIRED_MEMBERS(
      Group.GROUPS,
      "group_expired_members",
      COUNTER,
      "Members put out because they were silent, or did not give up what they were told to."),
  GROUP_EXPIRED_OFFSETS(
      Group.GROUPS,
      "group_expired_offsets",
      COUNTER,
      "Offsets forgotten because nobody had used them (group.retention.ms)."),

  // ---- The process
  PROCESS_CPU_SECONDS(
      Group.PROCESS, "process_cpu_seconds", COUNTER, "Processor time of the process."),
  PROCESS_UPTIME_SECONDS(
      Group.PROCESS, "process_uptime_seconds", GAUGE, "Since the process started."),
  PROCESS_OPEN_HANDLES(
      Group.PROCESS, "process_open_handles", GAUGE, "Open file handles, sockets included."),
  PROCESS_MAX_HANDLES(
      Group.PROCESS, "process_max_handles", GAUGE, "The limit of file handles (ulimit -n)."),
  JVM_THREADS(Group.PROCESS, "jvm_threads", GAUGE, "Live threads."),
  JVM_MEMORY_USED_BYTES(
      Group.PROCESS,
      "jvm_memory_used_bytes",
      GAUGE,
      "Used memory of the JVM: heap, nonheap.",
      "area"),
  JVM_MEMORY_MAX_BYTES(
      Group.PROCESS,
      "jvm_memory_max_bytes",
      GAUGE,
      "What it may grow to, -1 when nothing limits it.",
      "area"),
  JVM_BUFFER_BYTES(
      Group.PROCESS,
      "jvm_buffer_bytes",
      GAUGE,
      "Memory of buffers outside the heap: direct, mapped.",
      "pool"),
  JVM_GC_COLLECTIONS(
      Group.PROCESS, "jvm_gc_collections", COUNTER, "Garbage collections.", "collector"),
  JVM_GC_SECONDS(
      Group.PROCESS, "jvm_gc_seconds", COUNTER, "Time in garbage collections.", "collector"),

  // ---- The metrics themselves
  METRICS_TOPICS_LEFT_OUT(
      Group.METRICS,
      "metrics_topics_left_out",
      GAUGE,
      "Topics beyond the limit of topics with series of their own; theirs are summed under"
          + " topic=\"(others)\"."),
  METRICS_PARTITIONS_LEFT_OUT(
      Group.METRICS,
      "metrics_partitions_left_out",
      GAUGE,
      "Partitions beyond the limit of partitions with series of their own."),
  METRICS_GROUPS_LEFT_OUT(
      Group.METRICS,
      "metrics_groups_left_out",
      GAUGE,
      "Groups beyond the limit of groups with series of their own.");

  /** What metrics are about. */
  enum Group {
    REQUESTS("Requests"),
    RECORDS("Records"),
    LOG("Log"),
    LOOPS("Loops"),
    CONNECTIONS("Connections"),
    CLUSTER("Cluster"),
    GROUPS("Groups"),
    PROCESS("Process"),
    METRICS("Metrics");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  /** What a value does over time. */
  public enum Kind {
    /** Only grows while the broker lives. */
    COUNTER,
    /** A value of this moment. */
    GAUGE,
    /** A distribution of durations, in seconds. */
    TIMER
  }

  private static final String PREFIX = "millrace_";

  private final Group group;
  private final String baseName;
  private final Kind kind;
  private final String meaning;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> labels;

  BrokerMetric(Group group, String baseName, Kind kind, String meaning, String... labels) {
    this.group = group;
    this.baseName = baseName;
    this.kind = kind;
    this.meaning = meaning;
    this.labels = List.of(labels);
  }

  public Kind kind() {
    return kind;
  }

  public String meaning() {
    return meaning;
  }

  /** Names of labels, in the order in which values are given. */
  public List<String> labels() {
    return labels;
  }

  /** Without the suffix that Prometheus wants of a counter. */
  String exposedBaseName() {
    return PREFIX + baseName;
  }

  /**
   * As Prometheus shows it; a timer has {@code _bucket}, {@code _count} and {@code _sum} behind.
   */
  public String exposedName() {
    return PREFIX + baseName + (kind == COUNTER ? "_total" : "");
  }

  /** The unit of the values, for people. */
  public String unit() {
    if (kind == TIMER || baseName.endsWith("_seconds")) {
      return "seconds";
    }
    return baseName.endsWith("_bytes") ? "bytes" : kind == GAUGE ? "value" : "events";
  }

  /** What it is about: a chapter of the page, and the type of its JMX name. */
  Group group() {
    return group;
  }

  /** The name of its JMX name. */
  String jmxName() {
    return camelCase(baseName);
  }

  private static String camelCase(String snakeCase) {
    StringBuilder camel = new StringBuilder();
    for (String word : snakeCase.split("_", -1)) {
      if (!word.isEmpty()) {
        camel.append(word.substring(0, 1).toUpperCase(Locale.ROOT)).append(word.substring(1));
      }
    }
    return camel.toString();
  }
}
