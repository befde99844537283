package io.millrace.server.replication;

import io.millrace.server.partition.FollowerPosition;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Shard;
import io.millrace.server.replica.PartitionState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;

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

  /**
   * Whoever was asked says that another leads, in that epoch.
   *
   * @param node what it goes by
   */
  void heardOf(PartitionId id, int leaderEpoch, Optional<PartitionState> node) {
    shard.deliver(
        () -> {
          Partition partition = shard.find(id);
          if (partition != null) {
            partition.onHeardOfEpoch(leaderEpoch, node);
          }
        });
  }

  /**
   * Asks partitions where they stand, and to tell when more of them is on the disk.
   *
   * @param flushed any number of times later, while the partition follows in that epoch
   */
  void positions(
      List<Followed> whose, Consumer<List<Standing>> then, ObjLongConsumer<Followed> flushed) {
    shard.deliver(
        () -> {
          List<Standing> standings = new ArrayList<>(whose.size());
          for (Followed followed : whose) {
            Partition partition = shard.find(followed.id);
            if (partition != null) {
              partition.tellFlushed(
                  followed.leaderEpoch,
                  () -> flushed.accept(followed, partition.log().flushedOffset()));
            }
            standings.add(standing(followed));
          }
          then.accept(standings);
        });
  }

  private Standing standing(Followed followed) {
    Partition partition = shard.find(followed.id);
    return new Standing(
        followed, partition == null ? Optional.empty() : partition.position(followed.leaderEpoch));
  }

  /** A result and whose it is. */
  record Work(Followed followed, FetchRound.Share share) {}

  /**
   * Works results into the logs.
   *
   * @param then those that are ready at once, all together, without those that only had news
   * @param late each of the others, when it is
   */
  void work(
      List<Work> all, Runnable memoryFree, Consumer<List<Standing>> then, Consumer<Standing> late) {
    shard.deliver(
        () -> {
          List<Standing> standings = new ArrayList<>(all.size());
          List<Followed> ready = new ArrayList<>(all.size());
          boolean[] over = {false};
          try {
            for (Work each : all) {
              Followed followed = each.followed();
              work(
                  each,
                  () -> {
                    if (each.share().isOnlyNews()) {
                      return;
                    }
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

  private void work(Work work, Runnable ready) {
    Followed followed = work.followed();
    FetchRound.Share share = work.share();
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
