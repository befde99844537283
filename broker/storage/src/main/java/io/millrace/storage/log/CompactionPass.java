package io.millrace.storage.log;

import io.millrace.storage.compaction.KeyMap;
import io.millrace.storage.compaction.RecordRule;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import io.millrace.wire.RecordCursor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One pass over one log: notes the latest offset of each key in what has not been compacted, then
 * writes the log's closed segments again, oldest first, each in place before the next is begun. So
 * a tombstone is marked as seen only when all that it deletes has gone. On the housekeeping worker,
 * a piece at a time.
 */
final class CompactionPass implements CompactionWork {
  private final Disk disk;
  private final PartitionLog log;
  private final CompactionFacts facts;
  private final long from;
  private final long to;
  private final long nowMillis;
  private final KeyMap keys;
  private final BatchWalk walk;
  private final RecordCursor records;
  private final StorageCounters counters;
  private final Consumer<Runnable> housekeeping;

  private int at;
  private long end;
  private @Nullable KeyScan scan;
  private @Nullable RecordRule rule;
  private @Nullable SegmentCompaction writing;
  private long nextHorizonMillis = Long.MAX_VALUE;
  private boolean isSwapping;
  private boolean isOver;
  private boolean isGivenUp;
  private long droppedRecords;
  private long freedBytes;

  /**
   * @param from first offset whose keys are to be read
   * @param to segments that end at or before it are written anew
   * @param housekeeping runs a task on that worker
   */
  CompactionPass(
      Disk disk,
      PartitionLog log,
      CompactionFacts facts,
      long from,
      long to,
      long nowMillis,
      long memoryBytes,
      BatchWalk walk,
      StorageCounters counters,
      Consumer<Runnable> housekeeping) {
    this.disk = disk;
    this.log = log;
    this.facts = facts;
    this.from = from;
    this.to = to;
    this.nowMillis = nowMillis;
    this.keys = new KeyMap(memoryBytes);
    this.walk = walk;
    this.records = new RecordCursor();
    this.counters = counters;
    this.housekeeping = housekeeping;
    this.end = from;
  }

  @Override
  public PartitionLog log() {
    return log;
  }

  @Override
  public boolean isOver() {
    return isOver;
  }

  @Override
  public boolean isGivenUp() {
    return isGivenUp;
  }

  /** All before it has been compacted, once it is over. */
  long cleanedTo() {
    return end;
  }

  /** No key could be noted: the batch there has more of them than there is memory for. */
  boolean isStuck() {
    return end == from && from < to;
  }

  /** When the first tombstone that stays may go; {@link Long#MAX_VALUE} for none. */
  long nextHorizonMillis() {
    return nextHorizonMillis;
  }

  long droppedRecords() {
    return droppedRecords;
  }

  long freedBytes() {
    return freedBytes;
  }

  @Override
  public long offset() {
    return scan != null
        ? scan.nextOffset()
        : segments().get(Math.min(at, lastIndex())).baseOffset();
  }

  private int lastIndex() {
    return segments().size() - 1;
  }

  private List<CompactionFacts.ClosedSegment> segments() {
    return facts.closed();
  }

  @Override
  public int step(int bytes, Runnable whenSwapped) throws IOException {
    int read = rule == null ? note(bytes) : write(bytes, whenSwapped);
    if (read > 0) {
      counters.compacted(read);
    }
    return isSwapping ? -1 : Math.max(0, read);
  }

  // ---- The keys

  private int note(int bytes) throws IOException {
    KeyScan open = scan;
    if (open == null) {
      while (at < segments().size() && segments().get(at).endOffset() <= from) {
        at++;
      }
      if (at == segments().size() || segments().get(at).baseOffset() >= to) {
        endOfKeys(to);
        return 0;
      }
      open = new KeyScan(disk, segments().get(at), from, keys, walk, records);
      scan = open;
    }
    int read = open.step(bytes);
    counters.compactionMemory(keys.bytes());
    if (open.isOver()) {
      close();
      at++;
      if (open.isFull()) {
        endOfKeys(open.nextOffset());
      }
    }
    return read;
  }

  private void endOfKeys(long noted) {
    end = Math.max(from, noted);
    rule = new RecordRule(keys, end, nowMillis, facts.config().deleteRetentionMillis());
    at = 0;
    isOver = isStuck();
  }

  // ---- The records

  private int write(int bytes, Runnable whenSwapped) throws IOException {
    SegmentCompaction open = writing;
    if (open == null) {
      if (at == segments().size() || segments().get(at).baseOffset() >= end) {
        isOver = true;
        return 0;
      }
      open =
          new SegmentCompaction(
              disk, segments().get(at), Objects.requireNonNull(rule), facts, walk, records);
      writing = open;
    }
    int read = open.step(bytes);
    if (open.isOver()) {
      close();
      ended(open, whenSwapped);
    }
    return read;
  }

  private void ended(SegmentCompaction done, Runnable whenSwapped) {
    CompactionFacts.ClosedSegment segment = segments().get(at);
    SegmentCompaction.Written written = done.result();
    nextHorizonMillis = Math.min(nextHorizonMillis, done.nextHorizonMillis());
    if (written == null) {
      at++;
      return;
    }
    isSwapping = true;
    log.swapLater(
        List.of(segment),
        written,
        isSwapped ->
            housekeeping.accept(
                () -> {
                  isSwapping = false;
                  if (isSwapped) {
                    at++;
                    droppedRecords += done.droppedRecords();
                    freedBytes += segment.sizeBytes() - (long) written.seal().sizeBytes();
                    counters.compactionFreed(
                        done.droppedRecords(),
                        segment.sizeBytes() - (long) written.seal().sizeBytes());
                  } else {
                    isGivenUp = true;
                    isOver = true;
                  }
                  whenSwapped.run();
                }));
  }

  @Override
  public void close() throws IOException {
    try (KeyScan first = scan;
        SegmentCompaction second = writing) {
      scan = null;
      writing = null;
    }
  }

  @Override
  public @Nullable Path unfinished() {
    return at < segments().size() ? DataPaths.cleaned(segments().get(at).log()) : null;
  }
}
