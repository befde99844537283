package io.millrace.server.coordinator;

import java.util.concurrent.atomic.LongAdder;

/** What the groups of this broker have done since it started. Any thread. */
public final class GroupCounters {
  private final LongAdder rebalances = new LongAdder();
  private final LongAdder commits = new LongAdder();
  private final LongAdder expiredMembers = new LongAdder();
  private final LongAdder expiredOffsets = new LongAdder();

  GroupCounters() {}

  void rebalanced() {
    rebalances.increment();
  }

  void committed(long offsets) {
    commits.add(offsets);
  }

  void expiredMember() {
    expiredMembers.increment();
  }

  void expiredOffsets(long offsets) {
    expiredOffsets.add(offsets);
  }

  /** Epochs of groups that were begun. */
  public long rebalances() {
    return rebalances.sum();
  }

  /** Offsets taken down. */
  public long commits() {
    return commits.sum();
  }

  /** Members put out because they were silent, or did not give up what they were told to. */
  public long expiredMembers() {
    return expiredMembers.sum();
  }

  /** Offsets that were forgotten because nobody had used them. */
  public long expiredOffsets() {
    return expiredOffsets.sum();
  }
}
