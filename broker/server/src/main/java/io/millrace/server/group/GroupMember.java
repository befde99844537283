package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A member as its group's log has it.
 *
 * @param epoch of the assignment it has come to; {@link #AWAY} for a static member that will be
 *     back
 * @param previousEpoch the one before, which it may still name when an answer was lost
 * @param owned what it may read; it knows, or will with the next answer
 * @param giving what it has been told to give up, and has not said that it did; nobody else gets it
 *     until then
 */
public record GroupMember(
    String id,
    Identity identity,
    Subscription subscription,
    int epoch,
    int previousEpoch,
    Set<PartitionId> owned,
    Set<PartitionId> giving) {
  /** The epoch of a static member that has left for a moment. */
  public static final int AWAY = -2;

  /**
   * What stays while a member is one.
   *
   * @param instanceId of a static member: the same after a restart
   * @param clientId and host, for people
   * @param sessionTimeoutMillis after so much silence it is taken for dead
   * @param revocationTimeoutMillis how long it may take to give something up
   * @param assignor what it asks for; empty: the cluster's default
   */
  public record Identity(
      Optional<String> instanceId,
      Optional<String> rack,
      String clientId,
      String host,
      int sessionTimeoutMillis,
      int revocationTimeoutMillis,
      Optional<String> assignor) {}

  public GroupMember {
    owned = Collections.unmodifiableSet(new LinkedHashSet<>(owned));
    giving = Collections.unmodifiableSet(new LinkedHashSet<>(giving));
  }

  public boolean isAway() {
    return epoch == AWAY;
  }

  /** Whether nobody else may have it. */
  boolean holds(PartitionId partition) {
    return owned.contains(partition) || giving.contains(partition);
  }

  GroupMember with(Identity newIdentity, Subscription newSubscription) {
    return new GroupMember(id, newIdentity, newSubscription, epoch, previousEpoch, owned, giving);
  }

  GroupMember with(int newEpoch, Set<PartitionId> newOwned, Set<PartitionId> newGiving) {
    int before = newEpoch == epoch ? previousEpoch : epoch;
    return new GroupMember(id, identity, subscription, newEpoch, before, newOwned, newGiving);
  }

  /** The same place in the group, taken by another process. */
  GroupMember inheritedBy(String otherId, int newEpoch) {
    return new GroupMember(otherId, identity, subscription, newEpoch, newEpoch, owned, Set.of());
  }
}
