package io.millrace.simulator;

import io.millrace.checker.Anomaly;
import io.millrace.checker.Expectations;
import io.millrace.checker.HistoryChecker;
import io.millrace.checker.log.LogProblem;
import io.millrace.checker.log.ReplicaLog;
import io.millrace.simulator.ClusterEye.Seen;
import io.millrace.simulator.Violation.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/** What is checked when everything has come to rest: the history, and the disks. */
final class FinalChecks {
  private final World world;
  private final Options options;
  private final ClusterEye eye;
  private final Ledger ledger;
  private final Clients clients;
  private final CopyAtlas atlas;
  private final boolean bitsWereFlipped;
  private final Reader drain;

  FinalChecks(
      World world,
      Options options,
      ClusterEye eye,
      Ledger ledger,
      Clients clients,
      CopyAtlas atlas,
      boolean bitsWereFlipped,
      Reader drain) {
    this.world = world;
    this.options = options;
    this.eye = eye;
    this.ledger = ledger;
    this.clients = clients;
    this.atlas = atlas;
    this.bitsWereFlipped = bitsWereFlipped;
    this.drain = drain;
  }

  void apply() {
    for (Map.Entry<String, Seen> each : eye.partitions().entrySet()) {
      partition(each.getKey(), each.getValue());
    }
    if (!atlas.lossIsPermitted()) {
      surprises();
      history();
    }
  }

  /** All replicas the same, and everything acknowledged in them. */
  private void partition(String path, Seen seen) {
    int partition = Disks.partitionOf(path);
    List<ReplicaLog> logs = new ArrayList<>();
    for (int replica : seen.content().getReplicasList()) {
      logs.add(Disks.log(world.machines().get(replica - 1), Disks.topicIdOf(path), partition));
    }
    List<LogProblem> problems = Disks.problems(logs);
    if (!problems.isEmpty()) {
      world.violated(Rule.I4_SAME_LOGS, path + ": " + problems);
    }
    for (ReplicaLog log : logs) {
      NavigableMap<Long, String> values = log.values();
      ledger
          .acknowledged(partition)
          .forEach(
              (offset, acked) -> {
                if (!acked.value().equals(values.get(offset))
                    && !atlas.mayBeLost(partition, offset)) {
                  world.violated(
                      Rule.I1_ACKNOWLEDGED_IS_KEPT,
                      "%s of %s: offset %d holds %s instead of %s, acknowledged in epoch %d"
                          .formatted(
                              path,
                              log.name(),
                              offset,
                              values.get(offset),
                              acked.value(),
                              acked.leaderEpoch()));
                }
              });
    }
    if (!logs.isEmpty()) {
      order(partition, logs.get(0).values());
      somewhere(partition, logs.get(0).values());
    }
  }

  /** I1 of what was acknowledged without an offset. */
  private void somewhere(int partition, NavigableMap<Long, String> values) {
    for (String value : ledger.acknowledgedSomewhere(partition)) {
      if (!values.containsValue(value) && !atlas.lossIsPermitted()) {
        world.violated(
            Rule.I1_ACKNOWLEDGED_IS_KEPT,
            "partition %d: %s was acknowledged and stands nowhere".formatted(partition, value));
      }
    }
  }

  /** I2 and I3: of idempotent writers, each value once and in the order it was sent. */
  private void order(int partition, NavigableMap<Long, String> values) {
    Map<String, List<Long>> at = new HashMap<>();
    values.forEach(
        (offset, value) -> at.computeIfAbsent(value, key -> new ArrayList<>()).add(offset));
    ledger
        .numbered()
        .forEach(
            (writer, sent) ->
                order(partition, writer, sent.getOrDefault(partition, List.of()), at));
  }

  private void order(
      int partition, String writer, List<String> sent, Map<String, List<Long>> stands) {
    long last = -1;
    for (String value : sent) {
      List<Long> offsets = stands.getOrDefault(value, List.of());
      if (offsets.size() > 1) {
        world.violated(
            Rule.I2_NO_DUPLICATES,
            "partition %d: %s stands at %s".formatted(partition, value, offsets));
      }
      if (!offsets.isEmpty()) {
        if (offsets.get(0) < last) {
          world.violated(
              Rule.I3_ORDER,
              "partition %d: %s stands at %d, before what %s had sent earlier"
                  .formatted(partition, value, offsets.get(0), writer));
        }
        last = offsets.get(0);
      }
    }
  }

  private void surprises() {
    List<Reader> readers = clients.allReaders();
    readers.add(drain);
    for (Reader reader : readers) {
      reader.surprises().stream()
          .filter(told -> !(eye.topicWasHidden() && told.startsWith(Reader.NO_TOPIC)))
          // True while those are away who have it whole; in the end the reader has read it.
          .filter(told -> !(bitsWereFlipped && told.startsWith(Reader.DAMAGED)))
          // No checksum covers a batch's epoch, by which a reader asks whether it was cut off.
          .filter(told -> !(bitsWereFlipped && told.contains(" was truncated at ")))
          .findFirst()
          .ifPresent(
              told ->
                  world.violated(
                      Rule.I5_END_GOES_ONLY_FORWARD,
                      "reader " + reader.host().name() + " was told: " + told));
    }
  }

  private void history() {
    Expectations expectations = new Expectations(options.idempotent(), false, true, true, false, 0);
    List<Anomaly> anomalies = HistoryChecker.errors(ledger.journal().history(), expectations);
    if (!anomalies.isEmpty()) {
      world.violated(rule(anomalies.get(0).kind()), anomalies.toString());
    }
  }

  private static Rule rule(Anomaly.Kind kind) {
    return switch (kind) {
      case LOST_WRITE, UNSEEN -> Rule.I1_ACKNOWLEDGED_IS_KEPT;
      case DUPLICATE -> Rule.I2_NO_DUPLICATES;
      case NONMONOTONIC_SEND, INT_NONMONOTONIC_SEND -> Rule.I3_ORDER;
      case PHANTOM -> Rule.I14_NO_DAMAGE;
      case WATERMARK_BACK, SERVED_BEYOND_WATERMARK -> Rule.I5_END_GOES_ONLY_FORWARD;
      case ABORTED_READ, LATE, NEVER_ENDED -> Rule.I17_HONEST_OUTCOMES;
      default -> Rule.I4_SAME_LOGS;
    };
  }
}
