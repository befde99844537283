package io.millrace.client.send;

import java.util.List;

/**
 * Numbers the records of one partition, so that its leader knows a batch that comes again, and
 * takes none while one before it is missing. On the client's loop.
 *
 * <p>A number that was given to a batch stays with it until it is certain that the batch is not in
 * the log. When a batch ends without having been written, or without anybody knowing, the numbers
 * behind it may not be taken any more: the sequence is <em>broken</em>. It is mended by the next
 * epoch, which begins at 0, but only once no other batch of the old epoch is in doubt: sent again
 * under other numbers it could stand in the log twice.
 */
final class Numbering {
  private static final int LAST = Integer.MAX_VALUE;

  private final ProducerIdentity identity;
  private boolean begun;
  private int epoch;
  private int next;
  private boolean broken;

  /** Of the last batch that left a hole. */
  private long brokenAt;

  /** Counts batches, in the order in which they first went out. */
  private long sent;

  Numbering(ProducerIdentity identity) {
    this.identity = identity;
  }

  boolean isOn() {
    return identity.isOn();
  }

  private void begin() {
    if (!begun) {
      begun = true;
      epoch = identity.firstEpoch();
    }
  }

  /**
   * Batches go out: gives them their numbers, unless they have them already.
   *
   * @return false when others had been guessed
   */
  boolean number(List<SendBatch> batches) {
    boolean asGuessed = true;
    for (SendBatch batch : batches) {
      if (!batch.isNumbered() && identity.isOn()) {
        begin();
        asGuessed &= batch.number(identity.id(), epoch, next);
        next = after(next, batch.recordCount());
      }
      if (batch.order() == SendBatch.NEVER_SENT) {
        batch.setOrder(sent++);
      }
    }
    return asGuessed;
  }

  static int after(int sequence, int records) {
    return (sequence + records) & LAST;
  }

  /**
   * A batch with numbers has ended otherwise than as written.
   *
   * @param order of that batch
   */
  void gaveUp(long order) {
    brokenAt = broken ? Math.max(brokenAt, order) : order;
    broken = true;
  }

  boolean isBroken() {
    return broken;
  }

  /** One that went out in this order is in the log: so nothing before it is missing. */
  void written(long order) {
    if (order > brokenAt) {
      broken = false;
    }
  }

  /**
   * Nothing is under way: begins the next epoch if this one is broken and nothing of it in doubt.
   *
   * @param numbered all that have numbers and are to be sent again
   * @return whether it has
   */
  boolean mend(List<SendBatch> numbered) {
    if (!broken || numbered.stream().anyMatch(SendBatch::mayBeWritten)) {
      return false;
    }
    epoch++;
    next = 0;
    broken = false;
    numbered.forEach(SendBatch::forgetNumber);
    return true;
  }

  /** Nothing is numbered here any more; see {@link ProducerIdentity#ended}. */
  void end() {
    if (begun) {
      identity.ended(epoch);
    }
  }

  /** For the queue, which guesses what a batch will get. */
  PartitionQueue.Guess guess() {
    begin();
    return new PartitionQueue.Guess(identity.id(), epoch, next);
  }
}
