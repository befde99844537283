package io.millrace.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * Writes one JSON document on one line. The caller opens and closes in pairs; what would not be
 * JSON is refused by an exception, since only a bug can ask for it.
 */
public final class JsonText {
  private final StringBuilder out = new StringBuilder();
  private final Deque<Character> closers = new ArrayDeque<>();
  private boolean first = true;

  public JsonText beginObject() {
    return open('{', '}');
  }

  public JsonText beginArray() {
    return open('[', ']');
  }

  public JsonText end() {
    out.append(closers.pop().charValue());
    first = false;
    return this;
  }

  /** The name of the member whose value comes next. */
  public JsonText name(String name) {
    separate();
    quoted(name);
    out.append(':');
    first = true;
    return this;
  }

  public JsonText value(String value) {
    separate();
    quoted(value);
    return this;
  }

  public JsonText value(long value) {
    separate();
    out.append(value);
    return this;
  }

  /** Three places behind the point are enough for what people measure. */
  public JsonText value(double value) {
    separate();
    out.append(Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : "null");
    return this;
  }

  public JsonText value(boolean value) {
    separate();
    out.append(value);
    return this;
  }

  public JsonText nullValue() {
    separate();
    out.append("null");
    return this;
  }

  public JsonText field(String name, String value) {
    return name(name).value(value);
  }

  public JsonText field(String name, long value) {
    return name(name).value(value);
  }

  public JsonText field(String name, double value) {
    return name(name).value(value);
  }

  public JsonText field(String name, boolean value) {
    return name(name).value(value);
  }

  /** For the next document. */
  public void clear() {
    out.setLength(0);
    closers.clear();
    first = true;
  }

  @Override
  public String toString() {
    if (!closers.isEmpty()) {
      throw new IllegalStateException(closers.size() + " left open in " + out);
    }
    return out.toString();
  }

  private JsonText open(char opener, char closer) {
    separate();
    out.append(opener);
    closers.push(closer);
    first = true;
    return this;
  }

  private void separate() {
    if (!first) {
      out.append(',');
    }
    first = false;
  }

  private void quoted(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          // A lone surrogate has no UTF-8 form; the C1 controls would steer a terminal.
          if (c < ' ' || (c >= 0x7f && c < 0xa0) || isLoneSurrogate(text, i)) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static boolean isLoneSurrogate(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
