package io.millrace.storage.directory;

import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is remembered of every partition from time to time; {@code checkpoint}. Hints but for the
 * recovery point: all below it has been forced, so that recovery need not read it.
 */
final class Checkpoint {
  private static final CheckedText TEXT = new CheckedText("checkpoint", 1, 64 << 20);

  private Checkpoint() {}

  /**
   * Empty when the file is absent or damaged; then every log is read in full. A line that says what
   * cannot be counts for nothing by itself.
   */
  static Map<PartitionName, CheckpointEntry> read(Disk disk, Path path) throws IOException {
    Map<PartitionName, CheckpointEntry> entries = new HashMap<>();
    if (TEXT.read(disk, path) instanceof CheckedText.Content.Lines content) {
      for (String line : content.lines()) {
        List<String> parts = List.of(line.split(" ", -1));
        Fields fields =
            Fields.parse(
                parts.subList(1, parts.size()), "recovery", "highwatermark", "epoch", "boot");
        PartitionName name = PartitionName.parse(parts.get(0)).orElse(null);
        if (name == null || fields == null) {
          continue;
        }
        Long recovery = fields.number("recovery", 0);
        Long highWatermark = fields.number("highwatermark", 0);
        Integer epoch = fields.integer("epoch", -1);
        if (recovery != null && highWatermark != null && epoch != null) {
          entries.put(
              name, new CheckpointEntry(recovery, highWatermark, epoch, fields.text("boot")));
        }
      }
    }
    return entries;
  }

  static void write(Disk disk, Path path, Map<PartitionName, CheckpointEntry> entries)
      throws IOException {
    List<String> lines = new ArrayList<>(entries.size());
    new TreeMap<>(entries)
        .forEach(
            (name, entry) ->
                lines.add(
                    name
                        + " recovery="
                        + entry.recoveryPoint()
                        + " highwatermark="
                        + entry.highWatermark()
                        + " epoch="
                        + entry.highestEpoch()
                        + " boot="
                        + entry.bootTag()));
    TEXT.replace(disk, path, lines);
  }
}
