package io.millrace.client;

import io.millrace.client.errors.InvalidSettingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The settings a client has: all that may be given, and nothing else. */
final class SettingTable {
  /** Where people who know Kafka look first. */
  private static final Map<String, String> NAMES_FROM_KAFKA =
      Map.of(
          "bootstrap.servers", "cluster",
          "acks", "durability",
          "retries", "delivery.timeout.ms",
          "enable.idempotence", "idempotence",
          "max.in.flight.requests.per.connection", "max.in.flight.bytes");

  private final String client;
  private final List<Setting<?>> settings;

  SettingTable(String client, List<Setting<?>> own) {
    this.client = client;
    this.settings = new ArrayList<>(ClientSettings.SHARED);
    this.settings.addAll(own);
  }

  List<Setting<?>> settings() {
    return settings;
  }

  /** The setting of that key. */
  Setting<?> find(String key) {
    for (Setting<?> setting : settings) {
      if (setting.key().equals(key)) {
        return setting;
      }
    }
    throw new InvalidSettingException(
        key,
        "a "
            + client
            + " has no setting \""
            + key
            + "\"; did you mean \""
            + nearest(key)
            + "\"? CLIENTS.md lists them all");
  }

  private String nearest(String key) {
    @Nullable String known = NAMES_FROM_KAFKA.get(key);
    if (known != null && settings.stream().anyMatch(setting -> setting.key().equals(known))) {
      return known;
    }
    String nearest = "";
    int smallest = Integer.MAX_VALUE;
    for (Setting<?> setting : settings) {
      int distance = distance(key, setting.key());
      if (distance < smallest) {
        smallest = distance;
        nearest = setting.key();
      }
    }
    return nearest;
  }

  /** Levenshtein's: how many characters to insert, delete or replace. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
