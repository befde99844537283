package io.millrace.server.broker;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.Shard;
import java.util.List;

/**
 * The end of serving: readers that wait are told at once, producers that wait for the disk get
 * their acknowledgement if the disk is quick, and then nothing leads any more. Owner: the loop it
 * was made for.
 */
final class Draining {
  private static final long LOOK_AGAIN_NANOS = MILLISECONDS.toNanos(5);
  private static final long PATIENCE_NANOS = SECONDS.toNanos(5);
  private static final String WHY = "the broker is stopping";

  private final List<Shard> shards;
  private final EventLoop loop;
  private int left;

  Draining(List<Shard> shards, EventLoop loop) {
    this.shards = shards;
    this.loop = loop;
    this.left = shards.size();
  }

  /**
   * @param then on the loop, once nothing is led any more
   */
  void start(Runnable then) {
    for (Shard shard : shards) {
      shard.deliver(
          () -> {
            shard.partitions().forEach(Partition::wakeWaiters);
            shard.loop().execute(() -> drain(shard, shard.loop().clock().nanoTime(), then));
          });
    }
  }

  private void drain(Shard shard, long beganNanos, Runnable then) {
    boolean patient = shard.loop().clock().nanoTime() - beganNanos < PATIENCE_NANOS;
    if (patient && shard.hasWaitingProducers()) {
      shard.loop().schedule(LOOK_AGAIN_NANOS, () -> drain(shard, beganNanos, then));
      return;
    }
    shard.partitions().forEach(partition -> partition.stepDown(WHY));
    loop.execute(
        () -> {
          if (--left == 0) {
            then.run();
          }
        });
  }
}
