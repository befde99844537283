package io.millrace.storage.directory;

import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last life that may have served from this directory; {@code run}.
 *
 * @param bootId of the machine then; empty where it does not tell, or the disk has failed
 * @param incarnation of the broker then
 */
record RunRecord(String bootId, int incarnation) {
  /** Of a life whose disk has failed: of no boot and no incarnation that could be the last one. */
  static final RunRecord DISK_FAILED = new RunRecord("", 0);

  private static final CheckedText TEXT = new CheckedText("run", 1, 4096);

  /** Null when there is none that can be believed. */
  static @Nullable RunRecord read(Disk disk, Path path) throws IOException {
    if (!(TEXT.read(disk, path) instanceof CheckedText.Content.Lines content)) {
      return null;
    }
    Fields fields = Fields.parse(content.lines(), "boot.id", "incarnation");
    Integer incarnation = fields == null ? null : fields.integer("incarnation", 0);
    return fields == null || incarnation == null
        ? null
        : new RunRecord(fields.text("boot.id"), incarnation);
  }

  void write(Disk disk, Path path) throws IOException {
    TEXT.replace(disk, path, List.of("boot.id=" + bootId, "incarnation=" + incarnation));
  }
}
