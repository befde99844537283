package io.millrace.client.consumer;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.UnknownPartitionException;
import io.millrace.client.errors.UnknownTopicException;
import java.util.ArrayDeque;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** One assigned partition as the polling thread sees it. Belongs to that thread. */
final class AssignedPartition {
  private static final long UNKNOWN = -1;

  private final TopicPartition id;
  private final ArrayDeque<Delivery> deliveries = new ArrayDeque<>();

  /** Null until the loop has been told of the place to read from. */
  private @Nullable ReadRun run;

  private StartAt start = new StartAt.ByPolicy(false);
  private long position = UNKNOWN;
  private int lastEpoch = StartAt.NO_EPOCH;
  private boolean paused;

  /** What was fetched there was damaged, and has been asked for again. */
  private long reportedAt = ReadRun.NOWHERE;

  /** Whether it waits in the assignment's queue of those that have something to read. */
  boolean queued;

  AssignedPartition(TopicPartition id) {
    this.id = id;
  }

  TopicPartition id() {
    return id;
  }

  // ---- Where to read ---------------------------------------------------------------------------

  void seek(StartAt place) {
    discard();
    run = null;
    start = place;
    position = place instanceof StartAt.Offset at ? at.offset() : UNKNOWN;
    lastEpoch = StartAt.NO_EPOCH;
    reportedAt = ReadRun.NOWHERE;
  }

  /** Reads on where it was, after something went wrong. */
  private void beginAgain(ReadRun failed) {
    StartAt before = failed.start();
    String topicId = failed.topicId();
    if (topicId.isEmpty() && before instanceof StartAt.Offset at) {
      topicId = at.topicId();
    }
    discard();
    run = null;
    if (position != UNKNOWN) {
      start = new StartAt.Offset(position, lastEpoch, topicId, before.sought());
    }
  }

  /** True when the loop has to be told to read. */
  boolean isToBeStarted() {
    return run == null;
  }

  ReadRun begin() {
    long damaged = reportedAt == position ? reportedAt : ReadRun.NOWHERE;
    ReadRun begun = new ReadRun(id, start, paused, damaged);
    run = begun;
    return begun;
  }

  boolean isPaused() {
    return paused;
  }

  void setPaused(boolean pause) {
    paused = pause;
    if (run != null) {
      run.setPaused(pause);
    }
    if (pause) {
      deliveries.forEach(AssignedPartition::detach);
    }
  }

  private static void detach(Delivery delivery) {
    if (delivery instanceof Delivery.Records records) {
      records.share().detach();
    }
  }

  // ---- What was read ---------------------------------------------------------------------------

  boolean hasPosition() {
    return position != UNKNOWN;
  }

  /** Of the next record; meaningful after {@link #hasPosition}. */
  long position() {
    return position;
  }

  /** Everything before this offset has been read or is not there. */
  void passed(long offset) {
    position = Math.max(position, offset);
  }

  /** The record before the position is of this epoch. */
  void setLastEpoch(int epoch) {
    lastEpoch = epoch;
  }

  OptionalLong lag() {
    ReadRun current = run;
    return current == null || !current.hasHighWatermark() || position == UNKNOWN
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, current.highWatermark() - position));
  }

  /** Owns the delivery; gives it back when it is of a run that is over. */
  void receive(Delivery delivery) {
    if (delivery.run() != run) {
      Handover.release(delivery);
      return;
    }
    if (paused) {
      detach(delivery);
    }
    deliveries.add(delivery);
    settle();
  }

  /** Takes in what says only where reading goes on; true when there is something to read then. */
  boolean settle() {
    for (Delivery next = deliveries.peek(); next != null; next = deliveries.peek()) {
      if (next instanceof Delivery.Located located) {
        position = located.offset();
        lastEpoch = StartAt.NO_EPOCH;
      } else if (next instanceof Delivery.Passed passed) {
        passed(passed.nextOffset());
      } else if (next instanceof Delivery.Damaged damaged) {
        deliveries.remove();
        failReading(damaged.why().apply(position)); // nothing is left, or the failure
        continue;
      } else {
        return true;
      }
      deliveries.remove();
    }
    return false;
  }

  /** The share to read from, if that is what comes next. */
  @Nullable FetchedShare share() {
    return deliveries.peek() instanceof Delivery.Records records ? records.share() : null;
  }

  /** The share has been read to its end. */
  void shareRead() {
    if (deliveries.remove() instanceof Delivery.Records records) {
      passed(records.share().nextOffset());
      records.share().release();
    }
  }

  boolean hasFailed() {
    return deliveries.peek() instanceof Delivery.Failed;
  }

  /** What has gone wrong, to be thrown; reading begins again at the position. */
  MillraceException takeFailure() {
    if (!(deliveries.peek() instanceof Delivery.Failed failed)) {
      throw new IllegalStateException("nothing is wrong with " + id);
    }
    MillraceException why = failed.why().apply(position);
    boolean missing =
        why instanceof UnknownTopicException || why instanceof UnknownPartitionException;
    beginAgain(failed.run());
    if (missing && start instanceof StartAt.ByPolicy) {
      start = new StartAt.ByPolicy(true);
    }
    return why;
  }

  /**
   * What was fetched turned out to be damaged: what is behind it is not read. It is fetched once
   * more, and the leader told, since another replica may have it whole; then the application is.
   */
  void failReading(MillraceException why) {
    ReadRun current = run;
    if (current != null && reportedAt != position) {
      reportedAt = position;
      beginAgain(current);
    } else if (current != null) {
      discard();
      deliveries.add(new Delivery.Failed(current, position -> why));
    }
  }

  /** Which broker gave what is read, as a clause for people. */
  String from() {
    return run == null ? "" : run.from();
  }

  /** Gives back what was fetched. */
  void discard() {
    deliveries.forEach(Handover::release);
    deliveries.clear();
  }
}
