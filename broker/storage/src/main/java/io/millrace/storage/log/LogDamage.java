package io.millrace.storage.log;

import java.nio.file.Path;

/**
 * A range of a log whose bytes are not what was written. What stands before and behind it is whole.
 *
 * @param file the segment
 * @param position where it begins in the file
 * @param endPosition where the next whole batch stands, or the segment ends
 * @param fromOffset the first offset that cannot be read
 * @param toOffset the first one behind that can
 * @param what is wrong, as a clause
 */
public record LogDamage(
    Path file, int position, int endPosition, long fromOffset, long toOffset, String what) {
  public LogDamage {
    if (position < 0 || endPosition <= position || fromOffset < 0 || toOffset <= fromOffset) {
      throw new IllegalArgumentException("no range: " + position + ", " + fromOffset);
    }
  }

  public boolean covers(long offset) {
    return offset >= fromOffset && offset < toOffset;
  }

  int sizeBytes() {
    return endPosition - position;
  }

  /** What is left of it when its beginning has been put right. */
  LogDamage from(int newPosition, long newOffset) {
    return new LogDamage(file, newPosition, endPosition, newOffset, toOffset, what);
  }

  /** Where it is and what is wrong, for people, as a clause. */
  @Override
  public String toString() {
    return "offsets "
        + fromOffset
        + " to "
        + (toOffset - 1)
        + " are damaged, at position "
        + position
        + " of "
        + file
        + ": "
        + what;
  }
}
