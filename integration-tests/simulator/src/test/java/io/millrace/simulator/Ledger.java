package io.millrace.simulator;

import io.millrace.rpc.SimulatedScheduler;
import java.util.ArrayList;
import java.util.HashMap;
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

  /** Of idempotent writers: by writer and partition, in the order of {@code send}. */
  private final Map<String, Map<Integer, List<String>>> numbered = new LinkedHashMap<>();

  /** By partition: what a leader knew to be there already, but not at which offset. */
  private final Map<Integer, List<String>> somewhere = new TreeMap<>();

  private final Map<Integer, Long> shown = new HashMap<>();
  private int lastAckedPartition = -1;
  private AckListener listener = (partition, offset, leaderEpoch) -> {};

  /** Hears of each acknowledgement of a level that promises something. */
  @FunctionalInterface
  interface AckListener {
    void acknowledged(int partition, long offset, int leaderEpoch);
  }

  Ledger(SimulatedScheduler scheduler) {
    journal = new Journal(scheduler);
  }

  void onAcknowledged(AckListener listener) {
    this.listener = listener;
  }

  static String key(int partition) {
    return TOPIC + "-" + partition;
  }

  Journal journal() {
    return journal;
  }

  /** An idempotent writer sends this. */
  void numbered(String writer, int partition, String value) {
    numbered
        .computeIfAbsent(writer, name -> new TreeMap<>())
        .computeIfAbsent(partition, number -> new ArrayList<>())
        .add(value);
  }

  Map<String, Map<Integer, List<String>>> numbered() {
    return numbered;
  }

  /** The topic is another one from here on. */
  void forget() {
    journal.forget();
    acked.clear();
    numbered.clear();
    somewhere.clear();
    shown.clear();
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
    listener.acknowledged(partition, offset, leaderEpoch);
  }

  /** Safe, by a repeated batch so old that its offset is not known any more. */
  void acknowledgedSomewhere(int partition, String value) {
    somewhere.computeIfAbsent(partition, number -> new ArrayList<>()).add(value);
  }

  List<String> acknowledgedSomewhere(int partition) {
    return somewhere.getOrDefault(partition, List.of());
  }

  /** A leader shows everything below that offset. */
  void shown(int partition, long watermark) {
    shown.merge(partition, watermark, Math::max);
  }

  /** Everything below it somebody may have read, whether or not it was acknowledged. */
  long shownEnd(int partition) {
    return shown.getOrDefault(partition, 0L);
  }

  /** At the levels that promise something beyond the leader's own life. */
  NavigableMap<Long, Acked> acknowledged(int partition) {
    return acked.getOrDefault(partition, new TreeMap<>());
  }

  int acknowledgedCount() {
    return acked.values().stream().mapToInt(Map::size).sum();
  }
}
