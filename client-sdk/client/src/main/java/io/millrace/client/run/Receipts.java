package io.millrace.client.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.TopicPartition;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Where a record does not count as handled when the call for it returns, but when somebody says so.
 * On the polling thread, but for {@link #acknowledge}.
 */
public final class Receipts {
  /** More than these are not handed out of one partition. */
  private static final int MAX_OPEN = 100_000;

  private final boolean areUsed;
  private final Acknowledgements acknowledgements = new Acknowledgements();
  private final ConcurrentLinkedQueue<ConsumerRecord<?, ?>> said = new ConcurrentLinkedQueue<>();

  /**
   * @param areUsed false: a record counts when it is handled
   */
  public Receipts(boolean areUsed) {
    this.areUsed = areUsed;
  }

  /** From any thread, in any order: done with it. */
  public void acknowledge(ConsumerRecord<?, ?> record) {
    said.add(record);
  }

  boolean areUsed() {
    return areUsed;
  }

  void offered(List<? extends ConsumerRecord<?, ?>> records) {
    if (areUsed) {
      records.forEach(acknowledgements::handedOut);
    }
  }

  /** Null: as far as it was handled. */
  @Nullable CommittedOffset progress(TopicPartition partition) {
    takeIn();
    return areUsed ? acknowledgements.next(partition) : null;
  }

  boolean isFull(TopicPartition partition) {
    takeIn();
    return areUsed && acknowledgements.openCount(partition) >= MAX_OPEN;
  }

  void gone(TopicPartition partition) {
    acknowledgements.forget(partition);
  }

  private void takeIn() {
    for (ConsumerRecord<?, ?> next = said.poll(); next != null; next = said.poll()) {
      acknowledgements.done(next);
    }
  }
}
