package io.millrace.client.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.TopicPartition;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which records of each partition were handed out, and which of them somebody has said to be done
 * with, in any order: only what has nothing open before it may be committed. Belongs to one thread
 * at a time.
 */
final class Acknowledgements {
  private final Map<TopicPartition, Open> partitions = new HashMap<>();

  /** Of one partition: handed out in the order of offsets. */
  private static final class Open {
    final Deque<Long> handedOut = new ArrayDeque<>();
    final Set<Long> done = new HashSet<>();
    long next;
    long last;
  }

  /** The application has it from now on. */
  void handedOut(ConsumerRecord<?, ?> record) {
    Open open = partitions.computeIfAbsent(record.topicPartition(), partition -> new Open());
    if (open.handedOut.isEmpty()) {
      open.next = record.offset();
    }
    open.handedOut.add(record.offset());
    open.last = record.offset();
  }

  /** The application has done with it; what was never handed out, or twice, counts nothing. */
  void done(ConsumerRecord<?, ?> record) {
    Open open = partitions.get(record.topicPartition());
    if (open == null || record.offset() < open.next || record.offset() > open.last) {
      return;
    }
    open.done.add(record.offset());
    while (!open.handedOut.isEmpty() && open.done.remove(open.handedOut.element())) {
      open.next = open.handedOut.remove() + 1;
    }
  }

  /** Where reading would go on; null: nothing was handed out. */
  @Nullable CommittedOffset next(TopicPartition partition) {
    Open open = partitions.get(partition);
    return open == null ? null : new CommittedOffset(open.next);
  }

  /** How many records of a partition nobody has done with. */
  int openCount(TopicPartition partition) {
    Open open = partitions.get(partition);
    return open == null ? 0 : open.handedOut.size();
  }

  /** The partition has gone. */
  void forget(TopicPartition partition) {
    partitions.remove(partition);
  }
}
