package io.millrace.client.consumer;

import io.millrace.client.TopicPartition;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One partition read from one place on, until somebody seeks: the token by which both threads tell
 * what is wanted from what is not any more. Made by the polling thread; safe for both.
 */
final class ReadRun {
  static final long NOWHERE = -1;
  private static final long UNKNOWN = -1;
  private static final int NOBODY = -1;

  private final TopicPartition partition;
  private final StartAt start;
  private final AtomicLong heldBytes = new AtomicLong();
  private volatile boolean paused;
  // Written by the loop.
  private volatile long highWatermark = UNKNOWN;
  private volatile String topicId = "";
  private volatile int leader = NOBODY;

  /** Where what was fetched before was not whole, which the leader is told; by who makes it. */
  private final long damagedOffset;

  ReadRun(TopicPartition partition, StartAt start, boolean paused) {
    this(partition, start, paused, NOWHERE);
  }

  /**
   * @param damagedOffset {@link #NOWHERE} for none
   */
  ReadRun(TopicPartition partition, StartAt start, boolean paused, long damagedOffset) {
    this.damagedOffset = damagedOffset;
    this.partition = partition;
    this.start = start;
    this.paused = paused;
  }

  TopicPartition partition() {
    return partition;
  }

  StartAt start() {
    return start;
  }

  /** Of records that were fetched and have not been read yet. */
  long heldBytes() {
    return heldBytes.get();
  }

  void addHeldBytes(long bytes) {
    heldBytes.addAndGet(bytes);
  }

  boolean isPaused() {
    return paused;
  }

  /** By the polling thread, which then nudges the engine. */
  void setPaused(boolean paused) {
    this.paused = paused;
  }

  boolean hasHighWatermark() {
    return highWatermark != UNKNOWN;
  }

  /** As the leader last said; meaningful after {@link #hasHighWatermark}. */
  long highWatermark() {
    return highWatermark;
  }

  void setHighWatermark(long offset) {
    highWatermark = offset;
  }

  /** Empty until the topic has been looked up. */
  String topicId() {
    return topicId;
  }

  void setTopicId(String id) {
    topicId = id;
  }

  long damagedOffset() {
    return damagedOffset;
  }

  /** Which broker gave what is read, as a clause for people. */
  String from() {
    int broker = leader;
    return broker == NOBODY ? "" : " from broker " + broker;
  }

  void setLeader(int broker) {
    leader = broker;
  }

  @Override
  public String toString() {
    return partition + " from " + start;
  }
}
