package io.millrace.server.config;

import io.millrace.wire.v1.SettingSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The values of a table of keys, laid over each other by the place they were set in, each checked
 * against its own key. Problems gather, so that an operator sees all of them at once.
 */
final class KeyValues {
  private final Map<String, Key<?>> keys = new LinkedHashMap<>();
  private final Map<String, PropertiesText.Entry> set = new LinkedHashMap<>();
  private final List<SettingProblem> problems = new ArrayList<>();

  KeyValues(Collection<Key<?>> declared) {
    declared.forEach(key -> keys.put(key.name(), key));
  }

  /** Later layers win. */
  void lay(Map<String, PropertiesText.Entry> layer) {
    layer.forEach(
        (name, entry) -> {
          Key<?> key = keys.get(name);
          if (key == null) {
            String nearest = NearestName.of(name, keys.keySet());
            problems.add(SettingProblem.unknown(name, entry.value(), entry.origin(), nearest));
          } else if (key.parser().apply(entry.value()).isEmpty()) {
            problems.add(SettingProblem.notAllowed(key, entry.value(), entry.origin()));
          } else {
            set.put(name, entry);
          }
        });
  }

  /** Of a topic. */
  void lay(Map<String, String> layer, String origin) {
    lay(layer, origin, SettingSource.FROM_TOPIC);
  }

  void lay(Map<String, String> layer, String origin, SettingSource source) {
    Map<String, PropertiesText.Entry> entries = new LinkedHashMap<>();
    layer.forEach(
        (name, value) -> entries.put(name, new PropertiesText.Entry(value, origin, source)));
    lay(entries);
  }

  /** As it is set, and allowed; empty where the default holds. */
  Optional<PropertiesText.Entry> entry(Key<?> key) {
    return Optional.ofNullable(set.get(key.name()));
  }

  EffectiveSetting effective(Key<?> key) {
    return entry(key)
        .map(entry -> EffectiveSetting.of(key, entry.value(), entry.source()))
        .orElseGet(() -> EffectiveSetting.of(key, key.defaultText(), SettingSource.BUILT_IN));
  }

  /** Its default where it is not set, or set to what is not allowed. */
  <T> T get(Key<T> key) {
    PropertiesText.Entry entry = set.get(key.name());
    Optional<T> value = entry == null ? Optional.empty() : key.parser().apply(entry.value());
    return value.orElseGet(key::preset);
  }

  /** {@code key=value (origin)}, for rules that span keys. */
  String describe(Key<?> key) {
    PropertiesText.Entry entry = set.get(key.name());
    return entry == null
        ? key.name() + "=" + key.defaultText() + " (default)"
        : key.name()
            + "="
            + (key.isSecret() ? SettingProblem.HIDDEN : entry.value())
            + " ("
            + entry.origin()
            + ")";
  }

  void refuse(String message) {
    problems.add(new SettingProblem(message));
  }

  List<SettingProblem> problems() {
    return List.copyOf(problems);
  }
}
