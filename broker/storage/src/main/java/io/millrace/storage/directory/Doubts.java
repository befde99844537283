package io.millrace.storage.directory;

import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which replicas here are in doubt, over as many lives as it takes; {@code doubts}. A start in
 * doubt takes its replicas out of the sets that say they hold everything. What it cannot take out,
 * since the partition's node is not in the store just then, stands here until that has been done:
 * the node may be put back, and name this replica.
 *
 * <pre>
 * orders~k3v9x2qa-0 unflushed     or flushed, or copy: what may be gone
 * absent                          of partitions that have no directory here, all may be gone
 * </pre>
 *
 * <p>If we crash here: the file is the old or the new one. It is written before what makes the
 * doubt invisible (a cut, a boot id in {@code run}, a new directory), and without a line only once
 * the sets have been left: so a line may stand for too long, which costs a leaving, and never too
 * short.
 *
 * <p>Looked at by any thread, changed on the housekeeping worker.
 */
public final class Doubts {
  private static final Logger LOG = LoggerFactory.getLogger(Doubts.class);
  private static final CheckedText TEXT = new CheckedText("doubts", 1, 64 << 20);
  private static final String ABSENT = "absent";

  private final Disk disk;
  private final Path path;
  private volatile State state;

  /** Replaced as a whole. */
  private record State(Map<PartitionName, Doubt> doubts, boolean absent) {}

  private Doubts(Disk disk, Path path, State state) {
    this.disk = disk;
    this.path = path;
    this.state = state;
  }

  /**
   * @param here what to doubt where the file cannot be believed: all there is
   */
  static Doubts read(Disk disk, Path path, Collection<PartitionName> here) throws IOException {
    CheckedText.Content content = TEXT.read(disk, path);
    Map<PartitionName, Doubt> doubts = new HashMap<>();
    if (content instanceof CheckedText.Content.Damaged damaged) {
      LOG.error("{}: every replica here counts as doubtful", damaged.why());
      here.forEach(name -> doubts.put(name, Doubt.FLUSHED));
      return new Doubts(disk, path, new State(Map.copyOf(doubts), true));
    }
    boolean absent = false;
    if (content instanceof CheckedText.Content.Lines lines) {
      for (String line : lines.lines()) {
        absent |= line.equals(ABSENT);
        int blank = line.indexOf(' ');
        PartitionName.parse(line.substring(0, Math.max(0, blank)))
            .ifPresent(name -> doubts.put(name, doubt(line.substring(blank + 1))));
      }
    }
    return new Doubts(disk, path, new State(Map.copyOf(doubts), absent));
  }

  /** A word that a later version has written counts as the worst. */
  private static Doubt doubt(String text) {
    for (Doubt doubt : Doubt.values()) {
      if (doubt.text().equals(text.toLowerCase(Locale.ROOT))) {
        return doubt;
      }
    }
    return Doubt.COPY;
  }

  public Optional<Doubt> of(PartitionName partition) {
    return Optional.ofNullable(state.doubts().get(partition));
  }

  /** All there are. */
  public Map<PartitionName, Doubt> all() {
    return state.doubts();
  }

  /** Whether replicas that have no directory here may have had one. */
  public boolean includeAbsent() {
    return state.absent();
  }

  /** One more, or a worse one; durable when it returns. */
  public void add(PartitionName partition, Doubt doubt) throws IOException {
    Map<PartitionName, Doubt> more = new HashMap<>(state.doubts());
    more.merge(partition, doubt, Doubt::worse);
    replace(more, state.absent());
  }

  /** They are in no set that says they hold everything; durable when it returns. */
  public void settle(Collection<PartitionName> settled) throws IOException {
    Map<PartitionName, Doubt> left = new HashMap<>(state.doubts());
    left.keySet().removeAll(settled);
    replace(left, state.absent());
  }

  /** After a doubtful start: these are left; durable when it returns. */
  public void replace(Map<PartitionName, Doubt> doubts, boolean absent) throws IOException {
    State next = new State(Map.copyOf(doubts), absent);
    if (next.equals(state)) {
      return;
    }
    List<String> lines = new ArrayList<>();
    if (absent) {
      lines.add(ABSENT);
    }
    new TreeMap<>(doubts).forEach((name, doubt) -> lines.add(name + " " + doubt.text()));
    TEXT.replace(disk, path, lines);
    state = next;
  }
}
