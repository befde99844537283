package io.millrace.client.group;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.CommittedOffset;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.GroupCall;
import io.millrace.client.errors.MemberFencedException;
import io.millrace.client.errors.TimedOutException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** A group's offsets, asked for and committed at its coordinator. On the client's loop. */
final class GroupOffsets {
  private static final long STALE_AGAIN_MILLIS = 20;

  /** A coordinator writes a commit to its replicas, and may have to drop one that is gone. */
  static final long PATIENCE_NANOS = SECONDS.toNanos(5);

  private final Cluster cluster;
  private final String groupId;
  private final GroupCall.Place place;
  private final Supplier<MemberStamp> stamp;

  /**
   * Of commits under way, the last that was asked for: one that is sent again takes it along, or it
   * could undo what was committed after it.
   */
  private final Map<GroupPartition, CommittedOffset> newest = new HashMap<>();

  private int underWay;

  /** Of tries, so that one that comes late over an old connection is known for what it is. */
  private long number;

  GroupOffsets(
      Cluster cluster, String groupId, GroupCall.Place place, Supplier<MemberStamp> stamp) {
    this.cluster = cluster;
    this.groupId = groupId;
    this.place = place;
    this.stamp = stamp;
  }

  /** Where the group has come to, of those where it has committed anything. */
  void fetch(
      Set<GroupPartition> partitions,
      long timeoutNanos,
      Done<Map<GroupPartition, CommittedOffset>> done) {
    GroupCall.start(
        cluster,
        place,
        GroupRequests.fetchQuestion(groupId, partitions),
        timeoutNanos,
        (response, e) ->
            done.done(response == null ? null : GroupRequests.offsets(response, partitions), e));
  }

  void commit(Map<GroupPartition, CommittedOffset> offsets, long timeoutNanos, Done<Boolean> done) {
    newest.putAll(offsets);
    underWay++;
    attempt(
        offsets,
        cluster.clock().nanoTime() + timeoutNanos,
        (ended, e) -> {
          if (--underWay == 0) {
            newest.clear();
          }
          done.done(ended, e);
        });
  }

  private void attempt(
      Map<GroupPartition, CommittedOffset> offsets, long deadlineNanos, Done<Boolean> done) {
    MemberStamp who = stamp.get();
    if (who instanceof MemberStamp.Fenced) {
      done.done(null, new MemberFencedException("the consumer has lost its partitions"));
      return;
    }
    List<GroupPartition> order = List.copyOf(offsets.keySet());
    GroupCall.start(
        cluster,
        place,
        GroupRequests.commitQuestion(
            () -> GroupRequests.commit(groupId, who, ++number, newestOf(order, offsets)),
            PATIENCE_NANOS),
        Math.max(1, deadlineNanos - cluster.clock().nanoTime()),
        (response, e) -> {
          if (response == null) {
            done.done(null, e);
            return;
          }
          GroupRequests.CommitOutcome outcome = GroupRequests.outcome(response, order);
          if (outcome.isStale()) {
            attemptAgain(offsets, deadlineNanos, done);
          } else if (outcome.error().isPresent()) {
            done.done(null, outcome.error().get());
          } else {
            done.done(true, null);
          }
        });
  }

  private Map<GroupPartition, CommittedOffset> newestOf(
      List<GroupPartition> order, Map<GroupPartition, CommittedOffset> offsets) {
    Map<GroupPartition, CommittedOffset> now = new LinkedHashMap<>();
    for (GroupPartition each : order) {
      CommittedOffset asked = offsets.get(each);
      if (asked != null) {
        now.put(each, newest.getOrDefault(each, asked));
      }
    }
    return now;
  }

  /** The answer that tells the newer epoch is on its way. */
  private void attemptAgain(
      Map<GroupPartition, CommittedOffset> offsets, long deadlineNanos, Done<Boolean> done) {
    if (deadlineNanos - cluster.clock().nanoTime() <= 0) {
      done.done(
          null,
          new TimedOutException("the commit was not taken: the member's epoch kept changing"));
    } else {
      cluster
          .loop()
          .schedule(
              MILLISECONDS.toNanos(STALE_AGAIN_MILLIS),
              () -> attempt(offsets, deadlineNanos, done));
    }
  }
}
