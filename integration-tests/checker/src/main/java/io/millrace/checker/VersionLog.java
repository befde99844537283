package io.millrace.checker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is known of one key's log: which values stand at which offsets. Offsets may have holes;
 * without them, each offset that holds something has an index.
 */
final class VersionLog {
  private final NavigableMap<Long, Set<String>> values = new TreeMap<>();
  private final Map<String, NavigableSet<Long>> offsets = new HashMap<>();
  private Map<Long, Integer> indexes = Map.of();

  void add(long offset, String value) {
    values.computeIfAbsent(offset, o -> new TreeSet<>()).add(value);
    offsets.computeIfAbsent(value, v -> new TreeSet<>()).add(offset);
  }

  /** Once everything was added. */
  void close() {
    indexes = new HashMap<>();
    for (Long offset : values.keySet()) {
      indexes.put(offset, indexes.size());
    }
  }

  NavigableMap<Long, Set<String>> values() {
    return values;
  }

  Map<String, NavigableSet<Long>> offsets() {
    return offsets;
  }

  boolean knows(String value) {
    return offsets.containsKey(value);
  }

  /** Of an offset that was added. */
  int index(long offset) {
    return indexes.getOrDefault(offset, -1);
  }

  /** Of a value that was added; the first place of one that stands at several. */
  int firstIndex(String value) {
    return index(offsetsOf(value).first());
  }

  int lastIndex(String value) {
    return index(offsetsOf(value).last());
  }

  private NavigableSet<Long> offsetsOf(String value) {
    return Objects.requireNonNull(offsets.get(value));
  }

  /** One value for each offset, in order. */
  List<String> order() {
    List<String> order = new ArrayList<>();
    for (Set<String> at : values.values()) {
      order.add(at.iterator().next());
    }
    return order;
  }
}
