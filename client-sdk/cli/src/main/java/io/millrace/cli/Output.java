package io.millrace.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Where results go: bytes as they are, buffered until {@link #flush}. Tells a reader that has gone
 * ({@code | head}) from a write that failed.
 */
public final class Output extends OutputStream {
  private static final int BUFFER_SIZE = 64 * 1024;

  private final OutputStream raw;
  private final byte[] buffer = new byte[BUFFER_SIZE];
  private int filled;

  /**
   * @param raw unbuffered, and one that throws: a PrintStream would hide that nobody reads
   */
  public Output(OutputStream raw) {
    this.raw = raw;
  }

  /** The text and a line feed. */
  public void println(String line) throws IOException {
    print(line);
    write('\n');
  }

  public void print(String text) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void write(int oneByte) throws IOException {
    if (filled == buffer.length) {
      drain();
    }
    buffer[filled++] = (byte) oneByte;
  }

  @Override
  public void write(byte[] bytes, int start, int length) throws IOException {
    if (length > buffer.length - filled) {
      drain();
    }
    if (length > buffer.length) {
      writeThrough(bytes, start, length);
      return;
    }
    System.arraycopy(bytes, start, buffer, filled, length);
    filled += length;
  }

  /** The remaining bytes; the buffer's position stays. */
  void write(ByteBuffer bytes) throws IOException {
    int position = bytes.position();
    int end = bytes.limit();
    while (position < end) {
      if (filled == buffer.length) {
        drain();
      }
      int piece = Math.min(end - position, buffer.length - filled);
      bytes.get(position, buffer, filled, piece);
      filled += piece;
      position += piece;
    }
  }

  @Override
  public void flush() throws IOException {
    drain();
    try {
      raw.flush();
    } catch (IOException e) {
      throw translated(e);
    }
  }

  private void drain() throws IOException {
    int length = filled;
    filled = 0;
    if (length > 0) {
      writeThrough(buffer, 0, length);
    }
  }

  private void writeThrough(byte[] bytes, int start, int length) throws IOException {
    try {
      raw.write(bytes, start, length);
    } catch (IOException e) {
      throw translated(e);
    }
  }

  private static IOException translated(IOException e) {
    String message = String.valueOf(e.getMessage());
    // The system's own text; translations of it keep the English words in brackets.
    return message.toLowerCase(Locale.ROOT).contains("broken pipe")
        ? new ReaderGoneException(e)
        : new IOException("cannot write to standard output: " + message, e);
  }

  /** Nobody reads any more: not an error, but the end. */
  static final class ReaderGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    ReaderGoneException(IOException cause) {
      super(cause);
    }
  }
}
