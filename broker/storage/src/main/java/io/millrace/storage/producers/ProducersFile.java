package io.millrace.storage.producers;

import io.millrace.storage.directory.CheckedText;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A table as of an offset, on disk: {@code 00000000000000001042.producers}.
 *
 * <pre>
 * # millrace producers 1
 * end 1042 epoch 7                        all batches before 1042 count; the last is of epoch 7
 * 4711 0 980:1800000000123:57+20:9f65.. 1000:...      producer, its epoch, its batches:
 *                                         offset, append time, first sequence + records, checksum, or "any"
 * # crc32c 1f2e3d4c
 * </pre>
 *
 * <p>The producer that was silent for longest stands first. Nothing depends on the file: who cannot
 * believe it reads the log.
 */
public final class ProducersFile {
  private static final CheckedText TEXT = new CheckedText("producers", 1, 64 << 20);

  private static final int HEX = 16;

  /** In the place of a checksum: compaction has written the batch again. */
  private static final String ANY = "any";

  private static final Pattern HEAD = Pattern.compile("end ([0-9]{1,19}) epoch (-1|[0-9]{1,10})");

  private ProducersFile() {}

  /** What a file says, and the leader epoch of the last batch that counts, -1 for none. */
  public record Content(ProducerTable table, int lastEpoch) {}

  /**
   * Not forced: nothing depends on it.
   *
   * @param lastEpoch the leader epoch of the last batch before the offset, -1 when there is none:
   *     whoever has another one there has another log
   */
  public static void write(Disk disk, Path path, long offset, int lastEpoch, ProducerTable table)
      throws IOException {
    List<String> lines = new ArrayList<>(table.size() + 1);
    lines.add("end " + offset + " epoch " + lastEpoch);
    for (Producer producer : table.all()) {
      lines.add(line(producer));
    }
    TEXT.replaceUnforced(disk, path, lines);
  }

  static String line(Producer producer) {
    StringBuilder line = new StringBuilder(64);
    line.append(producer.id()).append(' ').append(producer.epoch());
    for (int i = 0; i < producer.count(); i++) {
      line.append(' ')
          .append(producer.baseOffset(i))
          .append(':')
          .append(producer.timeMillis(i))
          .append(':')
          .append(producer.firstSequence(i))
          .append('+')
          .append(producer.recordCount(i))
          .append(':')
          .append(crc(producer.crc(i)));
    }
    return line.toString();
  }

  private static String crc(long crc) {
    return crc == Producer.ANY_CRC ? ANY : Integer.toHexString((int) crc);
  }

  private static long crc(String field) {
    return field.equals(ANY) ? Producer.ANY_CRC : Integer.parseUnsignedInt(field, HEX);
  }

  /** Null when there is nothing that can be believed; only broken I/O throws. */
  public static @Nullable Content read(Disk disk, Path path, long offset, ProducerLimits limits)
      throws IOException {
    if (!(TEXT.read(disk, path) instanceof CheckedText.Content.Lines content)
        || content.lines().isEmpty()) {
      return null;
    }
    Matcher head = HEAD.matcher(content.lines().get(0));
    ProducerTable table = new ProducerTable(limits);
    try {
      if (!head.matches() || Long.parseLong(head.group(1)) != offset) {
        return null;
      }
      for (String line : content.lines().subList(1, content.lines().size())) {
        if (!parse(line, offset, table)) {
          return null;
        }
      }
      return new Content(table, Integer.parseInt(head.group(2)));
    } catch (NumberFormatException e) {
      return null; // a number that no field can have
    }
  }

  private static boolean parse(String line, long end, ProducerTable into) {
    String[] parts = line.split(" ", -1);
    if (parts.length < 3 || parts.length > 2 + Producer.REMEMBERED) {
      return false;
    }
    long id = Long.parseLong(parts[0]);
    int epoch = Integer.parseInt(parts[1]);
    if (id < 0 || epoch < 0 || into.find(id) != null) {
      return false;
    }
    long before = 0;
    for (int i = 2; i < parts.length; i++) {
      String[] fields = parts[i].split("[:+]", -1);
      if (fields.length != 5) {
        return false;
      }
      long offset = Long.parseLong(fields[0]);
      long time = Long.parseLong(fields[1]);
      int first = Integer.parseInt(fields[2]);
      int records = Integer.parseInt(fields[3]);
      if (offset < before || first < 0 || records < 1 || offset > end - records) {
        return false;
      }
      into.learn(id, epoch, first, records, offset, time, crc(fields[4]));
      before = offset + records;
    }
    return true;
  }
}
