package io.millrace.server.group;

import io.millrace.server.partition.PartitionId;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** One group as its log tells it. Changes by {@link #apply} alone. Owner: the loop of that log. */
public final class Group {
  /** Where a group stands as a whole. */
  public enum State {
    /** Without members; committed offsets may remain. */
    EMPTY,
    /** Something has changed since targets were last computed. */
    ASSIGNING,
    /** Some member has not come to its target. */
    RECONCILING,
    STABLE
  }

  private final String id;
  private final NavigableMap<String, GroupMember> members = new TreeMap<>();
  private final Map<String, Set<PartitionId>> targets = new HashMap<>();
  private final Map<PartitionId, CommittedOffset> offsets = new HashMap<>();
  private int epoch;
  private int assignmentEpoch;
  private NavigableMap<String, Integer> partitionCounts = new TreeMap<>();
  private long emptySinceMillis;

  /** Follows from the members: who they are by the instance they are of, and who holds what. */
  private final Map<String, String> byInstance = new HashMap<>();

  private final Map<PartitionId, String> holders = new HashMap<>();

  public Group(String id) {
    this.id = id;
  }

  /** The only way in which anything of a group changes, live and when it is read from its log. */
  public void apply(GroupChange change) {
    if (change instanceof GroupChange.MemberIs is) {
      put(is.member());
    } else if (change instanceof GroupChange.MemberGone gone) {
      targets.remove(gone.memberId());
      drop(gone.memberId());
    } else if (change instanceof GroupChange.EpochIs is) {
      epoch = is.groupEpoch();
      partitionCounts = is.partitionCounts();
      emptySinceMillis = is.emptySinceMillis();
    } else if (change instanceof GroupChange.TargetOf of) {
      targets.put(of.memberId(), of.partitions());
    } else if (change instanceof GroupChange.TargetsAre are) {
      assignmentEpoch = are.assignmentEpoch();
    } else if (change instanceof GroupChange.Committed committed) {
      offsets.put(committed.partition(), committed.offset());
    } else if (change instanceof GroupChange.Forgotten forgotten) {
      offsets.remove(forgotten.partition());
    } else if (change instanceof GroupChange.Ended) {
      epoch = 0;
      assignmentEpoch = 0;
      partitionCounts = new TreeMap<>();
      emptySinceMillis = 0;
    }
  }

  /**
   * What of a change cannot be, after all that was said before. Live that would be a bug, and
   * throws; in a log that was written by others it has to be told.
   */
  public Optional<String> contradiction(GroupChange change) {
    if (!(change instanceof GroupChange.MemberIs is)) {
      return Optional.empty();
    }
    GroupMember member = is.member();
    for (PartitionId each : member.owned()) {
      if (member.giving().contains(each)) {
        return Optional.of(each + " is both owned and given up by " + member.id());
      }
    }
    return Stream.concat(member.owned().stream(), member.giving().stream())
        .filter(each -> holder(each).filter(other -> !other.equals(member.id())).isPresent())
        .findFirst()
        .map(each -> each + " is held by both " + holder(each).orElse("") + " and " + member.id());
  }

  private void put(GroupMember member) {
    drop(member.id());
    members.put(member.id(), member);
    member.identity().instanceId().ifPresent(instance -> byInstance.put(instance, member.id()));
    hold(member.owned(), member.id());
    hold(member.giving(), member.id());
  }

  private void hold(Set<PartitionId> partitions, String memberId) {
    for (PartitionId each : partitions) {
      String other = holders.put(each, memberId);
      if (other != null) {
        throw new IllegalStateException(
            "group " + id + ": " + each + " is held by both " + other + " and " + memberId);
      }
    }
  }

  private void drop(String memberId) {
    GroupMember gone = members.remove(memberId);
    if (gone != null) {
      gone.identity().instanceId().ifPresent(instance -> byInstance.remove(instance, memberId));
      gone.owned().forEach(holders::remove);
      gone.giving().forEach(holders::remove);
    }
  }

  public String id() {
    return id;
  }

  /** Of what assignments depend on: grows with each change of it. */
  public int epoch() {
    return epoch;
  }

  /** Of the group, when targets were last computed. */
  public int assignmentEpoch() {
    return assignmentEpoch;
  }

  /** By topic id, as of {@link #epoch}. */
  NavigableMap<String, Integer> partitionCounts() {
    return partitionCounts;
  }

  /** When the last member went; 0: there are some, or were none ever. */
  public long emptySinceMillis() {
    return emptySinceMillis;
  }

  public Collection<GroupMember> members() {
    return Collections.unmodifiableCollection(members.values());
  }

  public Optional<GroupMember> member(String memberId) {
    return Optional.ofNullable(members.get(memberId));
  }

  /** The static member of that instance. */
  Optional<GroupMember> instance(String instanceId) {
    return Optional.ofNullable(byInstance.get(instanceId)).map(members::get);
  }

  /** What a member shall have, as of {@link #assignmentEpoch}. */
  public Set<PartitionId> target(String memberId) {
    return targets.getOrDefault(memberId, Set.of());
  }

  /** Who owns it, or has not given it up yet. */
  public Optional<String> holder(PartitionId partition) {
    return Optional.ofNullable(holders.get(partition));
  }

  public Map<PartitionId, CommittedOffset> offsets() {
    return Collections.unmodifiableMap(offsets);
  }

  /** Whether there is nothing left to know of it. */
  public boolean isForgotten() {
    return members.isEmpty() && offsets.isEmpty() && epoch == 0;
  }

  public State state() {
    if (members.isEmpty()) {
      return State.EMPTY;
    } else if (assignmentEpoch < epoch) {
      return State.ASSIGNING;
    }
    boolean haveArrived = members.values().stream().allMatch(this::hasArrived);
    return haveArrived ? State.STABLE : State.RECONCILING;
  }

  private boolean hasArrived(GroupMember member) {
    return member.isAway()
        || (member.epoch() == assignmentEpoch
            && member.giving().isEmpty()
            && member.owned().equals(target(member.id())));
  }
}
