package io.millrace.server.group;

import io.millrace.rpc.SafetyRule;
import io.millrace.server.partition.PartitionId;
import java.util.Optional;

/**
 * Whose commits count: those of the member that holds the partition, in the epoch it is in; and
 * anybody's while the group has no members, which is how offsets are set by hand.
 */
public final class CommitRules {
  private CommitRules() {}

  /** Who commits. */
  public record Committer(String memberId, int memberEpoch) {}

  /** Why a commit does not count. */
  public enum Refusal {
    /** Not a member, or not any more: it has to join anew. */
    UNKNOWN_MEMBER,
    /** Its epoch is another by now: it hears of it with its next heartbeat, and may commit then. */
    STALE_EPOCH,
    /** It does not hold the partition, or not any more. */
    NOT_ASSIGNED,
    /** Without a member's name, while the group has members. */
    GROUP_IN_USE
  }

  /**
   * @param by empty: somebody outside of the group
   */
  public static Optional<Refusal> refusal(
      Group group, PartitionId partition, Optional<Committer> by) {
    if (by.isEmpty()) {
      return group.members().isEmpty() ? Optional.empty() : Optional.of(Refusal.GROUP_IN_USE);
    }
    if (SafetyRule.R20.isLeftOut()) {
      return Optional.empty();
    }
    GroupMember member = group.member(by.get().memberId()).orElse(null);
    if (member == null) {
      return Optional.of(Refusal.UNKNOWN_MEMBER);
    } else if (member.epoch() != by.get().memberEpoch()) {
      return Optional.of(Refusal.STALE_EPOCH);
    } else if (!member.holds(partition)) {
      return Optional.of(Refusal.NOT_ASSIGNED);
    }
    return Optional.empty();
  }

  /**
   * What becomes of a commit that counts.
   *
   * @return empty: nothing, as the same member has committed something newer there. It is as if
   *     this one had come before that (I6)
   */
  public static Optional<GroupChange.Committed> change(Group group, GroupChange.Committed commit) {
    CommittedOffset before = group.offsets().get(commit.partition());
    if (before == null) {
      return Optional.of(commit);
    }
    return commit.offset().number().isOvertakenBy(before.number())
        ? Optional.empty()
        : Optional.of(new GroupChange.Committed(commit.partition(), commit.offset().after(before)));
  }
}
