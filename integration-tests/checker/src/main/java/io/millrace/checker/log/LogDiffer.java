package io.millrace.checker.log;

import io.millrace.checker.history.History;
import io.millrace.checker.history.Step;
import io.millrace.checker.log.LogProblem.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Compares the replicas of one partition with each other and with what producers were told. */
public final class LogDiffer {
  private final List<ReplicaLog> replicas;
  private final List<LogProblem> problems = new ArrayList<>();

  private LogDiffer(List<ReplicaLog> replicas) {
    this.replicas = replicas;
  }

  /**
   * @param replicas of the in-sync set, at rest
   * @param watermark below it all must be the same; usually the smallest of theirs
   */
  public static List<LogProblem> compare(List<ReplicaLog> replicas, long watermark) {
    LogDiffer differ = new LogDiffer(replicas);
    replicas.forEach(replica -> differ.problems.addAll(replica.problems()));
    differ.lengths(watermark);
    differ.batches(watermark);
    return differ.problems;
  }

  /**
   * Every acknowledged send of a key must be at its offset in every replica that still has the
   * offset. Values in batches that this reader cannot unpack are passed over.
   */
  public static List<LogProblem> acknowledged(
      List<ReplicaLog> replicas, History history, String key) {
    LogDiffer differ = new LogDiffer(replicas);
    history.operations().stream()
        .filter(operation -> operation.ok())
        .flatMap(operation -> operation.sends())
        .filter(send -> send.key().equals(key) && send.offset() != Step.UNKNOWN)
        .forEach(differ::isThere);
    return differ.problems;
  }

  private void lengths(long watermark) {
    for (ReplicaLog replica : replicas) {
      if (replica.endOffset() < watermark) {
        add(Kind.SHORT, replica.name(), "ends at " + replica.endOffset() + " below " + watermark);
      }
    }
  }

  private void batches(long watermark) {
    Map<Long, StoredBatch> byOffset = new HashMap<>();
    for (ReplicaLog replica : replicas) {
      for (StoredBatch batch : replica.batches()) {
        if (batch.baseOffset() >= watermark) {
          break;
        }
        StoredBatch other = byOffset.putIfAbsent(batch.baseOffset(), batch);
        if (other != null && !other.digest().equals(batch.digest())) {
          add(
              Kind.DIFFERENT,
              "offset " + batch.baseOffset(),
              other.where() + " and " + batch.where());
        }
      }
    }
    // A batch that begins within another replica's batch meets no partner above.
    List<Set<Long>> begins =
        replicas.stream()
            .map(
                replica ->
                    replica.batches().stream()
                        .map(StoredBatch::baseOffset)
                        .collect(Collectors.toSet()))
            .toList();
    for (ReplicaLog replica : replicas) {
      for (StoredBatch batch : replica.batches()) {
        for (int i = 0; i < replicas.size(); i++) {
          ReplicaLog other = replicas.get(i);
          if (batch.baseOffset() < Math.min(watermark, other.endOffset())
              && batch.baseOffset() >= other.startOffset()
              && !begins.get(i).contains(batch.baseOffset())) {
            add(Kind.DIFFERENT, batch.where(), "no batch begins there in " + other.name());
          }
        }
      }
    }
  }

  private void isThere(Step.Send send) {
    for (ReplicaLog replica : replicas) {
      String found = replica.values().get(send.offset());
      boolean passedOver =
          send.offset() < replica.startOffset()
              || (found == null && replica.unreadValues() && send.offset() < replica.endOffset());
      if (!passedOver && !send.value().equals(found)) {
        add(
            Kind.NOT_THERE,
            replica.name() + " offset " + send.offset(),
            "holds " + found + " instead of " + send.value());
      }
    }
  }

  private void add(Kind kind, String where, String what) {
    problems.add(new LogProblem(kind, where, what));
  }
}
