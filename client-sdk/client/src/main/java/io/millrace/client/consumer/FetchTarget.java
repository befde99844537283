package io.millrace.client.consumer;

import io.millrace.client.TopicPartition;
import io.millrace.rpc.Timer;
import org.jspecify.annotations.Nullable;

/** One run as the loop sees it. Belongs to the client's loop. */
final class FetchTarget {
  /** What it waits for. */
  enum State {
    /** Its topic to be looked up. Next: LOCATING, READY, PAUSING, FAILED. */
    RESOLVING,
    /** Its first offset to be looked up. Next: READY, PAUSING, FAILED. */
    LOCATING,
    /** Its turn. Next: IN_FLIGHT, RESOLVING, LOCATING, PAUSING, FAILED. */
    READY,
    /** An answer. Next: READY, LOCATING, PAUSING, FAILED. */
    IN_FLIGHT,
    /** A timer, after a failure. Next: what failed. */
    PAUSING,
    /** The application to seek, or to poll again. */
    FAILED,
    /** Nothing: the run has been replaced. */
    DROPPED
  }

  private final ReadRun run;

  State state = State.RESOLVING;

  /** Where to fetch next, once that is known. */
  long offset = -1;

  /** Of the record before it. */
  int lastEpoch = StartAt.NO_EPOCH;

  /** The leader epoch of the last request. */
  int askedEpoch = StartAt.NO_EPOCH;

  /** Whether a leader has served it since it was located. */
  boolean served;

  int failures;
  @Nullable Timer pause;
  String trouble = "";

  FetchTarget(ReadRun run) {
    this.run = run;
  }

  ReadRun run() {
    return run;
  }

  TopicPartition partition() {
    return run.partition();
  }

  boolean isDropped() {
    return state == State.DROPPED;
  }

  void readFrom(long newOffset, int epochBefore) {
    state = State.READY;
    offset = newOffset;
    lastEpoch = epochBefore;
    served = false;
  }

  void endPause() {
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
  }

  @Override
  public String toString() {
    return partition() + " at " + offset;
  }
}
