package io.millrace.server.replication;

import io.millrace.server.partition.PartitionId;
import io.millrace.wire.v1.FetchResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The replicas of one shard, as links see them. Its methods may be called on any thread and do
 * their work on the shard's loop, where also all answers are given.
 */
final class FollowerShard {
  /** What a shard can do for links. */
  interface Owner {
    /** See {@link io.millrace.server.partition.Shard#deliver}. */
    void deliver(Runnable message);

    Optional<FollowerPosition> position(PartitionId id, int leaderEpoch);

    /**
     * @param batches valid until this returns
     * @param ready runs on the shard's loop, now or later, when the position may be asked for again
     */
    void onFetched(
        PartitionId id, int leaderEpoch, FetchResult result, ByteBuffer batches, Runnable ready);
  }

  /** Where a partition stands; empty when it cannot fetch. */
  record Standing(Followed followed, Optional<FollowerPosition> position) {}

  private final Owner owner;

  FollowerShard(Owner owner) {
    this.owner = owner;
  }

  void positions(List<Followed> whose, Consumer<List<Standing>> then) {
    owner.deliver(
        () -> {
          List<Standing> standings = new ArrayList<>(whose.size());
          whose.forEach(followed -> standings.add(standing(followed)));
          then.accept(standings);
        });
  }

  private Standing standing(Followed followed) {
    return new Standing(followed, owner.position(followed.id, followed.leaderEpoch));
  }

  /**
   * Works results into the logs.
   *
   * @param then those that are ready at once, all together
   * @param late each of the others, when it is
   */
  void work(
      List<FetchRound.Share> shares,
      Runnable memoryFree,
      Consumer<List<Standing>> then,
      Consumer<Standing> late) {
    owner.deliver(
        () -> {
          List<Standing> standings = new ArrayList<>(shares.size());
          List<Followed> ready = new ArrayList<>(shares.size());
          boolean[] over = {false};
          try {
            for (FetchRound.Share share : shares) {
              Followed followed = share.followed();
              owner.onFetched(
                  followed.id,
                  followed.leaderEpoch,
                  share.result(),
                  share.batches(),
                  () -> {
                    if (over[0]) {
                      late.accept(standing(followed));
                    } else {
                      ready.add(followed);
                    }
                  });
            }
          } finally {
            over[0] = true;
            memoryFree.run();
          }
          ready.forEach(followed -> standings.add(standing(followed)));
          then.accept(standings);
        });
  }
}
