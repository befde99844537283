package io.millrace.server.coordinator;

import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupMember;
import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A group at one moment, for whoever looks at it.
 *
 * @param holdings by partition: who holds it, and for how long
 * @param alarm when an assignor has failed, how; else empty
 * @param damage why what the log says of it makes no sense, so that nobody can use it; else empty
 */
public record GroupReading(
    Summary summary,
    int groupEpoch,
    List<MemberReading> members,
    Map<PartitionId, CommittedOffset> offsets,
    Map<PartitionId, Holding> holdings,
    String alarm,
    String damage) {
  /**
   * A partition that a member reads, or has not given up yet.
   *
   * @param heldMillis since it got it, or the coordinator took over
   */
  public record Holding(String memberId, long heldMillis) {}

  /** In short. */
  public record Summary(String groupId, Group.State state, int members) {
    static Summary of(Group group) {
      return new Summary(group.id(), group.state(), group.members().size());
    }
  }

  /**
   * A member.
   *
   * @param target what it shall have
   * @param silentMillis since it was last heard of, or the coordinator took over
   */
  public record MemberReading(GroupMember member, Set<PartitionId> target, long silentMillis) {}

  static GroupReading of(LiveGroup live, long nowNanos) {
    Group group = live.group;
    return new GroupReading(
        Summary.of(group),
        group.epoch(),
        group.members().stream()
            .map(
                member ->
                    new MemberReading(
                        member,
                        group.target(member.id()),
                        TimeUnit.NANOSECONDS.toMillis(
                            nowNanos - live.presence(member.id()).heardNanos)))
            .toList(),
        Map.copyOf(group.offsets()),
        live.holdings(nowNanos),
        live.alarm,
        live.damage);
  }
}
