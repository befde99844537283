package io.millrace.storage.log;

import java.nio.file.Path;

/**
 * Something that is not as it should be.
 *
 * @param position in the file, -1 where it concerns the whole of it
 */
public record Finding(Severity severity, Path file, long position, String what) {
  /** What it means for the log. */
  public enum Severity {
    /** Records cannot be read, or cannot be trusted. */
    DAMAGE,
    /** A broker repairs it when it opens the log: an unfinished write, an index. */
    REPAIRABLE,
    /** Harmless. */
    NOTE
  }

  @Override
  public String toString() {
    String where = position < 0 ? "" : " at position " + position;
    return severity + " " + file + where + ": " + what;
  }
}
