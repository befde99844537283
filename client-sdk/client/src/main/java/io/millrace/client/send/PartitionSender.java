package io.millrace.client.send;

import io.millrace.client.TopicPartition;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Timer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the sending of one partition's queue stands. On the client's loop, but for {@link #queue}
 * and {@link #partition}.
 */
final class PartitionSender {
  /** As many batches as brokers remember of a producer: see {@link Numbering}. */
  static final int MAX_BATCHES = 32;

  enum State {
    /** Nothing to send as far as the loop knows. Next: READY. */
    EMPTY,
    /** In the lane of its leader, or among those without one. Next: IN_FLIGHT, EMPTY. */
    READY,
    /**
     * As much is under way as may be, or something is to be sent again, in order, once nothing is
     * under way any more. Next: READY, PAUSING.
     */
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

  // Under way; what came back without having been written is in the queue again.
  private final List<Share> underWay = new ArrayList<>(2);
  private int batchesUnderWay;
  private boolean recovering;
  private boolean wantsPause;
  private boolean leaderChanging;
  private boolean wantsIsolation;

  private final Numbering numbering;
  private String trouble = "";

  /** The broker that could not be connected to; -1: the trouble is another. */
  private int troubledBy = -1;

  private @Nullable MillraceException gone;

  PartitionSender(SendTopic topic, PartitionQueue queue, Numbering numbering) {
    this.topic = topic;
    this.queue = queue;
    this.numbering = numbering;
  }

  Numbering numbering() {
    return numbering;
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

  /**
   * Whoever was asked in that epoch gave no answer: if a hint led there, another may know better.
   */
  void forgetHint(int leaderEpoch) {
    topic.known().forgetHint(partition().partition(), leaderEpoch);
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

  // ---- Under way -------------------------------------------------------------------------------

  /** How many batches may go out now. */
  int room() {
    if (isolated > 0) {
      return underWay.isEmpty() ? 1 : 0;
    }
    if (!numbering.isOn() || failures > 0) { // after a failure one request shows whether it is over
      return underWay.isEmpty() ? MAX_BATCHES : 0;
    }
    return MAX_BATCHES - batchesUnderWay;
  }

  /** These go out next: gives them their numbers. */
  void number(List<SendBatch> batches) {
    if (!numbering.number(batches) && numbering.isOn()) {
      queue.expect(numbering.guess());
    }
  }

  /** Before something goes out: a broken sequence is mended as soon as that may be. */
  void mend() {
    if (numbering.isBroken() && underWay.isEmpty() && numbering.mend(queue.numbered())) {
      queue.expect(numbering.guess());
    }
  }

  /** Goes out now. Without numbers, nothing else may until it has come back. */
  void goesOut(Share share) {
    underWay.add(share);
    batchesUnderWay += share.batches().size();
    if (room() <= 0) {
      moveTo(State.IN_FLIGHT, null);
    }
  }

  List<Share> underWay() {
    return List.copyOf(underWay);
  }

  boolean isUnderWay() {
    return !underWay.isEmpty();
  }

  /**
   * Nobody waits for what becomes of this share any more.
   *
   * @return false when nobody did
   */
  @SuppressWarnings("ReferenceEquality") // this very one: another attempt may look the same
  boolean cameBack(Share share) {
    for (int i = 0; i < underWay.size(); i++) {
      if (underWay.get(i) == share) {
        underWay.remove(i);
        batchesUnderWay -= share.batches().size();
        return true;
      }
    }
    return false;
  }

  /** Whether something that went out before this share has not been written, or not yet. */
  boolean isBehindOthers(Share share) {
    long order = share.batches().get(0).order();
    return queue.isAnySentBefore(order)
        || underWay.stream().anyMatch(each -> each.batches().get(0).order() < order);
  }

  /**
   * What of these has not ended is to be sent again, once nothing is under way; nothing new goes
   * out until then. What has ended has left a hole.
   */
  void sendAgain(List<SendBatch> batches, boolean afterPause) {
    List<SendBatch> again = new ArrayList<>(batches.size());
    for (SendBatch batch : batches) {
      if (!batch.hasEnded()) {
        again.add(batch);
      } else if (!batch.isWritten()) {
        numbering.gaveUp(batch.order());
      }
    }
    queue.putBack(again);
    wantsPause |= afterPause;
    recovering = true;
    moveTo(State.IN_FLIGHT, null);
  }

  /** Some broker said that it does not lead, or does not yet. */
  void setLeaderChanging() {
    leaderChanging = true;
  }

  /** Whether that was so since this was asked last. */
  boolean takeLeaderChanging() {
    boolean was = leaderChanging;
    leaderChanging = false;
    return was;
  }

  boolean isRecovering() {
    return recovering;
  }

  boolean wantsPause() {
    return wantsPause;
  }

  /** Nothing is under way any more: what there is may go out again, in order. */
  void recovered() {
    recovering = false;
    wantsPause = false;
    if (wantsIsolation) {
      wantsIsolation = false;
      isolated = queue.sentCount();
    }
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
  int countFailure() {
    failures++;
    return failures;
  }

  /** Nothing has been written since something had to be sent again. */
  boolean isFailing() {
    return failures > 0;
  }

  void succeeded() {
    failures = 0;
    trouble = "";
  }

  /** Why nothing was sent lately, for people. */
  String trouble() {
    return trouble;
  }

  int troubledBy() {
    return troubledBy;
  }

  void setTrouble(String why) {
    setTrouble(why, -1);
  }

  /** There is no connection to that broker. */
  void setTrouble(String why, int brokerId) {
    trouble = why;
    troubledBy = brokerId;
  }

  /** How many batches at the head of the queue are to be sent one by one. */
  int isolated() {
    return isolated;
  }

  /** One of several batches is refused: sent one by one they will show which. */
  void isolate() {
    wantsIsolation = true;
  }

  /** One of those has ended. */
  void oneEnded() {
    if (isolated > 0) {
      isolated--;
    }
  }

  /** Set when the partition does not exist any more, or the producer has been closed. */
  @Nullable MillraceException gone() {
    return gone;
  }

  void setGone(MillraceException why) {
    gone = why;
  }
}
