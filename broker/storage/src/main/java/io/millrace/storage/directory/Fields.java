package io.millrace.storage.directory;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code key=value} pairs read strictly: all that are expected, in their order, and no others. */
final class Fields {
  private final Map<String, String> values = new LinkedHashMap<>();

  private Fields() {}

  /** Null when the pairs are not exactly those of the keys. */
  static @Nullable Fields parse(List<String> pairs, String... keys) {
    if (pairs.size() != keys.length) {
      return null;
    }
    Fields fields = new Fields();
    for (int i = 0; i < keys.length; i++) {
      String pair = pairs.get(i);
      if (!pair.startsWith(keys[i] + "=")) {
        return null;
      }
      fields.values.put(keys[i], pair.substring(keys[i].length() + 1));
    }
    return fields;
  }

  String text(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no such key: " + key);
    }
    return value;
  }

  /** A decimal number from {@code min} up, in its only spelling; null for anything else. */
  @Nullable Long number(String key, long min) {
    String value = text(key);
    try {
      long number = Long.parseLong(value);
      return number >= min && Long.toString(number).equals(value) ? number : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  @Nullable Integer integer(String key, int min) {
    Long number = number(key, min);
    return number != null && number <= Integer.MAX_VALUE ? number.intValue() : null;
  }
}
