package io.millrace.server.coordinator;

import io.millrace.server.group.CommitRules;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.GroupChange;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes down how far the groups of one partition have come, and says it. Owner: the partition's
 * loop.
 */
final class GroupCommits {
  private final GroupTable groups;
  private final GroupLog log;
  private final GroupAnswers answers;
  private final GroupCounters counters;

  GroupCommits(GroupTable groups, GroupLog log, GroupAnswers answers, GroupCounters counters) {
    this.groups = groups;
    this.log = log;
    this.answers = answers;
    this.counters = counters;
  }

  /**
   * @param by empty: no member; the first of these makes a group
   * @param reply for each commit, in order, why it does not count
   */
  void commit(
      String groupId,
      Optional<CommitRules.Committer> by,
      List<GroupChange.Committed> commits,
      GroupAnswers.Reply<List<Optional<CommitRules.Refusal>>> reply) {
    LiveGroup known = groups.get(groupId);
    boolean makes = known == null && by.isEmpty() && !commits.isEmpty();
    Optional<Refusal> refusal =
        known == null ? makes ? groups.full() : Optional.empty() : GroupTable.damage(known);
    if (refusal.isPresent()) {
      reply.refuse(refusal.get());
      return;
    }
    LiveGroup live =
        known != null ? known : makes ? groups.getOrMake(groupId) : new LiveGroup(groupId);
    List<GroupChange> changes = new ArrayList<>();
    List<Optional<CommitRules.Refusal>> results = new ArrayList<>();
    for (GroupChange.Committed commit : commits) {
      Optional<CommitRules.Refusal> refused =
          CommitRules.refusal(live.group, commit.partition(), by);
      if (refused.isEmpty()) {
        CommitRules.change(live.group, commit).ifPresent(changes::add);
      }
      results.add(refused);
    }
    changes.forEach(live.group::apply);
    counters.committed(changes.size());
    log.write(groupId, changes);
    answers.tell(reply, results);
  }

  /** Everything that the group has committed. */
  void offsets(String groupId, GroupAnswers.Reply<Map<PartitionId, CommittedOffset>> reply) {
    LiveGroup live = groups.get(groupId);
    Optional<Refusal> damage = live == null ? Optional.empty() : GroupTable.damage(live);
    if (damage.isPresent()) {
      reply.refuse(damage.get());
    } else {
      answers.tell(reply, live == null ? Map.of() : new LinkedHashMap<>(live.group.offsets()));
    }
  }
}
