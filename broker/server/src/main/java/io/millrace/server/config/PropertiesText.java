package io.millrace.server.config;

import io.millrace.wire.v1.SettingSource;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file format: UTF-8, a {@code key = value} a line, {@code #} before a comment line. No
 * escapes, no continuation lines, no includes: a value is what stands there.
 */
final class PropertiesText {
  /** A hundred times what anybody needs, and still nothing to a heap. */
  static final int MAX_SIZE_BYTES = 1 << 20;

  private static final ByteBuffer BYTE_ORDER_MARK =
      ByteBuffer.wrap(new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf}).asReadOnlyBuffer();

  private PropertiesText() {}

  /**
   * A value and where it stands.
   *
   * @param origin for people, more precise than the source
   */
  record Entry(String value, String origin, SettingSource source) {}

  sealed interface Parsed {
    record Entries(Map<String, Entry> byKey) implements Parsed {}

    record Refused(List<SettingProblem> problems) implements Parsed {}
  }

  /**
   * @param name of the file, for messages
   */
  static Parsed parse(String name, ByteBuffer bytes) {
    if (bytes.remaining() > MAX_SIZE_BYTES) {
      return refused(
          name
              + " is "
              + bytes.remaining()
              + " bytes long; at most "
              + MAX_SIZE_BYTES
              + " are read");
    }
    if (bytes.remaining() >= 3 && bytes.slice(bytes.position(), 3).equals(BYTE_ORDER_MARK)) {
      return refused(name + " begins with a byte order mark; save it as UTF-8 without one");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
    } catch (CharacterCodingException e) {
      return refused(name + " is not UTF-8 (perhaps Latin-1); save it as UTF-8");
    }
    return lines(name, text);
  }

  private static Parsed lines(String name, String text) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    List<SettingProblem> problems = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String origin = name + " line " + number;
      String content = line.strip();
      if (content.isEmpty() || content.startsWith("#")) {
        continue;
      }
      int equals = content.indexOf('=');
      if (content.matches("include\\b.*")) {
        problems.add(
            new SettingProblem(origin + ": include is not supported; keep all keys in one file"));
      } else if (content.endsWith("\\")) {
        problems.add(new SettingProblem(origin + ": a value must stand on one line"));
      } else if (equals < 1) {
        problems.add(
            new SettingProblem(
                origin + ": expected key=value, found " + SettingProblem.printable(content)));
      } else {
        String key = content.substring(0, equals).strip();
        Entry entry =
            new Entry(content.substring(equals + 1).strip(), origin, SettingSource.FROM_FILE);
        Entry earlier = entries.putIfAbsent(key, entry);
        if (earlier != null) {
          problems.add(
              new SettingProblem(
                  SettingProblem.printable(key)
                      + " is set twice: "
                      + earlier.origin()
                      + " and "
                      + origin));
        }
      }
    }
    return problems.isEmpty() ? new Parsed.Entries(entries) : new Parsed.Refused(problems);
  }

  private static Parsed refused(String message) {
    return new Parsed.Refused(List.of(new SettingProblem(message)));
  }
}
