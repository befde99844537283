package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.PartitionState;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Divergence;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.FetchResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/** Three replicas of one partition, each in a world of its own; the test carries every fetch. */
final class Replicas3 {
  static final Map<Integer, Integer> LIVE = Map.of(1, 1, 2, 1, 3, 1);

  private final List<PartitionWorld> worlds = new ArrayList<>();
  private final List<Partition> partitions = new ArrayList<>();
  private int version;
  int epoch;
  int leader;

  Replicas3(Path root, Map<String, String> settings) throws IOException {
    for (int id = 1; id <= 3; id++) {
      PartitionWorld world =
          new PartitionWorld(Files.createDirectory(root.resolve(String.valueOf(id))));
      worlds.add(world);
      partitions.add(world.open(PartitionWorld.ORDERS, settings));
    }
  }

  PartitionWorld world(int id) {
    return worlds.get(id - 1);
  }

  Partition partition(int id) {
    return partitions.get(id - 1);
  }

  PartitionWorld leaderWorld() {
    return world(leader);
  }

  /** That one is elected, with these in sync; the others follow. */
  void elect(int id, List<Integer> inSync) {
    leader = id;
    epoch++;
    version++;
    PartitionState state =
        new PartitionState(version, List.of(1, 2, 3), id, 1, epoch, inSync, List.of(), false);
    for (int each = 1; each <= 3; each++) {
      PartitionWorld world = world(each);
      Partition partition = partition(each);
      Optional<String> refused =
          world.onLoop(
              () ->
                  state.leader() == idOf(partition)
                      ? partition.lead(state, LIVE)
                      : partition.follow(state));
      assertThat(refused).isEmpty();
      world.runFlush();
    }
  }

  private int idOf(Partition partition) {
    return partitions.indexOf(partition) + 1;
  }

  PartitionWorld.Sent send(Durability level, String value) {
    return leaderWorld().send(level, Batches.single(value));
  }

  /** One fetch and its answer. */
  void fetch(int id) {
    fetch(id, bytes -> bytes);
  }

  /**
   * @param onTheWay what becomes of the bytes
   */
  void fetch(int id, UnaryOperator<ByteBuffer> onTheWay) {
    Partition follower = partition(id);
    int in = epoch;
    Optional<FollowerPosition> position = world(id).onLoop(() -> follower.position(in));
    if (position.isEmpty()) {
      return;
    }
    FollowerPosition at = position.get();
    ReadResult.Spec spec =
        new ReadResult.Spec(
            PartitionWorld.ORDERS,
            at.offset(),
            OptionalInt.of(in),
            at.lastEpoch() < 0 ? OptionalInt.empty() : OptionalInt.of(at.lastEpoch()),
            1 << 20,
            new FollowerClaim(id, 1, at.flushedOffset(), at.highWatermark()));
    PartitionWorld from = leaderWorld();
    ReadResult result =
        from.onLoop(
            () ->
                from.shard.look(new Shard.Look(List.of(spec), 1 << 20, 1, null)).results().get(0));
    from.settle();
    ByteBuffer bytes = onTheWay.apply(bytes(result));
    world(id).onLoopRun(() -> follower.onFetched(in, encoded(result), bytes, () -> {}));
    world(id).settle();
  }

  /** Enough rounds to agree, copy, and tell how far all have come. */
  void catchUp(int id) {
    for (int round = 0; round < 12; round++) {
      fetch(id);
      world(id).runFlush();
    }
  }

  void catchUpAll() {
    for (int id = 1; id <= 3; id++) {
      if (id != leader) {
        catchUp(id);
      }
    }
  }

  private static ByteBuffer bytes(ReadResult result) {
    return result instanceof ReadResult.Served served && served.slice().isPresent()
        ? Batches.bytes(served.slice().get())
        : ByteBuffer.allocate(0);
  }

  /** As the handler encodes it. */
  private static FetchResult encoded(ReadResult result) {
    FetchResult.Builder out = FetchResult.newBuilder();
    if (result instanceof ReadResult.Served served) {
      return out.setStartOffset(served.startOffset())
          .setHighWatermark(served.highWatermark())
          .setLeaderEpoch(served.leaderEpoch())
          .build();
    }
    if (result instanceof ReadResult.Diverged diverged) {
      return out.setStartOffset(diverged.startOffset())
          .setHighWatermark(diverged.highWatermark())
          .setLeaderEpoch(diverged.leaderEpoch())
          .setDivergence(
              Divergence.newBuilder().setEpoch(diverged.epoch()).setEndOffset(diverged.endOffset()))
          .build();
    }
    ReadResult.Refused refused = (ReadResult.Refused) result;
    return out.setStartOffset(refused.startOffset())
        .setHighWatermark(refused.highWatermark())
        .setError(refused.refusal().toError())
        .build();
  }

  long endOf(int id) {
    return world(id).onLoop(() -> partition(id).log().endOffset());
  }

  long highWatermarkOf(int id) {
    return world(id).onLoop(() -> partition(id).reading().visibleOffset());
  }

  /** All of a log, byte for byte. */
  ByteBuffer contents(int id, long upTo) {
    List<ByteBuffer> parts = new ArrayList<>();
    long at = world(id).onLoop(() -> partition(id).log().startOffset());
    for (int tries = 0; at < upTo && tries < 1000; tries++) {
      long from = at;
      var found = world(id).onLoop(() -> readLog(id, from, upTo));
      if (found instanceof io.millrace.storage.log.ReadResult.Data data) {
        parts.add(Batches.bytes(data.slice()));
        at = data.nextOffset();
      } else {
        world(id).settle(); // not in memory: it is being read
      }
    }
    return Batches.concat(parts.toArray(new ByteBuffer[0]));
  }

  private io.millrace.storage.log.ReadResult readLog(int id, long from, long upTo) {
    try {
      return partition(id).log().read(from, 1 << 20, upTo);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
