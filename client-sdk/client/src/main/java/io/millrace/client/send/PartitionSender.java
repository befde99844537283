package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Timer;
import org.jspecify.annotations.Nullable;

/**
 * Where the sending of one partition's queue stands. On the client's loop, but for {@link #queue}
 * and {@link #partition}.
 */
final class PartitionSender {
  enum State {
    /** Nothing to send as far as the loop knows. Next: READY. */
    EMPTY,
    /** In the lane of its leader, or among those without one. Next: IN_FLIGHT, EMPTY. */
    READY,
    /** One request is under way. Next: READY, PAUSING. */
    IN_FLIGHT,
    /** After a failure, until a timer, or news of its leader. Next: READY. */
    PAUSING
  }

  private final SendTopic topic;
  private final PartitionQueue queue;

  private State state = State.EMPTY;
  private @Nullable Lane lane;
  private @Nullable Timer pause;
  private int failures;
  private int failedEpoch;
  private int isolated;
  private String trouble = "";
  private @Nullable MillraceException gone;

  PartitionSender(SendTopic topic, PartitionQueue queue) {
    this.topic = topic;
    this.queue = queue;
  }

  SendTopic topic() {
    return topic;
  }

  PartitionQueue queue() {
    return queue;
  }

  TopicPartition partition() {
    return queue.partition();
  }

  State state() {
    return state;
  }

  /** The lane it waits in; null among those without a leader, and in other states. */
  @Nullable Lane lane() {
    return lane;
  }

  void empty() {
    moveTo(State.EMPTY, null);
  }

  void ready(@Nullable Lane leadersLane) {
    moveTo(State.READY, leadersLane);
  }

  void inFlight() {
    moveTo(State.IN_FLIGHT, null);
  }

  /**
   * Waits after a failure.
   *
   * @param leaderEpoch known by now; a higher one ends the pause
   */
  void pausing(int leaderEpoch, Timer timer) {
    moveTo(State.PAUSING, null);
    failedEpoch = leaderEpoch;
    pause = timer;
  }

  private void moveTo(State next, @Nullable Lane nextLane) {
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
    if (lane != null && lane != nextLane) {
      lane.remove(this);
    }
    state = next;
    lane = nextLane;
    if (nextLane != null) {
      nextLane.add(this);
    }
  }

  int failedEpoch() {
    return failedEpoch;
  }

  /** In a row. */
  int countFailure(String why) {
    trouble = why;
    failures++;
    return failures;
  }

  void succeeded() {
    failures = 0;
    trouble = "";
  }

  /** Why nothing was sent lately, for people. */
  String trouble() {
    return trouble;
  }

  void setTrouble(String why) {
    trouble = why;
  }

  /** How many batches at the head of the queue are to be sent one by one. */
  int isolated() {
    return isolated;
  }

  /** One of several batches is refused; this finds out which. */
  void isolate(int batches) {
    isolated = batches;
  }

  /** Set when the partition does not exist any more, or the producer has been closed. */
  @Nullable MillraceException gone() {
    return gone;
  }

  void setGone(MillraceException why) {
    gone = why;
  }
}
