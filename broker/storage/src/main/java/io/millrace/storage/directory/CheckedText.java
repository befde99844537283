package io.millrace.storage.directory;

import io.millrace.storage.files.Disk;
import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.FileKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The form of every small file: lines of ASCII between a head and a checksum.
 *
 * <pre>
 * # millrace run 1              what it is, and the version of its form
 * boot.id=6c0b4c0e-...          lines, each ending in one line feed
 * incarnation=7
 * # crc32c 1f2e3d4c             of every byte before this line
 * </pre>
 *
 * <p>Strict: what was not written by this class in full is damaged, whatever it still says. A file
 * is replaced by writing another one beside it, forcing that, renaming it and syncing the
 * directory: a crash leaves the old or the new content, and perhaps an {@code .tmp} that means
 * nothing.
 */
public final class CheckedText {
  private static final String CHECKSUM_HEAD = "# crc32c ";
  private static final int CHECKSUM_LINE_SIZE = CHECKSUM_HEAD.length() + 8 + 1;

  private final String kind;
  private final int version;
  private final int maxSizeBytes;

  /**
   * @param kind one word, as in the first line
   * @param maxSizeBytes a longer file is damaged, and is not read
   */
  public CheckedText(String kind, int version, int maxSizeBytes) {
    this.kind = kind;
    this.version = version;
    this.maxSizeBytes = maxSizeBytes;
  }

  /** What a file holds. */
  public sealed interface Content {
    record Absent() implements Content {}

    /** Not to be believed in any part. */
    record Damaged(String why) implements Content {}

    record Lines(List<String> lines) implements Content {}
  }

  /** Reads a file; only broken I/O throws. */
  public Content read(Disk disk, Path path) throws IOException {
    FileKind found = disk.kind(path);
    if (found == FileKind.ABSENT) {
      return new Content.Absent();
    }
    if (found != FileKind.FILE) {
      return new Content.Damaged(path + " is not a file");
    }
    byte[] bytes;
    try (DiskFile file = disk.openForReading(path)) {
      long size = file.size();
      if (size > maxSizeBytes) {
        return new Content.Damaged(path + " has " + size + " bytes, more than it ever should");
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) size);
      file.read(0, buffer);
      bytes = new byte[buffer.flip().remaining()];
      buffer.get(bytes);
    }
    return parse(path, bytes);
  }

  private Content parse(Path path, byte[] bytes) {
    int checked = bytes.length - CHECKSUM_LINE_SIZE;
    if (checked <= 0 || bytes[checked - 1] != '\n') {
      return new Content.Damaged(path + " is cut short");
    }
    String text = new String(bytes, 0, checked, StandardCharsets.ISO_8859_1);
    String last = new String(bytes, checked, CHECKSUM_LINE_SIZE, StandardCharsets.ISO_8859_1);
    if (!last.equals(checksumLine(bytes, checked))) {
      return new Content.Damaged(path + " does not match its checksum");
    }
    List<String> lines = List.of(text.substring(0, text.length() - 1).split("\n", -1));
    if (!lines.get(0).equals(headLine())) {
      return new Content.Damaged(
          path + " begins with \"" + lines.get(0) + "\", not with \"" + headLine() + "\"");
    }
    return new Content.Lines(lines.subList(1, lines.size()));
  }

  /** Durable when it returns. */
  public void replace(Disk disk, Path path, List<String> lines) throws IOException {
    replace(disk, path, lines, true);
    disk.syncDirectory(DataPaths.directoryOf(path));
  }

  /** For what can be made again: a power loss soon after may leave it absent, old or damaged. */
  public void replaceUnforced(Disk disk, Path path, List<String> lines) throws IOException {
    replace(disk, path, lines, false);
  }

  private void replace(Disk disk, Path path, List<String> lines, boolean force) throws IOException {
    Path unfinished = DataPaths.unfinished(path);
    if (disk.kind(unfinished) != FileKind.ABSENT) {
      disk.delete(unfinished);
    }
    try (DiskFile file = disk.create(unfinished)) {
      file.write(0, ByteBuffer.wrap(bytes(lines)));
      if (force) {
        file.force();
      }
    }
    disk.rename(unfinished, path);
  }

  private byte[] bytes(List<String> lines) {
    StringBuilder text = new StringBuilder(headLine()).append('\n');
    for (String line : lines) {
      text.append(line).append('\n');
    }
    byte[] body = text.toString().getBytes(StandardCharsets.US_ASCII);
    byte[] end = checksumLine(body, body.length).getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(body.length + end.length).put(body).put(end).array();
  }

  private String headLine() {
    return "# millrace " + kind + " " + version;
  }

  private static String checksumLine(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return CHECKSUM_HEAD + String.format(Locale.ROOT, "%08x", crc.getValue()) + "\n";
  }
}
