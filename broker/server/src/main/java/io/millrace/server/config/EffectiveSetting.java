package io.millrace.server.config;

import io.millrace.wire.v1.SettingSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A setting as it holds, and where it comes from; for people.
 *
 * @param value as it would be written; empty for a secret
 * @param defaultValue what would hold if it were not set where it is
 * @param isDynamic changes take effect without a restart
 */
public record EffectiveSetting(
    Key<?> key, String value, String defaultValue, SettingSource source, boolean isDynamic) {

  static EffectiveSetting of(Key<?> key, String value, SettingSource source) {
    return key.isSecret()
        ? new EffectiveSetting(key, "", "", source, false)
        : new EffectiveSetting(key, value, key.defaultText(), source, false);
  }

  /**
   * All of a topic's settings; what it has set and is not known here comes last.
   *
   * @param own of the topic
   */
  public static List<EffectiveSetting> ofTopic(
      Map<String, String> own, int replicationFactor, TopicDefaults defaults) {
    List<EffectiveSetting> all = new ArrayList<>();
    for (Key<?> key : TopicKeys.all()) {
      PropertiesText.Entry set = defaults.settings().get(key.name());
      String inherited = set == null ? key.defaultText() : set.value();
      if (key.equals(TopicKeys.MIN_IN_SYNC)) {
        inherited = Integer.toString(Math.min(Integer.parseInt(inherited), replicationFactor));
      }
      String value = own.get(key.name());
      SettingSource from = set == null ? SettingSource.BUILT_IN : set.source();
      all.add(
          value != null && key.parser().apply(value).isPresent()
              ? new EffectiveSetting(key, value, inherited, SettingSource.FROM_TOPIC, true)
              : new EffectiveSetting(key, inherited, inherited, from, true));
    }
    new TreeMap<>(own)
        .forEach(
            (name, value) -> {
              if (TopicKeys.find(name).isEmpty()) {
                all.add(
                    new EffectiveSetting(
                        Key.foreign(name), value, "", SettingSource.FROM_TOPIC, true));
              }
            });
    return all;
  }
}
