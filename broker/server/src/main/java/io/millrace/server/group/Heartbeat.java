package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.Optional;
import java.util.Set;

/**
 * What a member says to its group's coordinator, again and again.
 *
 * @param memberId chosen by the member, unique for ever
 * @param memberEpoch as it was last told; {@link #JOIN}, {@link #LEAVE} or {@link GroupMember#AWAY}
 * @param subscription empty: as before
 * @param owned what it holds and works on; empty: as it was last told. A member that joins holds
 *     nothing
 */
public record Heartbeat(
    String memberId,
    int memberEpoch,
    GroupMember.Identity identity,
    Optional<Subscription> subscription,
    Optional<Set<PartitionId>> owned) {
  public static final int JOIN = 0;
  public static final int LEAVE = -1;
}
