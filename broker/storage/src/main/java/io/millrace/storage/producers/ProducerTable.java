package io.millrace.storage.producers;

import io.millrace.wire.BatchLayout;
import io.millrace.wire.BatchView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The producers of one partition: for each its epoch and its last {@link Producer#REMEMBERED}
 * batches. Owner: the loop of the log; one that is being made belongs to whoever makes it.
 *
 * <p>A function of the batches in the log, and of nothing else: the leader, a follower that copies
 * and a restart that reads the log again come to the same. {@link #learn} is the one method that
 * changes what is remembered. What the leader decides within one turn of its loop is {@linkplain
 * #stage staged} until the turn has been written.
 */
public final class ProducerTable {
  static final Verdict APPEND = new Verdict.Append();

  static final Verdict UNKNOWN = new Verdict.Unknown();

  private final ProducerLimits limits;

  /** The one that was silent for longest comes first. */
  private final Map<Long, Producer> producers = new LinkedHashMap<>(0, 0.75f, true);

  private final List<Producer> staged = new ArrayList<>(0);
  private final List<Undo> undo = new ArrayList<>(0);

  /** How a producer was staged before. */
  private record Undo(Producer producer, Producer.@Nullable Staged before) {}

  public ProducerTable(ProducerLimits limits) {
    this.limits = limits;
  }

  /** Producers that are remembered. */
  public int size() {
    return producers.size();
  }

  /** All of them, the one that was silent for longest first. */
  Collection<Producer> all() {
    return producers.values();
  }

  @Nullable Producer find(long id) {
    return producers.get(id);
  }

  // ---- The leader, before it appends -----------------------------------------------------------

  /**
   * What to do with a batch that names its producer; changes nothing.
   *
   * @param nowMillis the wall clock's
   */
  public Verdict check(BatchView batch, long nowMillis) {
    return check(
        batch.producerId(),
        batch.producerEpoch(),
        batch.baseSequence(),
        sequences(batch),
        batch.crc(),
        nowMillis);
  }

  Verdict check(long id, int epoch, int firstSequence, int records, int crc, long nowMillis) {
    Producer producer = producers.get(id);
    if (producer != null) {
      return producer.check(epoch, firstSequence, records, crc);
    }
    if (firstSequence != 0) {
      return UNKNOWN;
    }
    return hasRoom(nowMillis) ? APPEND : new Verdict.TooMany(limits.maxProducers());
  }

  private boolean hasRoom(long nowMillis) {
    if (producers.size() < limits.maxProducers()) {
      return true;
    }
    // Who is staged has not been written, and stays.
    Producer silent = producers.values().iterator().next();
    return !staged.contains(silent) && nowMillis - silent.lastMillis() >= limits.leastIdleMillis();
  }

  /** What is staged from here on can be {@linkplain #undoShare undone}. */
  public void beginShare() {
    undo.clear();
  }

  /** The batches of this share will not be appended after all. */
  public void undoShare() {
    for (int i = undo.size() - 1; i >= 0; i--) {
      undo.get(i).producer().restage(undo.get(i).before());
    }
    undo.clear();
  }

  /** Counts on a batch that may be appended; it is part of this turn. */
  public void stage(BatchView batch) {
    stage(batch.producerId(), batch.producerEpoch(), batch.baseSequence(), sequences(batch));
  }

  /** How many it takes: compaction may have left fewer records. */
  private static int sequences(BatchView batch) {
    return batch.lastOffsetDelta() + 1;
  }

  void stage(long id, int epoch, int firstSequence, int records) {
    Producer producer = producers.get(id);
    if (producer == null) {
      producer = new Producer(id, epoch);
      add(producer);
    }
    undo.add(new Undo(producer, producer.staged()));
    producer.stage(epoch, Sequences.plus(firstSequence, records));
    staged.add(producer);
  }

  /** The turn has been written, or has failed: only what was {@link #learn learnt} counts. */
  public void endTurn() {
    for (Producer producer : staged) {
      producer.restage(null);
      if (producer.count() == 0) {
        producers.remove(producer.id());
      }
    }
    staged.clear();
    undo.clear();
  }

  // ---- What stands in the log ------------------------------------------------------------------

  /**
   * A batch stands in the log, as it is, whatever its sequence: of the leader's own, of a leader's
   * copied, or found at the start. Batches come in the order of their offsets.
   */
  public void learn(BatchView batch) {
    if (batch.producerId() != BatchLayout.NO_PRODUCER_ID) {
      learn(
          batch.producerId(),
          batch.producerEpoch(),
          batch.baseSequence(),
          sequences(batch),
          batch.baseOffset(),
          batch.appendTimestamp(),
          batch.isCompacted() ? Producer.ANY_CRC : batch.crc());
    }
  }

  /** Whether the batch is one of those by which its producer is known. */
  public boolean remembers(BatchView batch) {
    Producer producer = producers.get(batch.producerId());
    return producer != null
        && producer.count() > 0
        && producer.epoch() == batch.producerEpoch()
        && batch.baseOffset() >= producer.baseOffset(0);
  }

  void learn(
      long id,
      int epoch,
      int firstSequence,
      int records,
      long baseOffset,
      long timeMillis,
      long crc) {
    Producer producer = producers.get(id);
    if (producer == null) {
      producer = new Producer(id, epoch);
      add(producer);
    }
    producer.add(epoch, firstSequence, records, baseOffset, timeMillis, crc);
  }

  private void add(Producer producer) {
    if (producers.size() >= limits.maxProducers()) {
      producers.remove(producers.keySet().iterator().next());
    }
    producers.put(producer.id(), producer);
  }

  /**
   * Forgets who has been idle for too long.
   *
   * @param nowMillis the wall clock's, which append times are of
   */
  public void expire(long nowMillis) {
    Iterator<Producer> each = producers.values().iterator();
    while (each.hasNext() && nowMillis - each.next().lastMillis() >= limits.idleMillis()) {
      each.remove();
    }
  }

  /** As it stands, to be written while this one goes on; without what is only staged. */
  public ProducerTable copy() {
    ProducerTable copy = new ProducerTable(limits);
    for (Producer producer : producers.values()) {
      if (producer.count() > 0) {
        copy.producers.put(producer.id(), producer.copy());
      }
    }
    return copy;
  }

  /** A line for each producer, by id: its epoch, and where its batches stand. */
  public List<String> describe() {
    return producers.values().stream()
        .filter(producer -> producer.count() > 0)
        .sorted(Comparator.comparingLong(Producer::id))
        .map(ProducersFile::line)
        .toList();
  }
}
