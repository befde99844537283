package io.millrace.server.explain;

import io.millrace.server.partition.PartitionId;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.CompactionStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * How far compaction has come in what this broker stores, and what holds it up. Any thread.
 *
 * @param all by partition, of those that are compacted
 * @param bytesPerSecond that it may read
 */
public record CompactionFindings(
    Supplier<Map<PartitionName, CompactionStatus>> all, long bytesPerSecond) {
  /** Busy with others for so long is no trouble. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final int NAMED = 5;

  /** Of one partition; empty when it is not compacted, or not here. */
  public List<Finding> of(int broker, PartitionId id, long nowMillis) {
    CompactionStatus status = all.get().get(new PartitionName(id.topicId(), id.partition()));
    return status == null ? List.of() : List.of(finding("broker " + broker, status, nowMillis));
  }

  /** Of the broker: only what is stuck or behind. */
  public List<Finding> troubles(long nowMillis) {
    List<Finding> found = new ArrayList<>();
    int more = 0;
    for (Map.Entry<PartitionName, CompactionStatus> each : new TreeMap<>(all.get()).entrySet()) {
      Finding finding = finding(each.getKey().directoryName(), each.getValue(), nowMillis);
      if (finding.reason() != Reason.COMPACTED && found.size() < NAMED) {
        found.add(finding);
      } else if (finding.reason() != Reason.COMPACTED) {
        more++;
      }
    }
    if (more > 0) {
      found.add(
          Finding.of(
              Reason.COMPACTION_BEHIND, more + " more partitions wait, or cannot be compacted"));
    }
    return found;
  }

  private Finding finding(String where, CompactionStatus status, long nowMillis) {
    if (!status.trouble().isEmpty()) {
      return new Finding(
          Reason.COMPACTION_STUCK,
          "%s: compaction cannot go on from offset %d: %s"
              .formatted(where, status.cleanedTo(), status.trouble()),
          OptionalLong.of(status.troubleSinceMillis()));
    }
    String left =
        "%s of %s in closed files have not been compacted, from offset %d on"
            .formatted(size(status.dirtyBytes()), size(status.totalBytes()), status.cleanedTo());
    boolean isLate =
        status.dueSinceMillis() != CompactionStatus.NOT_DUE
            && nowMillis - status.dueSinceMillis() > PATIENCE.toMillis();
    if (isLate) {
      String why =
          status.isUnderWay()
              ? "it is being compacted, and no more than %s a second may be read"
                  .formatted(size(bytesPerSecond))
              : "others are compacted before it";
      return new Finding(
          Reason.COMPACTION_BEHIND,
          "%s: %s; %s".formatted(where, left, why),
          OptionalLong.of(status.dueSinceMillis()));
    }
    String now = status.isUnderWay() ? "; that is being done" : "";
    return Finding.of(
        Reason.COMPACTED,
        "%s: %s; it is worth it from %.0f %% on%s"
            .formatted(where, left, 100 * status.dirtyRatio(), now));
  }

  private static String size(long bytes) {
    if (bytes < 1 << 10) {
      return bytes + " bytes";
    }
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%,.1f MiB", bytes / (1024.0 * 1024.0));
  }
}
