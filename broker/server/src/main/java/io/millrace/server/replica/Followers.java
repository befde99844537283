package io.millrace.server.replica;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The other replicas, as their leader knows them in its epoch, and which of them count: those in a
 * set that may stand. Part of a {@link LeaderReplica}, which tells it when the sets have changed;
 * so that a fetch, which comes much more often, need not work that out.
 */
final class Followers {
  private List<FollowerProgress> all;
  private FollowerProgress[] counted = {};
  private FollowerProgress[] outside = {};

  Followers(List<FollowerSnapshot> from) {
    all = from.stream().map(FollowerProgress::new).toList();
  }

  List<FollowerProgress> all() {
    return all;
  }

  /** Null of a broker that has no replica. */
  @Nullable FollowerProgress find(int broker) {
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).broker == broker) {
        return all.get(i);
      }
    }
    return null;
  }

  /** All replicas but the leader; of those that are new nothing is known. */
  void become(List<Integer> replicas, int leader, long nowNanos) {
    List<FollowerProgress> now = new ArrayList<>();
    for (int broker : replicas) {
      if (broker != leader) {
        FollowerProgress known = find(broker);
        now.add(known != null ? known : new FollowerProgress(broker, nowNanos));
      }
    }
    all = now;
  }

  /**
   * @param members of any set that may stand
   */
  void count(List<Integer> members) {
    counted =
        all.stream()
            .filter(follower -> members.contains(follower.broker))
            .toArray(FollowerProgress[]::new);
    outside =
        all.stream()
            .filter(follower -> !members.contains(follower.broker))
            .toArray(FollowerProgress[]::new);
  }

  /** Not to be changed. */
  FollowerProgress[] counted() {
    return counted;
  }

  /** Not to be changed. */
  FollowerProgress[] outside() {
    return outside;
  }

  void onTime(long logEnd, long nowNanos) {
    for (FollowerProgress follower : all) {
      follower.onTime(logEnd, nowNanos);
    }
  }

  List<FollowerSnapshot> snapshots() {
    return all.stream().map(FollowerProgress::snapshot).toList();
  }
}
