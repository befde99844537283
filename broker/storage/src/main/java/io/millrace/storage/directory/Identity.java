package io.millrace.storage.directory;

import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Whose directory this is; {@code meta.properties}. Written once, never changed.
 *
 * @param directoryId drawn when the directory was made: tells it from an empty one put in its place
 */
public record Identity(String clusterId, String directoryId, int brokerId) {
  private static final int FORMAT_VERSION = 1;
  private static final CheckedText TEXT = new CheckedText("identity", 1, 4096);

  /** What the file says. */
  sealed interface Found {
    record Absent() implements Found {}

    record Damaged(String why) implements Found {}

    record Present(Identity identity) implements Found {}
  }

  static Found read(Disk disk, Path path) throws IOException {
    CheckedText.Content content = TEXT.read(disk, path);
    if (content instanceof CheckedText.Content.Absent) {
      return new Found.Absent();
    }
    if (content instanceof CheckedText.Content.Damaged damaged) {
      return new Found.Damaged(damaged.why());
    }
    List<String> lines = ((CheckedText.Content.Lines) content).lines();
    Fields fields =
        Fields.parse(lines, "cluster.id", "directory.id", "broker.id", "format.version");
    Integer brokerId = fields == null ? null : fields.integer("broker.id", 0);
    Integer format = fields == null ? null : fields.integer("format.version", 1);
    if (fields == null || brokerId == null || format == null) {
      return new Found.Damaged(path + " does not name cluster, directory, broker and format");
    }
    if (format > FORMAT_VERSION) {
      return new Found.Damaged(
          path + " is of format " + format + ", this release knows up to " + FORMAT_VERSION);
    }
    return new Found.Present(
        new Identity(fields.text("cluster.id"), fields.text("directory.id"), brokerId));
  }

  void write(Disk disk, Path path) throws IOException {
    TEXT.replace(
        disk,
        path,
        List.of(
            "cluster.id=" + clusterId,
            "directory.id=" + directoryId,
            "broker.id=" + brokerId,
            "format.version=" + FORMAT_VERSION));
  }
}
