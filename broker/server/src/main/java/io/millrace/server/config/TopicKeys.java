package io.millrace.server.config;

import io.millrace.wire.v1.Durability;
import java.util.List;
import java.util.Optional;

/** Every key a topic may be given, at creation and later. All of them take effect at once. */
public final class TopicKeys {
  private static final long SECOND_MILLIS = 1_000;
  private static final long DAY_MILLIS = 86_400 * SECOND_MILLIS;
  private static final long CENTURY_MILLIS = 36_525 * DAY_MILLIS;
  private static final long PETABYTE = 1_000_000_000_000_000L;

  static final Key<Durability> DURABILITY =
      Key.choice(
          "durability",
          Durability.STANDARD,
          List.of(Durability.LEADER, Durability.STANDARD, Durability.SYNCED),
          "What an acknowledgement means when the producer does not ask for another level.");

  static final Key<Boolean> DURABILITY_STRICT =
      Key.flag(
          "durability.strict",
          false,
          "Refuse producers that ask for a lower level than the topic's own.");

  static final Key<Integer> MIN_IN_SYNC =
      Key.integer(
          "min.in.sync",
          "replicas",
          2,
          1,
          100,
          "With fewer in-sync replicas, producers of level standard and synced are refused. A topic"
              + " that does not set it needs no more than it has replicas.");

  static final Key<Boolean> UNCLEAN_ELECTION =
      Key.flag(
          "unclean.election",
          false,
          "When no replica that is known to have every acknowledged record is live, let the one that"
              + " has the most lead after a second: the topic is available again, and what only the"
              + " others have is lost.");

  static final Key<Integer> RECORD_MAX_BYTES =
      Key.integer(
          "record.max.bytes",
          "bytes",
          1 << 20,
          1 << 10,
          (64 << 20) - (64 << 10),
          "The largest record, key and headers included.");

  static final Key<TimestampKind> TIMESTAMP_KIND =
      Key.choice(
          "timestamp.kind",
          TimestampKind.CREATE,
          List.of(TimestampKind.CREATE, TimestampKind.APPEND),
          "Whether a record's time is the producer's, which may be at most an hour ahead of the"
              + " broker's clock, or the broker's when it appends.");

  static final Key<Long> RETENTION_MILLIS =
      Key.bound(
          "retention.ms",
          "ms",
          7 * DAY_MILLIS,
          1,
          CENTURY_MILLIS,
          "for ever",
          "Records appended longer ago may go, a segment at a time.");

  static final Key<Long> RETENTION_BYTES =
      Key.bound(
          "retention.bytes",
          "bytes",
          -1,
          1,
          PETABYTE,
          "without limit",
          "The oldest records of a partition may go, a segment at a time, while it keeps at least"
              + " so much.");

  static final Key<CleanupPolicy> CLEANUP =
      Key.choice(
          "cleanup",
          CleanupPolicy.DELETE,
          List.of(CleanupPolicy.DELETE, CleanupPolicy.COMPACT, CleanupPolicy.BOTH),
          "What goes by itself: records that are too old or too much (delete), or all but the latest"
              + " record of each key (compact), for which every record needs a key.");

  static final Key<Long> COMPACTION_MIN_LAG_MILLIS =
      Key.longInteger(
          "compaction.min.lag.ms",
          "ms",
          0,
          0,
          CENTURY_MILLIS,
          "Every record stays at least so long, also when a later one of its key has come.");

  static final Key<Long> COMPACTION_MAX_LAG_MILLIS =
      Key.bound(
          "compaction.max.lag.ms",
          "ms",
          -1,
          SECOND_MILLIS,
          CENTURY_MILLIS,
          "no bound",
          "A record that has a later one of its key goes after so long at the latest, however little"
              + " there is to compact.");

  static final Key<Integer> COMPACTION_DIRTY_PERCENT =
      Key.integer(
          "compaction.dirty.percent",
          "%",
          50,
          1,
          100,
          "A partition is compacted once so much of its closed files has not been compacted before."
              + " Less keeps fewer old records and reads the files more often.");

  static final Key<Long> DELETE_RETENTION_MILLIS =
      Key.longInteger(
          "delete.retention.ms",
          "ms",
          DAY_MILLIS,
          0,
          CENTURY_MILLIS,
          "A deletion (a record without a value) stays in a compacted topic so long after compaction"
              + " has first seen it; who takes longer to read from the beginning may miss it.");

  static final Key<Integer> SEGMENT_BYTES =
      Key.integer(
          "segment.bytes",
          "bytes",
          1 << 30,
          1 << 16,
          Integer.MAX_VALUE - (128 << 20),
          "Size of the files a partition's log is cut into; what may go, goes a whole file at a"
              + " time.");

  static final Key<Long> SEGMENT_MILLIS =
      Key.longInteger(
          "segment.ms",
          "ms",
          7 * DAY_MILLIS,
          SECOND_MILLIS,
          CENTURY_MILLIS,
          "A file is closed and a new one begun when it is older, so that a quiet partition's"
              + " records can go too.");

  private static final List<Key<?>> ALL =
      List.of(
          DURABILITY,
          DURABILITY_STRICT,
          MIN_IN_SYNC,
          UNCLEAN_ELECTION,
          RECORD_MAX_BYTES,
          TIMESTAMP_KIND,
          RETENTION_MILLIS,
          RETENTION_BYTES,
          SEGMENT_BYTES,
          SEGMENT_MILLIS,
          CLEANUP,
          COMPACTION_MIN_LAG_MILLIS,
          COMPACTION_MAX_LAG_MILLIS,
          COMPACTION_DIRTY_PERCENT,
          DELETE_RETENTION_MILLIS);

  private TopicKeys() {}

  public static List<Key<?>> all() {
    return ALL;
  }

  public static Optional<Key<?>> find(String name) {
    return ALL.stream().<Key<?>>map(key -> key).filter(key -> key.name().equals(name)).findFirst();
  }

  /** For somebody who has mistyped one. */
  public static String nearest(String name) {
    return NearestName.of(name, ALL.stream().map(Key::name).toList());
  }
}
