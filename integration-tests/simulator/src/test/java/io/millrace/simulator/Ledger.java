package io.millrace.simulator;

import io.millrace.rpc.SimulatedScheduler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What the clients were told: the history for the checker, and beside it what the world's own
 * checks want at hand. Owner: the world's thread.
 */
final class Ledger {
  static final String TOPIC = "t";

  /** A value that was acknowledged as safe, and by the leader of which epoch. */
  record Acked(String value, int leaderEpoch) {}

  private final Journal journal;

  /** By partition and offset. */
  private final Map<Integer, NavigableMap<Long, Acked>> acked = new TreeMap<>();

  /** By writer and partition, in the order of {@code send}. */
  private final Map<String, Map<Integer, List<String>>> sent = new LinkedHashMap<>();

  private int lastAckedPartition = -1;

  Ledger(SimulatedScheduler scheduler) {
    journal = new Journal(scheduler);
  }

  static String key(int partition) {
    return TOPIC + "-" + partition;
  }

  Journal journal() {
    return journal;
  }

  void sent(String writer, int partition, String value) {
    sent.computeIfAbsent(writer, name -> new TreeMap<>())
        .computeIfAbsent(partition, number -> new ArrayList<>())
        .add(value);
  }

  Map<String, Map<Integer, List<String>>> sent() {
    return sent;
  }

  /** For whoever waits for the next one. */
  int lastAckedPartition() {
    return lastAckedPartition;
  }

  void forgetLastAcked() {
    lastAckedPartition = -1;
  }

  void acknowledged(int partition, long offset, String value, int leaderEpoch) {
    lastAckedPartition = partition;
    acked
        .computeIfAbsent(partition, number -> new TreeMap<>())
        .put(offset, new Acked(value, leaderEpoch));
  }

  /** At the levels that promise something beyond the leader's own life. */
  NavigableMap<Long, Acked> acknowledged(int partition) {
    return acked.getOrDefault(partition, new TreeMap<>());
  }

  int acknowledgedCount() {
    return acked.values().stream().mapToInt(Map::size).sum();
  }
}
