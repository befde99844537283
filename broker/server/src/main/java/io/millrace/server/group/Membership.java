package io.millrace.server.group;

import io.millrace.server.group.AssignmentInput.Subscriber;
import io.millrace.server.group.AssignmentInput.TopicShape;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What becomes of a group when a member says something, or has been silent for too long. Makes the
 * changes as it finds that they are needed, and keeps them for the group's log: an answer may go
 * out when that has them. Owner: the loop of the group's log; lives for one decision.
 */
public final class Membership {
  private final Group group;
  private final SubscribedTopics topics;
  private final Map<String, Assignor> assignors;
  private final String defaultAssignor;
  private final GroupLimits limits;
  private final long nowMillis;
  private final List<GroupChange> changes = new ArrayList<>();
  private Optional<String> alarm = Optional.empty();

  /**
   * @param topics as they are now
   * @param assignors by name
   * @param nowMillis by the wall clock
   */
  public Membership(
      Group group,
      TopicDirectory topics,
      Map<String, Assignor> assignors,
      String defaultAssignor,
      GroupLimits limits,
      long nowMillis) {
    this.group = group;
    this.topics = new SubscribedTopics(topics, limits.topics());
    this.assignors = assignors;
    this.defaultAssignor = defaultAssignor;
    this.limits = limits;
    this.nowMillis = nowMillis;
  }

  /** What has been changed, in order. */
  public List<GroupChange> changes() {
    return List.copyOf(changes);
  }

  /** Set: what a person has to know; an assignor has failed, and targets stay as they were. */
  public Optional<String> alarm() {
    return alarm.or(topics::alarm);
  }

  private void make(GroupChange change) {
    group.apply(change);
    changes.add(change);
  }

  public HeartbeatAnswer onHeartbeat(Heartbeat beat) {
    if (beat.memberEpoch() == Heartbeat.LEAVE) {
      group.member(beat.memberId()).ifPresent(this::remove);
      return new HeartbeatAnswer.Bye();
    } else if (beat.memberEpoch() == GroupMember.AWAY) {
      return leaveForAMoment(beat);
    } else if (beat.memberEpoch() == Heartbeat.JOIN) {
      return join(beat);
    }
    GroupMember member = group.member(beat.memberId()).orElse(null);
    if (member == null) {
      return new HeartbeatAnswer.Fenced("it is not a member of group " + group.id());
    }
    Optional<String> fence = fence(member, beat);
    if (fence.isPresent()) {
      return new HeartbeatAnswer.Fenced(fence.get());
    }
    return goOn(member, beat);
  }

  /** An answer that was lost is no reason to throw anybody out. */
  private static Optional<String> fence(GroupMember member, Heartbeat beat) {
    int named = beat.memberEpoch();
    boolean lostAnswer =
        named == member.previousEpoch()
            && beat.owned().map(member.owned()::containsAll).orElse(true);
    if (named == member.epoch() || lostAnswer) {
      return Optional.empty();
    }
    return Optional.of(
        "it is in epoch " + named + "; the member of that id is in " + member.epoch());
  }

  private HeartbeatAnswer join(Heartbeat beat) {
    Optional<String> refusal = refusal(beat);
    if (refusal.isPresent()) {
      return new HeartbeatAnswer.Refused(refusal.get());
    }
    Subscription wanted = beat.subscription().orElse(Subscription.NONE);
    Optional<GroupMember> before =
        beat.identity()
            .instanceId()
            .flatMap(group::instance)
            .or(() -> group.member(beat.memberId()));
    if (before.isEmpty() && group.members().size() >= limits.members()) {
      return new HeartbeatAnswer.Full(
          "group " + group.id() + " has " + limits.members() + " members, which is the most");
    }
    if (before.isPresent() && beat.identity().instanceId().isPresent()) {
      return takeOver(before.get(), beat, wanted);
    }
    before.ifPresent(this::remove); // it says that it has dropped everything
    make(
        new GroupChange.MemberIs(
            new GroupMember(beat.memberId(), beat.identity(), wanted, 0, 0, Set.of(), Set.of())));
    advance(true);
    return tell(beat.memberId(), Optional.of(Set.of()));
  }

  /** The instance is back, or another process has its name: the one before is fenced. */
  private HeartbeatAnswer takeOver(GroupMember before, Heartbeat beat, Subscription wanted) {
    Set<PartitionId> target = group.target(before.id());
    boolean hasChanged = !wanted.equals(before.subscription());
    make(new GroupChange.MemberGone(before.id()));
    make(new GroupChange.TargetOf(beat.memberId(), target));
    make(
        new GroupChange.MemberIs(
            before
                .inheritedBy(beat.memberId(), group.assignmentEpoch())
                .with(beat.identity(), wanted)));
    advance(hasChanged);
    return tell(beat.memberId(), Optional.of(Set.of()));
  }

  private Optional<String> refusal(Heartbeat beat) {
    Optional<String> assignor = beat.identity().assignor();
    if (assignor.isPresent() && !assignors.containsKey(assignor.get())) {
      return Optional.of(
          "there is no assignor " + assignor.get() + " here; there are " + assignors.keySet());
    }
    Subscription wanted = beat.subscription().orElse(Subscription.NONE);
    if (wanted.topics().size() > limits.topics()) {
      return Optional.of("a member may name at most " + limits.topics() + " topics");
    }
    if (wanted.patterns().size() > limits.patterns()) {
      return Optional.of("a member may name at most " + limits.patterns() + " patterns of topics");
    }
    return Optional.empty();
  }

  private HeartbeatAnswer leaveForAMoment(Heartbeat beat) {
    GroupMember member = group.member(beat.memberId()).orElse(null);
    if (member == null || member.identity().instanceId().isEmpty()) {
      return new HeartbeatAnswer.Fenced("no static member of group " + group.id() + " has that id");
    }
    make(new GroupChange.MemberIs(member.with(GroupMember.AWAY, member.owned(), Set.of())));
    return new HeartbeatAnswer.Bye();
  }

  private HeartbeatAnswer goOn(GroupMember member, Heartbeat beat) {
    Optional<String> refusal = refusal(beat);
    if (refusal.isPresent()) {
      return new HeartbeatAnswer.Refused(refusal.get());
    }
    Subscription wanted = beat.subscription().orElse(member.subscription());
    GroupMember now = member.with(beat.identity(), wanted);
    if (!now.equals(member)) {
      make(new GroupChange.MemberIs(now));
    }
    boolean mattersToOthers =
        !wanted.equals(member.subscription())
            || !now.identity().rack().equals(member.identity().rack())
            || !now.identity().assignor().equals(member.identity().assignor());
    if (mattersToOthers || group.assignmentEpoch() < group.epoch()) {
      advance(mattersToOthers);
    }
    return tell(member.id(), beat.owned());
  }

  /** What a member that waits for news would be told now. */
  public HeartbeatAnswer look(String memberId) {
    return group.member(memberId).isPresent()
        ? tell(memberId, Optional.empty())
        : new HeartbeatAnswer.Fenced("it is not a member of group " + group.id() + " any more");
  }

  /** Nothing was heard of it, or it has not given up in time what it was told to. */
  public void expire(String memberId) {
    group.member(memberId).ifPresent(this::remove);
  }

  /**
   * Topics have come, gone or grown, maybe: to be asked first, before anything else changes. What
   * there is now and was not when the group last looked was made after somebody had subscribed to
   * it, so that the group has all of it before it, wherever its members begin (semantics 4.8).
   */
  public void onTopicsChanged() {
    if (group.members().isEmpty()) {
      return;
    }
    Map<String, Integer> before = group.partitionCounts();
    topics
        .shapes(group)
        .forEach(
            (id, shape) -> {
              for (int i = before.getOrDefault(id, 0); i < shape.partitionCount(); i++) {
                PartitionId added = new PartitionId(id, i);
                if (!group.offsets().containsKey(added)) {
                  make(new GroupChange.Committed(added, CommittedOffset.beginning(nowMillis)));
                }
              }
            });
    advance(false);
  }

  private void remove(GroupMember member) {
    make(new GroupChange.MemberGone(member.id()));
    advance(true);
  }

  /** To the next epoch if anything calls for it, and to the targets of the group's epoch. */
  private void advance(boolean isCalledFor) {
    NavigableMap<String, TopicShape> shapes = topics.shapes(group);
    NavigableMap<String, Integer> counts = new TreeMap<>();
    shapes.forEach((id, shape) -> counts.put(id, shape.partitionCount()));
    if (isCalledFor || !counts.equals(group.partitionCounts())) {
      long emptySince = group.members().isEmpty() ? nowMillis : 0;
      make(new GroupChange.EpochIs(group.epoch() + 1, counts, emptySince));
    }
    if (group.assignmentEpoch() < group.epoch()) {
      assign(shapes);
    }
  }

  private void assign(NavigableMap<String, TopicShape> shapes) {
    NavigableMap<String, Subscriber> subscribers = new TreeMap<>();
    for (GroupMember member : group.members()) {
      subscribers.put(
          member.id(),
          new Subscriber(
              topics.ids(member.subscription()),
              group.target(member.id()),
              member.identity().rack()));
    }
    AssignmentInput input = new AssignmentInput(subscribers, shapes);
    Assignor assignor = assignor();
    Map<String, Set<PartitionId>> targets = assignor.assign(input);
    Optional<String> fault = AssignmentCheck.fault(input, targets);
    if (fault.isPresent()) {
      alarm = Optional.of("assignor " + assignor.name() + ": " + fault.get());
      return;
    }
    for (String memberId : subscribers.keySet()) {
      Set<PartitionId> target = targets.getOrDefault(memberId, Set.of());
      if (!target.equals(group.target(memberId))) {
        make(new GroupChange.TargetOf(memberId, target));
      }
    }
    make(new GroupChange.TargetsAre(group.epoch()));
  }

  /** What most members ask for; of those asked for equally often, the first by name. */
  private Assignor assignor() {
    Map<String, Integer> votes = new TreeMap<>();
    for (GroupMember member : group.members()) {
      votes.merge(member.identity().assignor().orElse(defaultAssignor), 1, Integer::sum);
    }
    String elected = defaultAssignor;
    for (Map.Entry<String, Integer> each : votes.entrySet()) {
      if (each.getValue() > votes.getOrDefault(elected, 0)) {
        elected = each.getKey();
      }
    }
    Assignor assignor = assignors.get(elected);
    if (assignor == null) {
      throw new IllegalStateException("no assignor " + elected);
    }
    return assignor;
  }

  private HeartbeatAnswer tell(String memberId, Optional<Set<PartitionId>> reported) {
    GroupMember member = group.member(memberId).orElseThrow();
    GroupMember now = Reconciliation.next(group, member, reported);
    if (!now.equals(member)) {
      make(new GroupChange.MemberIs(now));
    }
    return new HeartbeatAnswer.Told(now.epoch(), now.owned());
  }
}
