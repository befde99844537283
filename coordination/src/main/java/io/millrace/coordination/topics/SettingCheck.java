package io.millrace.coordination.topics;

import java.util.List;
import java.util.Map;

/** Knows what topic settings mean: the broker's declared table. Safe for any thread. */
public interface SettingCheck {
  /** Everything that is wrong with them, for people; empty when nothing is. B62, B63. */
  List<String> faults(Map<String, String> settings, int replicationFactor);
}
