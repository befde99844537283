package io.millrace.server.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.MemoryNetwork;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.Payload;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.server.config.ReplicationSettings;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.partition.Partition;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.PartitionListener;
import io.millrace.server.partition.PartitionOpening;
import io.millrace.server.partition.Refusal;
import io.millrace.server.partition.Shard;
import io.millrace.server.replica.PartitionState;
import io.millrace.server.replica.SetsChange;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.files.MemoryDisk;
import io.millrace.storage.log.Batches;
import io.millrace.storage.log.LogOpening;
import io.millrace.storage.log.LogStore;
import io.millrace.storage.log.StoreConfig;
import io.millrace.wire.BatchView;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A follower, broker 2, with real partitions on two loops over a disk in memory; and broker 1,
 * which says whatever the test wants it to.
 */
final class FollowerWorld {
  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000 * MILLI;
  static final int LEADER = 1;
  static final int LEADER_INCARNATION = 5;
  private static final Path ROOT = Path.of("/disk");

  final SimulatedScheduler scheduler;
  final MemoryNetwork network;
  final SimulatedTasks followerTasks;
  final SimulatedTasks leaderTasks;
  final MemoryTransport followerTransport;
  final MemoryTransport leaderTransport;
  final EventLoop store;
  final List<Shard> shards;
  final List<String> suspicions = new ArrayList<>();
  final ReplicaFetchers fetchers;
  final List<InboundRequest> requests = new ArrayList<>();
  int helloIncarnation = LEADER_INCARNATION;
  private final PartitionOpening opening;
  private @Nullable RpcServer server;

  FollowerWorld(long seed) {
    scheduler = new SimulatedScheduler(seed);
    network = new MemoryNetwork(scheduler);
    followerTasks = new SimulatedTasks(scheduler);
    leaderTasks = new SimulatedTasks(scheduler);
    followerTransport = new MemoryTransport(network, "broker-2", followerTasks, 2);
    leaderTransport = new MemoryTransport(network, "broker-1", leaderTasks, 1);
    store = followerTasks.worker("zk-events");
    shards =
        followerTransport.loops().stream()
            .map(loop -> new Shard(loop, id -> new Refusal(ErrorCode.UNKNOWN_TOPIC, "none")))
            .toList();
    opening = new PartitionOpening(logs(), 1_000);
    fetchers =
        new ReplicaFetchers(
            2,
            new ReplicationSettings(8 << 20, 100, 2_000),
            ConnectionSettings.of("broker-2", "1").withConnectTimeoutMillis(1_000),
            followerTransport,
            followerTasks,
            shards,
            store);
    fetchers.setIncarnation(9);
    fetchers.listen(
        new SuspicionListener() {
          @Override
          public void suspected(int brokerId, int incarnation, String why) {
            store.assertInLoop();
            suspicions.add("suspected " + brokerId + "/" + incarnation + ": " + why);
          }

          @Override
          public void cleared(int brokerId, int incarnation) {
            store.assertInLoop();
            suspicions.add("cleared " + brokerId + "/" + incarnation);
          }
        });
  }

  private LogStore logs() {
    try {
      MemoryDisk disk = new MemoryDisk(1, ROOT);
      DataDirectory.Opening opened =
          DataDirectory.open(disk, ROOT.resolve("data"), 2, followerTasks.random());
      DataDirectory directory = ((DataDirectory.Opening.Opened) opened).directory();
      assertThat(directory.adopt("c")).isEmpty();
      directory.recordRun(1);
      return new LogStore(
          directory,
          followerTasks.worker("flush"),
          followerTasks.worker("housekeeping"),
          StoreConfig.DEFAULT,
          failure -> {
            throw new IllegalStateException(failure);
          });
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- The leader ------------------------------------------------------------------------------

  BrokerImage leaderListens() {
    try {
      RpcServer listening =
          RpcServer.listen(
              leaderTransport,
              new Endpoint("broker-1", 0),
              RpcServerSettings.DEFAULTS,
              () ->
                  HelloResponse.newBuilder()
                      .setBrokerId(LEADER)
                      .setIncarnation(helloIncarnation)
                      .build(),
              requests::add);
      server = listening;
      return new BrokerImage(
          LEADER, LEADER_INCARNATION, Map.of("internal", listening.address()), "", "");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  void leaderCloses() {
    RpcServer listening = server;
    if (listening != null) {
      listening.close();
    }
  }

  /** Waits for the next fetch, and takes it. */
  InboundRequest nextFetch() {
    scheduler.runUntil("a fetch comes", () -> !requests.isEmpty(), 5 * SECOND);
    return requests.remove(0);
  }

  /** The same, over all that name nothing. */
  InboundRequest nextFetchThatNames() {
    InboundRequest next = nextFetch();
    while (next.head().getFetch().getPartitionsCount() == 0) {
      answerEmpty(next);
      next = nextFetch();
    }
    return next;
  }

  static List<String> partitions(Request fetch) {
    return fetch.getFetch().getPartitionsList().stream()
        .map(partition -> partition.getTopicId() + "-" + partition.getPartition())
        .sorted()
        .toList();
  }

  /** As after a wait in vain. */
  void answerEmpty(InboundRequest fetch) {
    fetch.answer(Response.newBuilder().setFetch(FetchResponse.getDefaultInstance()), List.of());
  }

  /** With the batches for the first partition that it names. */
  void answer(InboundRequest fetch, List<ByteBuffer> batches) {
    answer(fetch, fetch.head().getFetch().getPartitions(0), batches);
  }

  /** With the batches for one that this fetch has named, or an earlier one. */
  void answer(InboundRequest fetch, FetchPartition named, List<ByteBuffer> batches) {
    List<Payload> payload = new ArrayList<>();
    long size = 0;
    for (ByteBuffer batch : batches) {
      size += batch.remaining();
      payload.add(new Payload.Bytes(batch));
    }
    FetchResult.Builder result =
        result(named).setNextOffset(named.getFetchOffset() + batches.size()).setSize((int) size);
    fetch.answer(
        Response.newBuilder().setFetch(FetchResponse.newBuilder().addResults(result)), payload);
  }

  static FetchResult.Builder result(FetchPartition partition) {
    return FetchResult.newBuilder()
        .setTopicId(partition.getTopicId())
        .setPartition(partition.getPartition())
        .setLeaderEpoch(partition.getLeaderEpoch())
        .setNextOffset(partition.getFetchOffset());
  }

  /** One record, as a leader of that epoch has it in its log. */
  static ByteBuffer batch(long offset, int epoch, String value) {
    ByteBuffer batch = Batches.single(value);
    BatchView view = new BatchView();
    view.scan(batch, 0, batch.limit());
    view.stamp(offset, epoch, 1_700_000_000_000L);
    return batch;
  }

  // ---- The follower ----------------------------------------------------------------------------

  Partition open(PartitionId id) {
    Shard shard = id.ownerAmong(shards);
    PartitionListener listener =
        new PartitionListener() {
          @Override
          public void onLeading(PartitionId leading, int epoch) {}

          @Override
          public void onSetsWanted(PartitionId leading, SetsChange change) {}

          @Override
          public void onFailed(PartitionId failed, Throwable cause) {
            throw new IllegalStateException(cause);
          }
        };
    TopicSettings settings = TopicSettings.understood(Map.of(), 2, TopicDefaults.BUILT_IN);
    List<Optional<LogOpening.Offline>> done = new ArrayList<>();
    opening.open(shard, id, settings, listener, done::add);
    scheduler.runUntil("the log is open", () -> !done.isEmpty(), SECOND);
    assertThat(done).containsExactly(Optional.empty());
    return onLoop(shard.loop(), () -> shard.get(id));
  }

  void follow(PartitionId id, int epoch) {
    Shard shard = id.ownerAmong(shards);
    PartitionState state =
        new PartitionState(
            1, List.of(1, 2), LEADER, LEADER_INCARNATION, epoch, List.of(1), List.of(), false);
    assertThat(onLoop(shard.loop(), () -> shard.get(id).follow(state))).isEmpty();
    fetchers.follow(id, LEADER, LEADER_INCARNATION, epoch);
  }

  long endOf(PartitionId id) {
    Shard shard = id.ownerAmong(shards);
    return onLoop(shard.loop(), () -> shard.get(id).log().endOffset());
  }

  <T> T onLoop(EventLoop loop, Supplier<T> action) {
    List<T> result = new ArrayList<>();
    loop.execute(() -> result.add(action.get()));
    scheduler.runUntil("the loop has run it", () -> !result.isEmpty(), SECOND);
    return result.get(0);
  }

  void run(long millis) {
    scheduler.runFor(millis * MILLI);
  }
}
