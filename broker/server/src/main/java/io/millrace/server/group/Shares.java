package io.millrace.server.group;

import io.millrace.server.group.AssignmentInput.Subscriber;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who has how much, while an assignment is being made. Members with equal subscriptions are kept
 * together, so that the one of a topic that has least is found without looking at all.
 */
final class Shares {
  private static final Comparator<Share> BY_SIZE =
      Comparator.<Share>comparingInt(share -> share.size).thenComparing(share -> share.memberId);

  private final Map<String, Share> byMember = new TreeMap<>();
  private final NavigableSet<Share> all = new TreeSet<>(BY_SIZE);

  /** By topic id: the kinds of members that have subscribed to it. */
  private final Map<String, List<NavigableSet<Share>>> subscribers = new HashMap<>();

  /** What one member gets. */
  private static final class Share {
    final String memberId;
    final Subscriber member;

    /** All members with the same subscription. */
    final NavigableSet<Share> kind;

    final Map<String, LinkedHashSet<PartitionId>> byTopic = new LinkedHashMap<>();
    int size;

    Share(String memberId, Subscriber member, NavigableSet<Share> kind) {
      this.memberId = memberId;
      this.member = member;
      this.kind = kind;
    }
  }

  private final AssignmentInput input;

  Shares(AssignmentInput input) {
    this.input = input;
    Map<Set<String>, NavigableSet<Share>> kinds = new LinkedHashMap<>();
    input
        .subscribers()
        .forEach(
            (id, member) -> {
              NavigableSet<Share> kind =
                  kinds.computeIfAbsent(member.topicIds(), topics -> new TreeSet<>(BY_SIZE));
              Share share = new Share(id, member, kind);
              byMember.put(id, share);
              kind.add(share);
              all.add(share);
            });
    kinds.forEach(
        (topicIds, kind) ->
            topicIds.forEach(
                id -> subscribers.computeIfAbsent(id, topic -> new ArrayList<>()).add(kind)));
  }

  int size(String memberId) {
    return share(memberId).size;
  }

  private Share share(String memberId) {
    Share share = byMember.get(memberId);
    if (share == null) {
      throw new IllegalArgumentException(memberId + " is not a member");
    }
    return share;
  }

  void give(PartitionId partition, String memberId) {
    give(partition, share(memberId));
  }

  void giveToLightest(PartitionId partition) {
    give(partition, lightest(partition.topicId()));
  }

  private Share lightest(String topicId) {
    return subscribers.getOrDefault(topicId, List.of()).stream()
        .map(NavigableSet::first)
        .min(BY_SIZE)
        .orElseThrow(() -> new IllegalArgumentException("nobody has subscribed to " + topicId));
  }

  private void give(PartitionId partition, Share to) {
    resize(to, 1);
    to.byTopic.computeIfAbsent(partition.topicId(), topic -> new LinkedHashSet<>()).add(partition);
  }

  private void take(PartitionId partition, Share from) {
    resize(from, -1);
    LinkedHashSet<PartitionId> ofTopic = from.byTopic.get(partition.topicId());
    if (ofTopic == null || !ofTopic.remove(partition)) {
      throw new IllegalStateException(from.memberId + " does not have " + partition);
    }
    if (ofTopic.isEmpty()) {
      from.byTopic.remove(partition.topicId());
    }
  }

  /** Sets are ordered by size: nobody's may change while it is in one. */
  private void resize(Share share, int by) {
    all.remove(share);
    share.kind.remove(share);
    share.size += by;
    share.kind.add(share);
    all.add(share);
  }

  /**
   * Moves one partition to a member that has at least two fewer than its owner, which has as many
   * as possible. The sum of the squares of all sizes falls each time, so it ends.
   *
   * @return false when there was none to be moved
   */
  boolean moveOne() {
    for (Share from : all.descendingSet()) {
      for (String topicId : from.byTopic.keySet()) {
        Share to = lightest(topicId);
        if (to.size + 2 <= from.size) {
          PartitionId moved = leastMissed(from, topicId, to);
          take(moved, from);
          give(moved, to);
          return true;
        }
      }
    }
    return false;
  }

  /** Rather what was not its own before, or is near the one who gets it; else its last. */
  private PartitionId leastMissed(Share from, String topicId, Share to) {
    PartitionId best = null;
    int bestRank = -1;
    for (PartitionId each : from.byTopic.getOrDefault(topicId, new LinkedHashSet<>())) {
      int rank = from.member.owned().contains(each) ? 0 : 2;
      rank += input.isNear(each, to.member) ? 1 : 0;
      if (rank >= bestRank) {
        best = each;
        bestRank = rank;
      }
    }
    if (best == null) {
      throw new IllegalStateException(from.memberId + " has nothing of " + topicId);
    }
    return best;
  }

  Map<String, Set<PartitionId>> asAssignment() {
    Map<String, Set<PartitionId>> assigned = new HashMap<>();
    byMember.forEach(
        (id, share) -> {
          Set<PartitionId> its = new LinkedHashSet<>();
          share.byTopic.values().forEach(its::addAll);
          assigned.put(id, its);
        });
    return assigned;
  }
}
