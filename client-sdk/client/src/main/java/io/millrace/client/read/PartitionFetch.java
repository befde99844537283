package io.millrace.client.read;

import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.rpc.Timer;
import org.jspecify.annotations.Nullable;

/** Where the fetching of one partition stands. On the client's loop. */
final class PartitionFetch {
  static final int NO_EPOCH = -1;

  enum State {
    /** Its topic is being looked up. Next: POSITIONING, READY, STOPPED. */
    NEW,
    /** Where it begins is being looked up. Next: READY, STOPPED. */
    POSITIONING,
    /** To be fetched as soon as there is room. Next: IN_FLIGHT, PAUSING. */
    READY,
    /** Part of a request. Next: READY, PAUSING, STOPPED. */
    IN_FLIGHT,
    /** After a failure, until a timer, or news of its leader. Next: READY. */
    PAUSING,
    /** Until the consumer says where to go on. */
    STOPPED
  }

  private final TopicPartition partition;

  private State state = State.NEW;
  private int version;
  private @Nullable OffsetSpec spec;
  private long offset;
  private int lastEpoch = NO_EPOCH;
  private @Nullable String topicId;
  private @Nullable Timer pause;
  private int failures;
  private int failedEpoch;

  /** Fetched and not consumed yet. */
  private long bufferedBytes;

  /** By the user: what there is may be fetched no further. */
  private boolean held;

  PartitionFetch(TopicPartition partition) {
    this.partition = partition;
  }

  TopicPartition partition() {
    return partition;
  }

  State state() {
    return state;
  }

  int version() {
    return version;
  }

  /** Starts over; what was fetched so far is void. */
  void restart(int newVersion, StartAt start) {
    moveTo(State.NEW);
    version = newVersion;
    bufferedBytes = 0;
    failures = 0;
    lastEpoch = NO_EPOCH;
    topicId = null;
    if (start instanceof StartAt.Offset at) {
      offset = at.offset();
      spec = null;
    } else if (start instanceof StartAt.Spec lookedUp) {
      spec = lookedUp.spec();
    }
  }

  /** What has to be looked up before it can be fetched; null when the offset is known. */
  @Nullable OffsetSpec spec() {
    return spec;
  }

  void positionAt(long found) {
    spec = null;
    offset = found;
  }

  /** To be fetched next. */
  long offset() {
    return offset;
  }

  /** Of the record before that; {@link #NO_EPOCH} when it is not known. */
  int lastEpoch() {
    return lastEpoch;
  }

  void advance(long nextOffset, int epochOfLast, int bytes) {
    offset = nextOffset;
    if (epochOfLast != NO_EPOCH) {
      lastEpoch = epochOfLast;
    }
    bufferedBytes += bytes;
    failures = 0;
  }

  void consumed(long bytes) {
    bufferedBytes = Math.max(0, bufferedBytes - bytes);
  }

  long bufferedBytes() {
    return bufferedBytes;
  }

  /** The topic whose offsets these are; null until it was first fetched. */
  @Nullable String topicId() {
    return topicId;
  }

  void setTopicId(String id) {
    topicId = id;
  }

  boolean isHeld() {
    return held;
  }

  void setHeld(boolean hold) {
    held = hold;
  }

  void moveTo(State next) {
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
    state = next;
  }

  int countFailure() {
    return ++failures;
  }

  /** A leader epoch higher than this ends the pause. */
  void pausing(int leaderEpoch, Timer timer) {
    moveTo(State.PAUSING);
    failedEpoch = leaderEpoch;
    pause = timer;
  }

  int failedEpoch() {
    return failedEpoch;
  }
}
