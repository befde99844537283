package io.millrace.server.replication;

import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The replicas of one shard, as links see them. Its methods may be called on any thread and do
 * their work on the shard's loop, where also all answers are given.
 */
final class FollowerShard {
  /** Where a partition stands; empty when it cannot fetch. */
  record Standing(Followed followed, Optional<FollowerPosition> position) {}

  private final Shard shard;

  FollowerShard(Shard shard) {
    this.shard = shard;
  }

  /** To its loop, with one wake-up for all that is delivered before it wakes. */
  void deliver(Runnable message) {
    shard.deliver(message);
  }

  void positions(List<Followed> whose, Consumer<List<Standing>> then) {
    shard.deliver(
        () -> {
          List<Standing> standings = new ArrayList<>(whose.size());
          whose.forEach(followed -> standings.add(standing(followed)));
          then.accept(standings);
        });
  }

  private Standing standing(Followed followed) {
    Partition partition = shard.find(followed.id);
    return new Standing(
        followed, partition == null ? Optional.empty() : partition.position(followed.leaderEpoch));
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
    shard.deliver(
        () -> {
          List<Standing> standings = new ArrayList<>(shares.size());
          List<Followed> ready = new ArrayList<>(shares.size());
          boolean[] over = {false};
          try {
            for (FetchRound.Share share : shares) {
              Followed followed = share.followed();
              work(
                  share,
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

  private void work(FetchRound.Share share, Runnable ready) {
    Followed followed = share.followed();
    Partition partition = shard.find(followed.id);
    if (partition == null) {
      ready.run(); // let go meanwhile
    } else {
      try {
        partition.onFetched(followed.leaderEpoch, share.result(), share.batches(), ready);
      } catch (RuntimeException e) {
        // A bug: this replica stops, loudly, and the others of the answer go on.
        partition.onFailed(e);
      }
    }
  }
}
