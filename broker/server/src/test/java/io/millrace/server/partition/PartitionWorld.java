package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.rpc.Tasks;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.config.TopicSettings;
import io.millrace.server.replica.PartitionState;
import io.millrace.storage.ManualLoop;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.files.NioDisk;
import io.millrace.storage.log.LogOpening;
import io.millrace.storage.log.LogStore;
import io.millrace.storage.log.StoreConfig;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One shard over real files on simulated loops, but for the flush worker, which the test turns by
 * hand: what has not been flushed stays so until the test says otherwise.
 */
final class PartitionWorld {
  static final PartitionId ORDERS = new PartitionId("orders~k3v9x2qa", 0);
  static final Map<Integer, Integer> LIVE = Map.of(1, 1);
  static final long SECOND = 1_000_000_000;

  final SimulatedScheduler scheduler = new SimulatedScheduler(7);
  final SimulatedTasks tasks = new SimulatedTasks(scheduler);
  final Tasks.Worker loop = tasks.worker("loop-0");
  final ManualLoop flush = new ManualLoop("flush");
  final List<String> events = new ArrayList<>();
  final Shard shard =
      new Shard(loop, id -> new Refusal(ErrorCode.UNKNOWN_TOPIC, "no topic " + id.topicId()));
  private final PartitionOpening opening;
  final LogStore logs;

  PartitionWorld(Path root) throws IOException {
    DataDirectory.Opening opened = DataDirectory.open(new NioDisk(), root, 1, tasks.random());
    assertThat(opened).isInstanceOf(DataDirectory.Opening.Opened.class);
    DataDirectory directory = ((DataDirectory.Opening.Opened) opened).directory();
    assertThat(directory.adopt("test-cluster")).isEmpty();
    directory.recordRun(1);
    logs =
        new LogStore(
            directory,
            flush,
            tasks.worker("housekeeping"),
            StoreConfig.DEFAULT,
            failure -> events.add("disk failed"));
    opening = new PartitionOpening(logs, 1_000);
  }

  static TopicSettings settings(Map<String, String> own) {
    return TopicSettings.understood(own, 1, TopicDefaults.BUILT_IN);
  }

  Partition open(PartitionId id, Map<String, String> settings) {
    PartitionListener listener =
        new PartitionListener() {
          @Override
          public void onLeading(PartitionId leading, int epoch) {
            events.add(leading + " leads in " + epoch);
          }

          @Override
          public void onNewerEpoch(PartitionId heardOf) {
            events.add(heardOf + " may have a newer epoch");
          }

          @Override
          public void onFailed(PartitionId failed, Throwable cause) {
            events.add(failed + " failed");
          }
        };
    List<Optional<LogOpening.Offline>> done = new ArrayList<>();
    opening.open(shard, id, settings(settings), listener, done::add);
    scheduler.runUntil("the log is open", () -> !done.isEmpty(), SECOND);
    assertThat(done).containsExactly(Optional.empty());
    return onLoop(() -> java.util.Objects.requireNonNull(shard.find(id)));
  }

  /** Open, elected, and serving. */
  Partition leading(String durability) {
    Partition partition = open(ORDERS, Map.of("durability", durability));
    lead(partition, 1);
    return partition;
  }

  void lead(Partition partition, int epoch) {
    assertThat(onLoop(() -> partition.lead(alone(epoch), LIVE))).isEmpty();
    runFlush();
    assertThat(onLoop(partition::role)).isInstanceOf(Role.Leader.class);
  }

  /** The node of a partition that has this replica alone. */
  static PartitionState alone(int epoch) {
    return new PartitionState(epoch, List.of(1), 1, 1, epoch, List.of(1), List.of(), true);
  }

  void runFlush() {
    settle();
    do { // who came while it ran shares the next
      flush.runAll();
      settle();
    } while (flush.hasTasks());
  }

  /** Everything that wants to run now, runs; little time passes. */
  void settle() {
    scheduler.runFor(100_000);
  }

  <T> T onLoop(Supplier<T> action) {
    List<T> result = new ArrayList<>();
    loop.execute(() -> result.add(action.get()));
    scheduler.runUntil("the loop has run it", () -> !result.isEmpty(), SECOND);
    return result.get(0);
  }

  void onLoopRun(Runnable action) {
    var unused =
        onLoop(
            () -> {
              action.run();
              return true;
            });
  }

  /** Sends a share; it will be appended at the end of the turn that this makes. */
  Sent send(Durability wanted, ByteBuffer batches) {
    return send(ORDERS, wanted, OptionalInt.empty(), batches, 30 * SECOND);
  }

  Sent send(
      PartitionId id, Durability wanted, OptionalInt epoch, ByteBuffer batches, long timeoutNanos) {
    Sent sent = new Sent();
    ProduceShare share =
        new ProduceShare(
            batches, wanted, epoch, tasks.clock().nanoTime() + timeoutNanos, sent.listener);
    onLoopRun(() -> shard.append(id, share));
    settle();
    return sent;
  }

  ReadResult read(long offset) {
    return read(
        new ReadResult.Spec(ORDERS, offset, OptionalInt.empty(), OptionalInt.empty(), 1000));
  }

  ReadResult read(ReadResult.Spec spec) {
    return onLoop(() -> shard.look(new Shard.Look(List.of(spec), 1000, 1, null)).results().get(0));
  }

  OffsetQuery.Answer find(OffsetQuery.Position position) {
    Map<String, OffsetQuery.Answer> answer = new HashMap<>();
    onLoopRun(
        () ->
            shard.findOffset(
                new OffsetQuery(ORDERS, OptionalInt.empty(), position),
                found -> answer.put("found", found)));
    settle();
    return java.util.Objects.requireNonNull(answer.get("found"));
  }

  /** What has come of a share so far. */
  static final class Sent {
    boolean free;
    @Nullable AppendOutcome outcome;
    final ProduceShare.Listener listener =
        new ProduceShare.Listener() {
          @Override
          public void onBatchesFree() {
            assertThat(free).isFalse();
            free = true;
          }

          @Override
          public void onOutcome(AppendOutcome told) {
            assertThat(free).isTrue();
            assertThat(outcome).isNull();
            outcome = told;
          }
        };

    AppendOutcome.Appended appended() {
      assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
      return (AppendOutcome.Appended) java.util.Objects.requireNonNull(outcome);
    }

    Refusal refusal() {
      assertThat(outcome).isInstanceOf(AppendOutcome.Refused.class);
      return ((AppendOutcome.Refused) java.util.Objects.requireNonNull(outcome)).refusal();
    }
  }
}
