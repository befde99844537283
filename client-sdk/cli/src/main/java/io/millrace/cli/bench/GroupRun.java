package io.millrace.cli.bench;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.ExitCode;
import io.millrace.rpc.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A group to which one event after another happens, while records keep coming. The main thread's.
 *
 * <p>An event has settled when every partition is read by exactly one member, none has more than
 * one partition more than another, and a record of each partition has come since. With one topic
 * and equal subscriptions every assignor ends there, so the word means the same for all of them.
 */
final class GroupRun {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** How much longer than a session a group may take to settle. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private static final long END_SECONDS = 60;

  /** Makes members. */
  interface Hiring {
    /**
     * @param isStatic it has a name of its own, so that it can be lost
     */
    GroupMember hire(boolean isStatic);
  }

  /**
   * How long things last.
   *
   * @param restNanos between events, so that none is measured in the wake of the one before
   * @param watchNanos an event in which nothing is done
   */
  record Times(long sessionNanos, long restNanos, long watchNanos) {}

  private final GroupCluster cluster;
  private final Deliveries deliveries;
  private final Hiring hiring;
  private final Times times;
  private final Clock clock;
  private final BooleanSupplier interrupted;

  private final List<GroupMember> members = new ArrayList<>();
  private final List<GroupMember> gone = new ArrayList<>();
  private int losesAhead;

  /** The broker that an event made hand over what it led. */
  private int drained;

  GroupRun(
      GroupCluster cluster,
      Deliveries deliveries,
      Hiring hiring,
      Times times,
      Clock clock,
      BooleanSupplier interrupted) {
    this.cluster = cluster;
    this.deliveries = deliveries;
    this.hiring = hiring;
    this.times = times;
    this.clock = clock;
    this.interrupted = interrupted;
  }

  /**
   * Makes a group of so many.
   *
   * @param loses how many of its members are going to be lost
   * @return until it had settled; negative: it never did
   */
  long assemble(int count, int loses) {
    losesAhead = loses;
    long start = clock.nanoTime();
    for (int i = 0; i < count; i++) {
      hire();
    }
    return awaitSettled(start, start + times.sessionNanos() + PATIENCE_NANOS);
  }

  /** Only those that are going to be lost have names of their own. */
  private GroupMember hire() {
    long named = members.stream().filter(GroupMember::isStatic).count();
    GroupMember member = hiring.hire(named < losesAhead);
    members.add(member);
    member.start();
    return member;
  }

  /**
   * @param told hears of the event, and of the coordinator where a script may want to know (else
   *     -1), when everything is being watched: what is done to the cluster then falls into it
   */
  EventOutcome perform(GroupEvent event, ObjIntConsumer<GroupEvent> told) throws Exception {
    rest(times.restNanos());
    Map<Integer, GroupMember> before = owners();
    Place place = place(event);
    Set<GroupMember> there = new HashSet<>(members);
    long repeatedBefore = deliveries.repeated();
    deliveries.begin();
    members.forEach(each -> each.records().begin());
    members.forEach(each -> each.commits().begin());
    told.accept(event, event == GroupEvent.WATCH ? place.coordinator() : -1);
    long at = clock.wallMillis();
    long start = clock.nanoTime();
    @Nullable GroupMember joined = begin(event);
    long settled = awaitSettled(start, start + times.sessionNanos() + PATIENCE_NANOS);
    long firstRecord = joined == null || !joined.hasRead() ? -1 : joined.firstRecordNanos() - start;
    there.retainAll(members);
    Gaps gaps = gaps(before, place, clock.nanoTime());
    if (event == GroupEvent.DRAIN) {
      cluster.cancelDrain(drained);
    }
    return new EventOutcome(
        event,
        at,
        members.size(),
        settled,
        gaps.moved.size(),
        Spread.of(gaps.untouched),
        Spread.of(gaps.apart),
        Spread.of(gaps.ledElsewhere),
        Spread.of(gaps.moved),
        spread(there.stream().map(GroupMember::records).toList()),
        spread(there.stream().map(GroupMember::commits).toList()),
        firstRecord,
        deliveries.repeated() - repeatedBefore);
  }

  /** The new member, if there is one. */
  private @Nullable GroupMember begin(GroupEvent event) throws Exception {
    switch (event) {
      case JOIN -> {
        return hire();
      }
      case LEAVE -> part(false);
      case LOSE -> {
        losesAhead--;
        part(true);
      }
      case DRAIN -> {
        drained = cluster.coordinator();
        cluster.drain(drained);
      }
      case WATCH -> rest(times.watchNanos());
    }
    return null;
  }

  /** The youngest goes, so that those who stay have been there for long. */
  private void part(boolean isStatic) {
    for (int i = members.size() - 1; i >= 0; i--) {
      GroupMember member = members.get(i);
      if (member.isStatic() == isStatic) {
        members.remove(i);
        gone.add(member);
        member.end();
        return;
      }
    }
    throw new CommandFailedException(
        ExitCode.WRONG_USAGE, "the group has no member left that could go this way");
  }

  // ---- Looking ---------------------------------------------------------------------------------

  private Map<Integer, GroupMember> owners() {
    Map<Integer, GroupMember> owners = new HashMap<>();
    members.forEach(member -> member.held().forEach(each -> owners.put(each, member)));
    return owners;
  }

  /**
   * Where things are before an event.
   *
   * @param coordinator -1: nothing happens to it
   * @param apart partitions that the coordinator's broker has nothing to do with
   */
  private record Place(Map<Integer, Integer> leaders, int coordinator, Set<Integer> apart) {}

  private Place place(GroupEvent event) throws Exception {
    Map<Integer, Integer> leaders = cluster.leaders();
    if (event != GroupEvent.DRAIN && event != GroupEvent.WATCH) {
      return new Place(leaders, -1, Set.of());
    }
    int coordinator = cluster.coordinator();
    Set<Integer> apart = new HashSet<>(leaders.keySet());
    apart.removeAll(cluster.storedBy(coordinator));
    return new Place(leaders, coordinator, apart);
  }

  private record Gaps(
      List<Long> untouched, List<Long> apart, List<Long> ledElsewhere, List<Long> moved) {
    Gaps() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  private Gaps gaps(Map<Integer, GroupMember> before, Place place, long now) throws Exception {
    Map<Integer, GroupMember> after = owners();
    Map<Integer, Integer> leadersAfter = cluster.leaders();
    Gaps gaps = new Gaps();
    for (int i = 0; i < deliveries.partitions(); i++) {
      OptionalLong longest = deliveries.pauses(i).longestNanos(now);
      boolean isLedElsewhere =
          !place.leaders().getOrDefault(i, -1).equals(leadersAfter.getOrDefault(i, -1));
      List<Long> kind =
          before.get(i) != after.get(i)
              ? gaps.moved
              : isLedElsewhere ? gaps.ledElsewhere : gaps.untouched;
      longest.ifPresent(kind::add);
      if (kind == gaps.untouched && place.apart().contains(i)) {
        longest.ifPresent(gaps.apart::add);
      }
    }
    return gaps;
  }

  private Spread spread(List<Pauses> pauses) {
    long now = clock.nanoTime();
    return Spread.of(
        pauses.stream()
            .map(each -> each.longestNanos(now))
            .filter(OptionalLong::isPresent)
            .map(OptionalLong::getAsLong)
            .toList());
  }

  // ---- Waiting ---------------------------------------------------------------------------------

  /** Since the start; negative: not by then. */
  private long awaitSettled(long startNanos, long untilNanos) {
    long sharedOut = -1;
    while (clock.nanoTime() - untilNanos < 0 && !interrupted.getAsBoolean()) {
      refuseFailure();
      if (!isSharedOut()) {
        sharedOut = -1;
      } else if (sharedOut < 0) {
        sharedOut = clock.nanoTime();
      } else if (deliveries.allSince(sharedOut)) {
        return clock.nanoTime() - startNanos;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return -1;
  }

  private boolean isSharedOut() {
    int count = deliveries.partitions();
    int least = count / members.size();
    int most = least + (count % members.size() == 0 ? 0 : 1);
    Set<Integer> all = new HashSet<>();
    int sum = 0;
    for (GroupMember member : members) {
      Set<Integer> held = member.held();
      if (held.size() < least || held.size() > most) {
        return false;
      }
      sum += held.size();
      all.addAll(held);
    }
    return sum == count && all.size() == count;
  }

  private void rest(long nanos) {
    long until = clock.nanoTime() + nanos;
    while (clock.nanoTime() - until < 0 && !interrupted.getAsBoolean()) {
      refuseFailure();
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** A member that ended by itself says why. */
  private void refuseFailure() {
    for (GroupMember member : members) {
      if (member.ended().isDone()) {
        rethrow(member);
      }
    }
  }

  private static void rethrow(GroupMember member) {
    try {
      var unused = member.ended().get(END_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException reported) {
        throw reported;
      }
      throw new IllegalStateException("a member failed in an unexpected way", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a member ends", e);
    } catch (java.util.concurrent.TimeoutException e) {
      throw new CommandFailedException(
          ExitCode.TIMED_OUT, "a member has not ended after " + END_SECONDS + " s");
    }
  }

  // ---- The end ---------------------------------------------------------------------------------

  /** All leave; returns when they have. */
  void dissolve() {
    gone.addAll(members);
    members.clear();
    gone.forEach(GroupMember::end);
    gone.forEach(GroupRun::rethrow);
  }

  long failedCommits() {
    return gone.stream().mapToLong(GroupMember::failedCommits).sum();
  }
}
