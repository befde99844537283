package io.millrace.storage.directory;

import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Says that everything was flushed and closed; {@code clean-shutdown}. Written last at a stop,
 * removed first at a start.
 *
 * @param incarnation of the life that ended
 */
record CleanMark(int incarnation, Map<PartitionName, LogEnd> ends) {
  // 10,000 partitions with the longest names take 3 MiB.
  private static final CheckedText TEXT = new CheckedText("clean-shutdown", 1, 64 << 20);

  /** Null when there is none that can be believed. */
  static @Nullable CleanMark read(Disk disk, Path path) throws IOException {
    if (!(TEXT.read(disk, path) instanceof CheckedText.Content.Lines content)
        || content.lines().isEmpty()) {
      return null;
    }
    List<String> lines = content.lines();
    Fields head = Fields.parse(lines.subList(0, 1), "incarnation");
    Integer incarnation = head == null ? null : head.integer("incarnation", 0);
    if (incarnation == null) {
      return null;
    }
    Map<PartitionName, LogEnd> ends = new TreeMap<>();
    for (String line : lines.subList(1, lines.size())) {
      if (!addEnd(ends, line)) {
        return null;
      }
    }
    return new CleanMark(incarnation, ends);
  }

  private static boolean addEnd(Map<PartitionName, LogEnd> ends, String line) {
    List<String> parts = List.of(line.split(" ", -1));
    PartitionName name = PartitionName.parse(parts.get(0)).orElse(null);
    Fields fields =
        Fields.parse(
            parts.subList(1, parts.size()),
            "end",
            "epoch",
            "segments",
            "segment",
            "size",
            "time",
            "producers");
    if (name == null || fields == null) {
      return false;
    }
    Long end = fields.number("end", 0);
    Integer epoch = fields.integer("epoch", -1);
    Integer segments = fields.integer("segments", 1);
    Long segment = fields.number("segment", 0);
    Long size = fields.number("size", 0);
    Long time = fields.number("time", -1);
    Long producers = fields.number("producers", LogEnd.NO_PRODUCERS);
    if (end == null
        || epoch == null
        || segments == null
        || segment == null
        || size == null
        || time == null
        || producers == null
        || end < segment
        || (producers != LogEnd.NO_PRODUCERS && !producers.equals(end))) {
      return false;
    }
    return ends.put(name, new LogEnd(end, epoch, segments, segment, size, time, producers)) == null;
  }

  void write(Disk disk, Path path) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("incarnation=" + incarnation);
    new TreeMap<>(ends)
        .forEach(
            (name, end) ->
                lines.add(
                    name
                        + " end="
                        + end.endOffset()
                        + " epoch="
                        + end.epoch()
                        + " segments="
                        + end.segments()
                        + " segment="
                        + end.segmentBase()
                        + " size="
                        + end.segmentSizeBytes()
                        + " time="
                        + end.maxTimestamp()
                        + " producers="
                        + end.producers()));
    TEXT.replace(disk, path, lines);
  }

  /** Null when every log stands as it was left, else the first difference. */
  @Nullable String difference(Disk disk, DataPaths paths) throws IOException {
    for (Map.Entry<PartitionName, LogEnd> entry : ends.entrySet()) {
      LogEnd end = entry.getValue();
      Path log = DataPaths.log(paths.partition(entry.getKey()), end.segmentBase());
      if (disk.kind(log) != FileKind.FILE) {
        return log + " is missing";
      }
      try (DiskFile file = disk.openForReading(log)) {
        long size = file.size();
        if (size != end.segmentSizeBytes()) {
          return log + " has " + size + " bytes, " + end.segmentSizeBytes() + " at the last stop";
        }
      }
    }
    return null;
  }
}
