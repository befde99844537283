package io.millrace.checker.log;

import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step;
import io.millrace.checker.log.LogProblem.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Compares the replicas of a partition that keeps the latest record of each key. They compact
 * alone, so that one may have what another has not any more; what must hold nevertheless:
 *
 * <ul>
 *   <li>An offset that several have is the same record in all, and every offset of the same epoch.
 *   <li>The latest record of a key is in each, or it is a deletion, which may have gone.
 *   <li>Once a deletion has gone, so has all that it deleted.
 * </ul>
 *
 * <p>Within a log batches adjoin as in any other; {@link ReplicaLog} looks at that.
 */
public final class CompactedLogs {
  private final List<LogProblem> problems = new ArrayList<>();

  private CompactedLogs() {}

  /**
   * @param replicas at rest; none with batches that cannot be unpacked
   * @param watermark what stands at or behind it need not be in all of them yet
   */
  public static List<LogProblem> compare(List<ReplicaLog> replicas, long watermark) {
    CompactedLogs logs = new CompactedLogs();
    for (ReplicaLog replica : replicas) {
      logs.problems.addAll(replica.problems());
      logs.length(replica, watermark);
    }
    for (int i = 0; i < replicas.size(); i++) {
      for (int j = 0; j < replicas.size(); j++) {
        if (i != j) {
          logs.pair(replicas.get(i), replicas.get(j), watermark);
        }
      }
    }
    return logs.problems;
  }

  /**
   * Holds what producers were told against what is there.
   *
   * @param writes of each key in the order in which its one producer made them, each when the one
   *     before had ended
   */
  public static List<LogProblem> kept(List<ReplicaLog> replicas, List<KeyedWrite> writes) {
    CompactedLogs logs = new CompactedLogs();
    Map<String, List<KeyedWrite>> byKey = new TreeMap<>();
    writes.forEach(
        write -> byKey.computeIfAbsent(write.key(), key -> new ArrayList<>()).add(write));
    for (ReplicaLog replica : replicas) {
      Map<String, StoredRecord> latest = latest(replica, replica.endOffset());
      byKey.forEach((key, ofKey) -> logs.kept(replica, ofKey, latest.get(key)));
      logs.written(replica, writes);
    }
    return logs.problems;
  }

  /** The latest record of each key in a log, below an offset. */
  static Map<String, StoredRecord> latest(ReplicaLog log, long watermark) {
    Map<String, StoredRecord> latest = new TreeMap<>();
    for (StoredRecord record : log.records().headMap(watermark).values()) {
      if (record.key() != null) {
        latest.put(record.key(), record);
      }
    }
    return latest;
  }

  /** What a reader of the whole log ends up with: the latest value of each key that has one. */
  public static Map<String, String> state(ReplicaLog log) {
    Map<String, String> state = new TreeMap<>();
    latest(log, log.endOffset())
        .forEach(
            (key, record) -> {
              if (record.value() != null) {
                state.put(key, record.value());
              }
            });
    return state;
  }

  /** Whether any record of a key is left. */
  public static boolean has(ReplicaLog log, String key) {
    return log.records().values().stream().anyMatch(record -> key.equals(record.key()));
  }

  /** How many records there are that have a later one of their key below an offset. */
  public static long superseded(ReplicaLog log, long below) {
    Map<String, StoredRecord> latest = latest(log, below);
    return log.records().headMap(below).values().stream()
        .filter(record -> record.key() != null)
        .filter(
            record -> Objects.requireNonNull(latest.get(record.key())).offset() > record.offset())
        .count();
  }

  private void length(ReplicaLog replica, long watermark) {
    if (replica.endOffset() < watermark) {
      add(Kind.SHORT, replica.name(), "ends at " + replica.endOffset() + " below " + watermark);
    }
  }

  private void pair(ReplicaLog one, ReplicaLog other, long watermark) {
    long from = Math.max(one.startOffset(), other.startOffset());
    long to = Math.min(watermark, Math.min(one.endOffset(), other.endOffset()));
    epochs(one, other, from, to);
    for (StoredRecord record :
        one.records().subMap(from, true, Math.max(from, to), false).values()) {
      StoredRecord same = other.records().get(record.offset());
      if (same != null && !same.equals(record)) {
        add(Kind.DIFFERENT, one.name() + " " + record, other.name() + " holds " + same);
      }
    }
    // Of the whole logs: what has a later one behind the watermark may have gone before it.
    Map<String, StoredRecord> here = latest(one, one.endOffset());
    Map<String, StoredRecord> there = latest(other, other.endOffset());
    here.forEach(
        (key, record) -> {
          StoredRecord match = there.get(key);
          if (record.offset() < from
              || record.offset() >= to
              || (match != null && match.offset() >= record.offset())) {
            return; // it has it, or, as the other way round will tell, more
          }
          if (!record.isTombstone()) {
            add(
                Kind.LATEST_GONE,
                one.name() + " " + record,
                match == null ? other.name() + " has none" : other.name() + " ends with " + match);
          } else if (match != null) {
            add(Kind.RETURNED, other.name() + " " + match, "in " + one.name() + " " + record);
          }
        });
  }

  /** Wherever a batch begins in one of them, both are of the same epoch. */
  private void epochs(ReplicaLog one, ReplicaLog other, long from, long to) {
    for (StoredBatch batch : one.batches()) {
      long offset = Math.max(from, batch.baseOffset());
      OptionalLong epoch = other.epochAt(offset);
      if (offset < to
          && offset <= batch.lastOffset()
          && epoch.isPresent()
          && epoch.getAsLong() != batch.epoch()) {
        add(
            Kind.DIFFERENT,
            batch.where(),
            "offset %d is of epoch %d, in %s of %d"
                .formatted(offset, batch.epoch(), other.name(), epoch.getAsLong()));
      }
    }
  }

  /** The state of a key is that of its last acknowledged write, or of one of those after it. */
  private void kept(ReplicaLog replica, List<KeyedWrite> ofKey, @Nullable StoredRecord latest) {
    int acknowledged = -1;
    for (int i = 0; i < ofKey.size(); i++) {
      if (ofKey.get(i).outcome() == Phase.OK) {
        acknowledged = i;
      }
    }
    Set<String> allowed = new TreeSet<>();
    boolean mayBeAbsent = acknowledged < 0;
    for (int i = Math.max(0, acknowledged); i < ofKey.size(); i++) {
      KeyedWrite write = ofKey.get(i);
      if (write.outcome() != Phase.FAIL) {
        mayBeAbsent |= write.value().isEmpty();
        write.value().ifPresent(allowed::add);
      }
    }
    KeyedWrite last = acknowledged < 0 ? null : ofKey.get(acknowledged);
    if (last != null && last.offset() != Step.UNKNOWN && last.offset() < replica.startOffset()) {
      return; // retention has taken it
    }
    boolean isAbsent = latest == null || latest.isTombstone();
    if (isAbsent && !mayBeAbsent) {
      add(Kind.LATEST_GONE, replica.name(), last + " was acknowledged, and there is " + latest);
    } else if (latest != null && latest.value() != null && !allowed.contains(latest.value())) {
      boolean isOlder = ofKey.stream().anyMatch(w -> latest.value().equals(w.value().orElse(null)));
      add(
          isOlder ? Kind.RETURNED : Kind.DIFFERENT,
          replica.name() + " " + latest,
          "the last that was acknowledged is " + last);
    }
  }

  /** What stands at an acknowledged offset is what was acknowledged; and nobody wrote the rest. */
  private void written(ReplicaLog replica, List<KeyedWrite> writes) {
    Set<String> known = new HashSet<>();
    for (KeyedWrite write : writes) {
      if (write.outcome() == Phase.FAIL) {
        continue;
      }
      write.value().ifPresent(known::add);
      StoredRecord found =
          write.outcome() == Phase.OK ? replica.records().get(write.offset()) : null;
      if (found != null
          && !(write.key().equals(found.key())
              && Objects.equals(found.value(), write.value().orElse(null)))) {
        add(Kind.NOT_THERE, replica.name() + " " + found, "instead of " + write);
      }
    }
    for (StoredRecord record : replica.records().values()) {
      if (record.value() != null && !known.contains(record.value())) {
        add(Kind.DIFFERENT, replica.name() + " " + record, "nobody has written that");
      }
    }
  }

  private void add(Kind kind, String where, String what) {
    problems.add(new LogProblem(kind, where, what));
  }
}
