package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * Chooses the partition of a record that names none: a plug point.
 *
 * <p>Called on the threads that call {@code send}, several at once.
 */
@FunctionalInterface
public interface Partitioner {
  /**
   * Chooses.
   *
   * @param key as serialized; not to be changed
   * @return 0 to {@code topic.partitions() - 1}
   */
  int partition(Topic topic, byte @Nullable [] key);

  /** What can be known of the topic at this moment. */
  interface Topic {
    /** The topic's name. */
    String name();

    /** At least 1. */
    int partitions();

    /** Whether a broker leads it, as far as is known. */
    boolean hasLeader(int partition);

    /** Bytes queued here for the broker that leads it, or under way to it. */
    long backlogBytes(int partition);

    /**
     * Where records go that may go anywhere: one partition until a batch of it has been closed, so
     * that batches fill, then that of the leader with the smallest backlog.
     */
    int stickyPartition();
  }
}
