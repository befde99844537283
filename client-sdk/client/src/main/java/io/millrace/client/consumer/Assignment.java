package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The partitions that are assigned, their positions, and what was fetched of them. Belongs to the
 * polling thread; nothing here waits.
 */
final class Assignment<K, V> {
  private final Handover handover;
  private final RecordReader<K, V> reader;
  private final Map<TopicPartition, AssignedPartition> partitions = new LinkedHashMap<>();

  /** Those that have something to read, whose turn it is first. */
  private final ArrayDeque<AssignedPartition> turns = new ArrayDeque<>();

  /** Something is wrong with these, and the application has not been told yet. */
  private final ArrayDeque<AssignedPartition> failed = new ArrayDeque<>();

  Assignment(Handover handover, RecordReader<K, V> reader) {
    this.handover = handover;
    this.reader = reader;
  }

  // ---- Who is assigned -------------------------------------------------------------------------

  /** Returns those that are no longer assigned. */
  List<TopicPartition> assign(Collection<TopicPartition> wanted) {
    Set<TopicPartition> kept = new LinkedHashSet<>(wanted);
    List<TopicPartition> gone = new ArrayList<>(partitions.keySet());
    gone.removeAll(kept);
    for (TopicPartition each : gone) {
      AssignedPartition partition = get(each);
      partitions.remove(each);
      turns.remove(partition);
      reader.forget(partition);
      partition.discard();
    }
    kept.forEach(each -> partitions.computeIfAbsent(each, AssignedPartition::new));
    return gone;
  }

  boolean isEmpty() {
    return partitions.isEmpty();
  }

  Set<TopicPartition> ids() {
    return Collections.unmodifiableSet(new LinkedHashSet<>(partitions.keySet()));
  }

  Set<TopicPartition> paused() {
    Set<TopicPartition> paused = new LinkedHashSet<>();
    select(AssignedPartition::isPaused).forEach(each -> paused.add(each.id()));
    return Collections.unmodifiableSet(paused);
  }

  AssignedPartition get(TopicPartition id) {
    AssignedPartition partition = partitions.get(id);
    if (partition == null) {
      throw new IllegalStateException(id + " is not assigned");
    }
    return partition;
  }

  private List<AssignedPartition> select(Predicate<AssignedPartition> which) {
    return partitions.values().stream().filter(which).toList();
  }

  void seek(AssignedPartition partition, StartAt place) {
    receive(); // what is on its way would otherwise keep its memory until the next poll
    reader.forget(partition);
    partition.seek(place);
  }

  void setPaused(AssignedPartition partition, boolean paused) {
    if (paused) {
      reader.forget(partition);
    }
    partition.setPaused(paused);
    queue(partition);
  }

  /** What the loop has not been told of. */
  List<ReadRun> newRuns() {
    List<ReadRun> runs = new ArrayList<>();
    for (AssignedPartition each : partitions.values()) {
      if (each.isToBeStarted()) {
        runs.add(each.begin());
      }
    }
    return runs;
  }

  // ---- What was fetched ------------------------------------------------------------------------

  /** Takes what the loop has handed over. */
  void receive() {
    for (Delivery each = handover.poll(); each != null; each = handover.poll()) {
      AssignedPartition partition = partitions.get(each.run().partition());
      if (partition == null) {
        Handover.release(each);
      } else {
        partition.receive(each);
        queue(partition);
      }
    }
  }

  private void queue(AssignedPartition partition) {
    if (!partition.queued && !partition.isPaused() && partition.settle()) {
      partition.queued = true;
      turns.addLast(partition);
    }
  }

  /**
   * The next records, up to so many.
   *
   * @throws MillraceException something is wrong with a partition, and there is nothing else to
   *     return, or there was the last time
   */
  ConsumerRecords<K, V> take(int most) {
    throwIfFailed();
    Map<TopicPartition, List<ConsumerRecord<K, V>>> taken = new LinkedHashMap<>();
    int count = 0;
    while (count < most) {
      AssignedPartition partition = turns.peek();
      if (partition == null) {
        break;
      }
      List<ConsumerRecord<K, V>> records = read(partition, most - count);
      if (!records.isEmpty()) {
        count += records.size();
        // One that came to its turn again has more than one share.
        taken.merge(partition.id(), records, Assignment::joined);
      }
    }
    if (count == 0) {
      throwIfFailed();
      return ConsumerRecords.empty();
    }
    return new ConsumerRecords<>(taken);
  }

  private static <T> List<T> joined(List<T> first, List<T> second) {
    first.addAll(second);
    return first;
  }

  /** Reads the partition whose turn it is, and lets the next one have its turn. */
  private List<ConsumerRecord<K, V>> read(AssignedPartition partition, int most) {
    FetchedShare share = partition.settle() && !partition.isPaused() ? partition.share() : null;
    if (share == null) {
      endTurn(partition);
      if (partition.hasFailed() && !partition.isPaused()) {
        failed.addLast(partition);
      }
      return List.of();
    }
    List<ConsumerRecord<K, V>> records = reader.read(partition, share, most);
    // In the middle of a batch it goes on next time, with what has been decompressed.
    if (!reader.isWithinBatch(share)) {
      endTurn(partition);
      queue(partition);
    }
    return records;
  }

  private void endTurn(AssignedPartition partition) {
    partition.queued = false;
    turns.remove();
  }

  private void throwIfFailed() {
    for (AssignedPartition each = failed.poll(); each != null; each = failed.poll()) {
      // It may have been sought, paused or dropped since; one that was paused comes back.
      if (each.hasFailed() && !each.isPaused()) {
        throw each.takeFailure();
      }
    }
  }

  void close() {
    partitions.values().forEach(AssignedPartition::discard);
    partitions.clear();
    turns.clear();
  }
}
