package io.millrace.simulator;

import io.millrace.simulator.Violation.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the members of a group see and are told, and what they may rely on: nobody begins before
 * what had been committed when it asked (I6), nobody passes over what nobody has got. Members tell
 * it from their own threads, in their turns.
 *
 * <p>Who holds a partition cannot be told from here: a member that has been put out hears of it
 * later. That is read from the group's log ({@link GroupHistory}).
 */
final class GroupLedger {
  private final World world;
  private final Reach reach;
  private final Map<Integer, OfPartition> partitions = new TreeMap<>();
  private Runnable onEvent = () -> {};

  private static final class OfPartition {
    final Map<Long, String> values = new HashMap<>();
    final List<Stint> stints = new ArrayList<>();

    /** The highest that any member was told is taken. */
    long committed;

    /** All before it has been delivered to somebody. */
    long deliveredEnd;
  }

  /** From a partition's assignment to a member until it is taken away, as the member sees it. */
  static final class Stint {
    private final String member;
    private final int partition;

    /** What was committed before it asked where to begin. */
    private final long committedBefore;

    private long next = -1;

    private Stint(String member, int partition, long committedBefore) {
      this.member = member;
      this.partition = partition;
      this.committedBefore = committedBefore;
    }

    /** The next offset that it gets; -1 before the first. */
    long next() {
      return next;
    }

    int partition() {
      return partition;
    }
  }

  GroupLedger(World world, Reach reach) {
    this.world = world;
    this.reach = reach;
  }

  /** Hears of everything that happens to the group. */
  void onEvent(Runnable listener) {
    onEvent = listener;
  }

  private OfPartition of(int partition) {
    return partitions.computeIfAbsent(partition, number -> new OfPartition());
  }

  /** The highest that is known to be committed now, of each partition. */
  Map<Integer, Long> committed() {
    Map<Integer, Long> now = new TreeMap<>();
    partitions.forEach((number, its) -> now.put(number, its.committed));
    return now;
  }

  /**
   * @param committedBefore {@link #committed} from before the poll in which this is told
   */
  Stint assigned(String member, int partition, Map<Integer, Long> committedBefore) {
    reach.count(Reach.Place.GROUP_ASSIGNED);
    Stint stint = new Stint(member, partition, committedBefore.getOrDefault(partition, 0L));
    of(partition).stints.add(stint);
    onEvent.run();
    return stint;
  }

  /** Revoked or lost. */
  void ended(Stint stint) {
    of(stint.partition).stints.remove(stint);
    onEvent.run();
  }

  void delivered(Stint stint, long offset, String value) {
    OfPartition its = of(stint.partition);
    if (stint.next < 0) {
      first(its, stint, offset);
    } else if (offset != stint.next) {
      violated(
          "partition %d: %s got offset %d after %d"
              .formatted(stint.partition, stint.member, offset, stint.next - 1));
    }
    stint.next = offset + 1;
    its.deliveredEnd = Math.max(its.deliveredEnd, offset + 1);
    String before = its.values.put(offset, value);
    if (before != null) {
      reach.count(Reach.Place.GROUP_REPEATED);
      if (!before.equals(value)) {
        world.violated(
            Rule.I4_SAME_LOGS,
            "partition %d: the group got %s and %s at offset %d"
                .formatted(stint.partition, before, value, offset));
      }
    }
  }

  private void first(OfPartition its, Stint stint, long offset) {
    if (offset < stint.committedBefore) {
      violated(
          "partition %d: %s begins at %d, and %d had been committed before it asked"
              .formatted(stint.partition, stint.member, offset, stint.committedBefore));
    } else if (offset > its.deliveredEnd) {
      violated(
          "partition %d: %s begins at %d, and nobody has got what is before from %d on"
              .formatted(stint.partition, stint.member, offset, its.deliveredEnd));
    }
  }

  private void violated(String what) {
    world.violated(Rule.I6_COMMITS_GO_FORWARD, what);
  }

  /** A member was told that its commit is taken. */
  void committed(int partition, long offset) {
    reach.count(Reach.Place.GROUP_COMMITTED);
    OfPartition its = of(partition);
    its.committed = Math.max(its.committed, offset);
    onEvent.run();
  }

  /** Who reads a partition as far as it knows. */
  List<String> readers(int partition) {
    return of(partition).stints.stream().map(stint -> stint.member).toList();
  }

  /** All before it has been delivered to somebody. */
  long deliveredEnd(int partition) {
    return of(partition).deliveredEnd;
  }

  /** The highest that any member was told is taken. */
  long committed(int partition) {
    return of(partition).committed;
  }

  /** What the group got at an offset; null: nothing. */
  @Nullable String value(int partition, long offset) {
    return of(partition).values.get(offset);
  }
}
