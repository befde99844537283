package io.millrace.storage.log;

import io.millrace.storage.directory.CheckedText;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which leader epoch began at which offset; the file {@code leader-epochs}. Two replicas that have
 * the same (epoch, offset) have the same log up to there, and nothing else may be compared.
 *
 * <p>Also carries where the log begins ({@link #start}), and the bound that a truncation puts on
 * the recovery point ({@link #recoverFrom}): all that must change together, in one file. Owned by
 * the log's loop; the flush worker gets {@link #lines} to write.
 */
final class EpochHistory {
  static final int NONE = -1;

  private static final CheckedText TEXT = new CheckedText("leader-epochs", 1, 16 << 20);
  private static final String START = "start ";
  private static final String RECOVER_FROM = "recover-from ";

  /** One epoch and its first offset. */
  record Entry(int epoch, long startOffset) {}

  private final List<Entry> entries = new ArrayList<>();
  private long recoverFrom = Long.MAX_VALUE;
  private long start;

  /** Null when the file cannot be believed; an absent one is an empty history. */
  static @Nullable EpochHistory read(Disk disk, Path partitionDirectory) throws IOException {
    CheckedText.Content content = TEXT.read(disk, DataPaths.leaderEpochs(partitionDirectory));
    EpochHistory history = new EpochHistory();
    if (content instanceof CheckedText.Content.Damaged) {
      return null;
    }
    if (content instanceof CheckedText.Content.Lines lines) {
      for (String line : lines.lines()) {
        if (!history.parse(line)) {
          return null;
        }
      }
    }
    return history;
  }

  private boolean parse(String line) {
    try {
      if (line.startsWith(START) && entries.isEmpty()) {
        start = Long.parseLong(line.substring(START.length()));
        return start >= 0;
      }
      if (line.startsWith(RECOVER_FROM) && entries.isEmpty()) {
        recoverFrom = Long.parseLong(line.substring(RECOVER_FROM.length()));
        return recoverFrom >= 0;
      }
      int blank = line.indexOf(' ');
      if (blank < 0) {
        return false;
      }
      int epoch = Integer.parseInt(line.substring(0, blank));
      long start = Long.parseLong(line.substring(blank + 1));
      boolean ascending = epoch > latest() && start >= latestStart();
      if (ascending && epoch >= 0 && start >= 0) {
        entries.add(new Entry(epoch, start));
        return true;
      }
      return false;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  EpochHistory copy() {
    EpochHistory copy = new EpochHistory();
    copy.entries.addAll(entries);
    copy.recoverFrom = recoverFrom;
    copy.start = start;
    return copy;
  }

  /** Takes over all of another one. */
  void becomes(EpochHistory other) {
    entries.clear();
    entries.addAll(other.entries);
    recoverFrom = other.recoverFrom;
    start = other.start;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>(entries.size() + 2);
    if (start > 0) {
      lines.add(START + start);
    }
    if (recoverFrom != Long.MAX_VALUE) {
      lines.add(RECOVER_FROM + recoverFrom);
    }
    for (Entry entry : entries) {
      lines.add(entry.epoch() + " " + entry.startOffset());
    }
    return lines;
  }

  /** Durable when it returns. */
  static void write(Disk disk, Path partitionDirectory, List<String> lines) throws IOException {
    TEXT.replace(disk, DataPaths.leaderEpochs(partitionDirectory), lines);
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  int latest() {
    return entries.isEmpty() ? NONE : entries.get(entries.size() - 1).epoch();
  }

  private long latestStart() {
    return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).startOffset();
  }

  /**
   * An epoch of which nothing was written, because another began at the same offset, is forgotten:
   * it left no trace to compare, and what is copied there may be of an earlier one.
   *
   * @return false when the epoch is the latest already
   */
  boolean begin(int epoch, long startOffset) {
    if (epoch == latest()) {
      return false;
    }
    if (!entries.isEmpty() && latestStart() == startOffset) {
      entries.remove(entries.size() - 1);
    }
    if (epoch == latest()) {
      return true;
    }
    if (epoch < latest() || startOffset < latestStart()) {
      throw new IllegalStateException(
          "epoch "
              + epoch
              + " from "
              + startOffset
              + " after epoch "
              + latest()
              + " from "
              + latestStart());
    }
    entries.add(new Entry(epoch, startOffset));
    return true;
  }

  /**
   * A batch was found at an offset: the history gets its epoch if it is missing.
   *
   * @return whether it was
   * @throws CorruptLogException the epoch cannot stand there
   */
  boolean learn(int epoch, long offset) throws CorruptLogException {
    int at = entries.size();
    while (at > 0 && entries.get(at - 1).startOffset() > offset) {
      at--;
    }
    int known = at == 0 ? NONE : entries.get(at - 1).epoch();
    if (epoch == known) {
      return false;
    }
    int next = at == entries.size() ? Integer.MAX_VALUE : entries.get(at).epoch();
    if (epoch < known || epoch >= next || epoch < 0) {
      throw new CorruptLogException(
          "offset "
              + offset
              + " is of epoch "
              + epoch
              + ", between epochs "
              + known
              + " and "
              + next);
    }
    if (at > 0 && entries.get(at - 1).startOffset() == offset) {
      entries.remove(--at); // nothing was written in it
    }
    entries.add(at, new Entry(epoch, offset));
    return true;
  }

  /** See {@link PartitionLog#endOffsetForEpoch}. */
  EpochEnd endOf(int epoch, long logEnd) {
    long end = logEnd;
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry entry = entries.get(i);
      if (entry.epoch() <= epoch) {
        return new EpochEnd(entry.epoch(), end);
      }
      end = entry.startOffset();
    }
    return EpochEnd.NONE;
  }

  /** The epoch of the record at an offset, {@link #NONE} before the first that is known. */
  int epochAt(long offset) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (entries.get(i).startOffset() <= offset) {
        return entries.get(i).epoch();
      }
    }
    return NONE;
  }

  /** Where the first epoch begins that is above the given one; no log is so long if none is. */
  long startAfter(int epoch) {
    long start = Long.MAX_VALUE;
    for (int i = entries.size() - 1; i >= 0 && entries.get(i).epoch() > epoch; i--) {
      start = entries.get(i).startOffset();
    }
    return start;
  }

  /** Forgets epochs that began at or behind the new end. */
  boolean cutEnd(long endOffset) {
    return entries.removeIf(entry -> entry.startOffset() >= endOffset);
  }

  /** Forgets what cannot be: epochs said to begin behind the log's end. */
  boolean cutBehind(long endOffset) {
    return entries.removeIf(entry -> entry.startOffset() > endOffset);
  }

  /**
   * Forgets epochs of which nothing is left: those that ended at or before the log's first batch.
   * The last of all stays, whatever it has.
   */
  boolean cutFront(long firstOffset) {
    int gone = 0;
    while (gone + 1 < entries.size() && entries.get(gone + 1).startOffset() <= firstOffset) {
      gone++;
    }
    entries.subList(0, gone).clear();
    return gone > 0;
  }

  /**
   * First offset of the log that may be read, as far as it was moved from where the first file
   * begins; 0 when it never was. Written only once all below it has been forced.
   */
  long start() {
    return start;
  }

  void setStart(long offset) {
    start = offset;
  }

  /**
   * What the checkpoint says of the recovery point holds only up to here: it may have been written
   * before the log was cut and grew again. {@link Long#MAX_VALUE} when there is no bound.
   */
  long recoverFrom() {
    return recoverFrom;
  }

  void setRecoverFrom(long offset) {
    recoverFrom = offset;
  }
}
