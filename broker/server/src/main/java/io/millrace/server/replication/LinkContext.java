package io.millrace.server.replication;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Transport;
import io.millrace.server.config.ReplicationSettings;
import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;

/**
 * What all links of a broker share. Any thread.
 *
 * @param self this broker's id
 * @param ownIncarnation of its present registration, 0 without one
 * @param listener told on a link's loop, and passes it on
 */
record LinkContext(
    int self,
    IntSupplier ownIncarnation,
    BooleanSupplier draining,
    ReplicationSettings settings,
    ConnectionSettings connectionSettings,
    Transport transport,
    RandomGenerator random,
    List<FollowerShard> shards,
    SuspicionListener listener) {
  private static final int TICKS_PER_SILENCE = 10;

  int incarnation() {
    return ownIncarnation.getAsInt();
  }

  boolean isDraining() {
    return draining.getAsBoolean();
  }

  /** From a shard's loop to a link's, which may be the same. */
  void deliver(EventLoop loop, Runnable message) {
    if (loop.inLoop()) {
      message.run();
    } else {
      shards.get(transport.loops().indexOf(loop)).deliver(message);
    }
  }

  FollowerShard shard(int index) {
    return shards.get(index);
  }

  int shardOf(PartitionId id) {
    return shards.indexOf(id.ownerAmong(shards));
  }

  SilenceLimit newSilenceLimit() {
    return new SilenceLimit(
        MILLISECONDS.toNanos(settings.suspicionMinMillis()),
        MILLISECONDS.toNanos(settings.suspicionMaxMillis()));
  }

  /** How often silence is looked at: so often that it is noticed in time, and not much oftener. */
  long tickNanos() {
    return MILLISECONDS.toNanos(settings.suspicionMinMillis()) / TICKS_PER_SILENCE;
  }

  void suspected(int brokerId, int incarnation, String why) {
    listener.suspected(brokerId, incarnation, why);
  }

  void cleared(int brokerId, int incarnation) {
    listener.cleared(brokerId, incarnation);
  }
}
