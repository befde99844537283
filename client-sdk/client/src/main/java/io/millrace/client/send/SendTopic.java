package io.millrace.client.send;

import io.millrace.client.Partitioner;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.metrics.MetricName;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A topic that is being written to. Changed on the client's loop, read by anybody: what a caller
 * sees may be a moment old.
 */
public final class SendTopic implements Partitioner.Topic {
  /** The topic's setting, and what holds where it has none. */
  private static final String RECORD_MAX_BYTES = "record.max.bytes";

  private static final int DEFAULT_RECORD_MAX_BYTES = 1 << 20;

  /** How many partitions are compared for the least backlog; more are drawn from. */
  private static final int COMPARED = 16;

  private static final int NOBODY = -1;

  private final SendEngine engine;
  private final RandomGenerator random;
  private final String name;
  private final LongAdder recordsWritten;
  private final LongAdder bytesWritten;

  private volatile PartitionSender[] senders = {};
  private volatile int[] leaders = {};
  private volatile int maxRecordBytes = DEFAULT_RECORD_MAX_BYTES;
  private volatile Sticky sticky = new Sticky(0, -1);
  // On the loop.
  private KnownTopic known;

  SendTopic(SendEngine engine, RandomGenerator random, KnownTopic known) {
    this.engine = engine;
    this.random = random;
    this.name = known.name();
    this.known = known;
    this.recordsWritten = engine.figures().counter(MetricName.TOPIC_RECORDS_WRITTEN, name);
    this.bytesWritten = engine.figures().counter(MetricName.TOPIC_BYTES_WRITTEN, name);
    update(known);
  }

  /** Valid while the partition has closed so many batches. */
  private record Sticky(int partition, int closedCount) {}

  // ---- On the loop -----------------------------------------------------------------------------

  void update(KnownTopic newest) {
    known = newest;
    int count = newest.partitionCount();
    // Never shorter: callers of send read this and the count one after the other.
    PartitionSender[] grown = Arrays.copyOf(senders, Math.max(count, senders.length));
    for (int i = 0; i < count; i++) {
      if (i >= senders.length || isBack(grown[i])) {
        grown[i] = engine.newSender(this, new TopicPartition(name, i));
      }
    }
    senders = grown;
    int[] now = new int[count];
    for (int i = 0; i < count; i++) {
      now[i] = newest.leader(i).orElse(NOBODY);
    }
    leaders = now;
    maxRecordBytes = recordLimit(newest.settings().get(RECORD_MAX_BYTES));
  }

  /** There was no such partition, in a topic of this name that had fewer, and now there is. */
  private static boolean isBack(PartitionSender sender) {
    return sender.gone() instanceof UnknownPartitionException;
  }

  private static int recordLimit(@Nullable String setting) {
    return setting == null || !setting.matches("[0-9]{1,9}")
        ? DEFAULT_RECORD_MAX_BYTES
        : Integer.parseInt(setting);
  }

  void countWritten(int records, int bytes) {
    recordsWritten.add(records);
    bytesWritten.add(bytes);
  }

  KnownTopic known() {
    return known;
  }

  PartitionSender[] senders() {
    return senders;
  }

  // ---- Anybody ---------------------------------------------------------------------------------

  /** Of key, value and headers of one record together. */
  int maxRecordBytes() {
    return maxRecordBytes;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int partitions() {
    return leaders.length;
  }

  @Override
  public boolean hasLeader(int partition) {
    return leaders[partition] != NOBODY;
  }

  /** As far as is known; negative: nobody. */
  int leader(int partition) {
    return leaders[partition];
  }

  @Override
  public long backlogBytes(int partition) {
    return engine.inFlightBytes(leaders[partition]) + senders[partition].queue().queuedBytes();
  }

  @Override
  public int stickyPartition() {
    Sticky now = sticky;
    int count = leaders.length;
    if (now.partition < count
        && hasLeader(now.partition)
        && senders[now.partition].queue().closedCount() == now.closedCount) {
      return now.partition;
    }
    int chosen = leastLoaded(count);
    sticky = new Sticky(chosen, senders[chosen].queue().closedCount());
    return chosen;
  }

  private int leastLoaded(int count) {
    int start = random.nextInt(count);
    int best = start;
    long bestBytes = Long.MAX_VALUE;
    for (int i = 0; i < Math.min(count, COMPARED); i++) {
      int candidate = count <= COMPARED ? (start + i) % count : random.nextInt(count);
      long bytes = hasLeader(candidate) ? backlogBytes(candidate) : Long.MAX_VALUE;
      if (bytes < bestBytes) {
        best = candidate;
        bestBytes = bytes;
      }
    }
    return best;
  }
}
