package io.millrace.storage.log;

import io.millrace.storage.directory.CheckedText;
import io.millrace.storage.directory.DataPaths;
import io.millrace.storage.files.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far compaction has come in a log: {@code compaction} in its directory. Not forced, since
 * nothing depends on it: without it everything counts as never compacted.
 *
 * <pre>
 * # millrace compaction 1
 * cleaned 4711                 all before it has been compacted
 * horizon 1800000000000        when the first tombstone may go; without that line there is none
 * # crc32c 1f2e3d4c
 * </pre>
 */
final class CompactionFile {
  private static final CheckedText TEXT = new CheckedText("compaction", 1, 4096);
  private static final Pattern CLEANED = Pattern.compile("cleaned ([0-9]{1,18})");
  private static final Pattern HORIZON = Pattern.compile("horizon ([0-9]{1,18})");

  private CompactionFile() {}

  /**
   * What it says.
   *
   * @param nextHorizonMillis {@link Long#MAX_VALUE} for none
   */
  record Progress(long cleanedTo, long nextHorizonMillis) {
    static final Progress NONE = new Progress(0, Long.MAX_VALUE);
  }

  static Progress read(Disk disk, Path directory) throws IOException {
    if (!(TEXT.read(disk, DataPaths.compaction(directory)) instanceof CheckedText.Content.Lines all)
        || all.lines().isEmpty()) {
      return Progress.NONE;
    }
    Matcher cleaned = CLEANED.matcher(all.lines().get(0));
    if (!cleaned.matches()) {
      return Progress.NONE;
    }
    long horizon = Long.MAX_VALUE;
    if (all.lines().size() > 1) {
      Matcher matcher = HORIZON.matcher(all.lines().get(1));
      if (!matcher.matches()) {
        return Progress.NONE;
      }
      horizon = Long.parseLong(matcher.group(1));
    }
    return new Progress(Long.parseLong(cleaned.group(1)), horizon);
  }

  static void write(Disk disk, Path directory, Progress progress) throws IOException {
    String cleaned = "cleaned " + progress.cleanedTo();
    TEXT.replaceUnforced(
        disk,
        DataPaths.compaction(directory),
        progress.nextHorizonMillis() == Long.MAX_VALUE
            ? List.of(cleaned)
            : List.of(cleaned, "horizon " + progress.nextHorizonMillis()));
  }
}
