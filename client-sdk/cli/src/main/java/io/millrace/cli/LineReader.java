package io.millrace.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Cuts a stream of bytes into lines at each line feed, changing no byte and knowing no character
 * set: a carriage return, a NUL or half a UTF-8 sequence is part of the line. A last line without a
 * line feed counts; nothing after a last line feed does not.
 *
 * <p>The line is seen in place, in the reader's own buffer, until the next call of {@link #next}.
 */
final class LineReader {
  private static final int FIRST_BUFFER_SIZE = 64 * 1024;

  private final InputStream input;
  private final int maxLineSize;

  private byte[] buffer;

  /** The bytes read and not yet handed out are {@code [lineEnd, filled)}, but for a line feed. */
  private int filled;

  private int lineStart;
  private int lineEnd;
  private boolean lineFeedFollows;
  private boolean exhausted;
  private long lineNumber;

  LineReader(InputStream input, int maxLineSize) {
    this(input, maxLineSize, FIRST_BUFFER_SIZE);
  }

  /** For tests, which want a line to cross the end of the buffer. */
  LineReader(InputStream input, int maxLineSize, int firstBufferSize) {
    this.input = input;
    this.maxLineSize = maxLineSize;
    this.buffer = new byte[firstBufferSize];
  }

  /**
   * Goes on to the next line; false at the end of the stream.
   *
   * @throws LineTooLongException before more than the limit is kept in memory
   */
  boolean next() throws IOException {
    lineStart = lineFeedFollows ? lineEnd + 1 : lineEnd;
    int searched = 0;
    while (true) {
      int lineFeed = indexOfLineFeed(lineStart + searched);
      if (lineFeed >= 0) {
        return found(lineFeed, true);
      }
      searched = filled - lineStart;
      if (searched > maxLineSize) {
        throw new LineTooLongException(lineNumber + 1, maxLineSize);
      }
      if (exhausted || !readMore()) {
        return searched > 0 && found(filled, false);
      }
    }
  }

  private boolean readMore() throws IOException {
    if (filled == buffer.length) {
      makeRoom();
    }
    int read = input.read(buffer, filled, buffer.length - filled);
    if (read < 0) {
      exhausted = true;
      return false;
    }
    filled += read;
    return true;
  }

  /** Moves the unfinished line to the front, of a larger buffer when it fills more than half. */
  private void makeRoom() {
    int kept = filled - lineStart;
    byte[] target = buffer;
    if (kept > buffer.length / 2) {
      target = new byte[(int) Math.max(kept + 1L, Math.min(2L * buffer.length, maxLineSize + 1L))];
    }
    System.arraycopy(buffer, lineStart, target, 0, kept);
    buffer = target;
    lineStart = 0;
    filled = kept;
  }

  private boolean found(int end, boolean endedByLineFeed) throws LineTooLongException {
    if (end - lineStart > maxLineSize) {
      throw new LineTooLongException(lineNumber + 1, maxLineSize);
    }
    lineEnd = end;
    lineFeedFollows = endedByLineFeed;
    lineNumber++;
    return true;
  }

  private int indexOfLineFeed(int from) {
    byte[] bytes = buffer;
    int end = filled;
    for (int i = from; i < end; i++) {
      if (bytes[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  /** Holds the line from {@link #start} on. */
  byte[] buffer() {
    return buffer;
  }

  int start() {
    return lineStart;
  }

  int length() {
    return lineEnd - lineStart;
  }

  /** Counted from 1. */
  long lineNumber() {
    return lineNumber;
  }

  byte[] copy() {
    return Arrays.copyOfRange(buffer, lineStart, lineEnd);
  }

  /**
   * True when the next line is at hand without reading, so that a caller need not expect to wait.
   */
  boolean hasBuffered() {
    return exhausted || indexOfLineFeed(lineFeedFollows ? lineEnd + 1 : lineEnd) >= 0;
  }

  /** A line that is longer than any record may be. */
  static final class LineTooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    LineTooLongException(long lineNumber, int maxLineSize) {
      super("line " + lineNumber + " is longer than " + maxLineSize + " bytes, the largest record");
    }
  }
}
