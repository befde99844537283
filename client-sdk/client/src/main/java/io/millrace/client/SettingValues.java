package io.millrace.client;

import io.millrace.client.errors.InvalidSettingException;
import java.util.HashMap;
import java.util.Map;

/** Values for some of a table's settings; each was checked when it was put in. */
final class SettingValues {
  private final SettingTable table;
  private final Map<Setting<?>, Object> values;

  SettingValues(SettingTable table) {
    this(table, new HashMap<>());
  }

  private SettingValues(SettingTable table, Map<Setting<?>, Object> values) {
    this.table = table;
    this.values = values;
  }

  SettingValues copy() {
    return new SettingValues(table, new HashMap<>(values));
  }

  <T> void put(Setting<T> setting, T value) {
    if (!setting.check().test(value)) {
      throw refused(setting, setting.print().apply(value));
    }
    values.put(setting, value);
  }

  void putText(String key, String text) {
    putText(table.find(key), text);
  }

  private <T> void putText(Setting<T> setting, String text) {
    T value;
    try {
      value = setting.parse().apply(text.strip());
    } catch (IllegalArgumentException | ArithmeticException e) {
      InvalidSettingException refused = refused(setting, text);
      refused.addSuppressed(e);
      throw refused;
    }
    put(setting, value);
  }

  private static InvalidSettingException refused(Setting<?> setting, String text) {
    String shown = text.length() > 100 ? text.substring(0, 100) + "…" : text;
    return new InvalidSettingException(
        setting.key(), setting.key() + " is \"" + shown + "\" but may be: " + setting.allowed());
  }

  /** The value given, else the preset. */
  @SuppressWarnings("unchecked") // put() lets in nothing else
  <T> T get(Setting<T> setting) {
    Object value = values.getOrDefault(setting, setting.preset());
    if (value == null) {
      throw new InvalidSettingException(setting.key(), setting.key() + " must be given");
    }
    return (T) value;
  }

  /** All that was given, as it would be written. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Setting<?> setting : table.settings()) {
      if (values.containsKey(setting)) {
        text.append(text.isEmpty() ? "" : ", ").append(setting.key()).append('=');
        text.append(print(setting));
      }
    }
    return text.toString();
  }

  private <T> String print(Setting<T> setting) {
    return setting.print().apply(get(setting));
  }
}
