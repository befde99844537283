package io.millrace.storage.log;

import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.directory.LogEnd;
import io.millrace.storage.files.DirectoryEntry;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The segment files of a log by their names and sizes, ascending. */
record LogListing(List<LogFile> files) {
  /** One of them. */
  record LogFile(long baseOffset, int sizeBytes, boolean hasIndex) {}

  /** Some file of a segment, by its name. */
  record Named(String name, long baseOffset) {
    boolean isLog() {
      return name.endsWith(DataPaths.LOG_SUFFIX);
    }

    boolean isProducers() {
      return name.endsWith(DataPaths.PRODUCERS_SUFFIX);
    }
  }

  /** Logs, indexes and lists of producers. */
  static List<Named> names(Disk disk, Path directory) throws IOException {
    List<Named> names = new ArrayList<>();
    for (DirectoryEntry entry : disk.list(directory)) {
      OptionalLong offset = DataPaths.producersOffset(entry.name());
      if (offset.isEmpty()) {
        offset = DataPaths.baseOffset(entry.name());
      }
      if (entry.isFile() && offset.isPresent()) {
        names.add(new Named(entry.name(), offset.getAsLong()));
      }
    }
    return names;
  }

  /**
   * What there is. Deletes what was to replace something and did not, and what had gone from the
   * log already; finishes what was replacing several segments.
   */
  static LogListing of(Disk disk, Path directory) throws IOException {
    List<DirectoryEntry> entries = disk.list(directory);
    boolean wasFinished = false;
    for (DirectoryEntry entry : entries) {
      DataPaths.Joined joined = DataPaths.joined(entry.name());
      if (entry.isFile() && joined != null) {
        disk.syncDirectory(directory); // its name may be in the page cache only
        SegmentSwap.finish(
            disk,
            directory,
            directory.resolve(entry.name()),
            joined.baseOffset(),
            joined.endOffset());
        wasFinished = true;
      }
    }
    if (wasFinished) {
      entries = disk.list(directory);
    }
    List<LogFile> logs = new ArrayList<>();
    List<String> names = entries.stream().map(DirectoryEntry::name).toList();
    for (DirectoryEntry entry : entries) {
      OptionalLong base = DataPaths.baseOffset(entry.name());
      boolean unfinished =
          entry.name().endsWith(DataPaths.UNFINISHED_SUFFIX) || DataPaths.isCleaned(entry.name());
      if (entry.isFile() && (unfinished || DataPaths.isDeleted(entry.name()))) {
        disk.delete(directory.resolve(entry.name()));
      } else if (base.isPresent() && entry.name().endsWith(DataPaths.LOG_SUFFIX)) {
        if (!entry.isFile() || entry.sizeBytes() > Integer.MAX_VALUE) {
          throw new CorruptLogException(
              directory.resolve(entry.name()) + " is no file of less than 2 GiB");
        }
        String index = String.valueOf(DataPaths.index(directory, base.getAsLong()).getFileName());
        logs.add(new LogFile(base.getAsLong(), (int) entry.sizeBytes(), names.contains(index)));
      }
    }
    return new LogListing(logs);
  }

  /** Whether they are what a clean stop has left. */
  boolean matches(LogEnd end, EpochHistory epochs) {
    if (files.isEmpty()) {
      return false;
    }
    LogFile last = files.get(files.size() - 1);
    boolean indexed = files.stream().limit(files.size() - 1L).allMatch(LogFile::hasIndex);
    return indexed
        && files.size() == end.segments()
        && last.baseOffset() == end.segmentBase()
        && last.sizeBytes() == end.segmentSizeBytes()
        && epochs.latest() == end.epoch();
  }

  /** Without the segments that lie wholly before an offset. */
  LogListing from(long startOffset) {
    int first = 0;
    while (first + 1 < files.size() && files.get(first + 1).baseOffset() <= startOffset) {
      first++;
    }
    return new LogListing(files.subList(first, files.size()));
  }

  /** What {@link #from} has left out. */
  List<LogFile> before(LogListing rest) {
    return files.subList(0, files.size() - rest.files.size());
  }

  long firstOffset() {
    return files.get(0).baseOffset();
  }

  long sizeBytes() {
    return files.stream().mapToLong(LogFile::sizeBytes).sum();
  }
}
