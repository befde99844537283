package io.millrace.server.partition;

import static io.millrace.server.partition.PartitionWorld.ORDERS;
import static io.millrace.server.partition.PartitionWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionTest {
  @TempDir Path root;
  private PartitionWorld world;

  @BeforeEach
  void makeWorld() throws IOException {
    world = new PartitionWorld(root);
  }

  @Test
  void acknowledgesStandardOnlyOnceTheDiskHasIt() {
    world.leading("standard");
    PartitionWorld.Sent sent = world.send(Durability.STANDARD, Batches.batch(1_000, "a", "b"));
    assertThat(sent.free).isTrue();
    assertThat(sent.outcome).isNull();
    world.runFlush();
    AppendOutcome.Appended appended = sent.appended();
    assertThat(appended.baseOffsets()).containsExactly(0L);
    assertThat(appended.reached()).isEqualTo(Durability.STANDARD);
    assertThat(appended.flushed()).isTrue();
    assertThat(appended.leaderEpoch()).isEqualTo(1);
    assertThat(appended.replicas()).isEqualTo(1);
  }

  @Test
  void acknowledgesLeaderLevelFromThePageCacheAndSaysSo() {
    world.leading("standard");
    AppendOutcome.Appended appended = world.send(Durability.LEADER, Batches.single("a")).appended();
    assertThat(appended.reached()).isEqualTo(Durability.LEADER);
    assertThat(appended.flushed()).isFalse();
  }

  @Test
  void theTopicsLevelCountsForWhoDoesNotAsk() {
    world.leading("leader");
    assertThat(
            world.send(Durability.DURABILITY_UNSPECIFIED, Batches.single("a")).appended().reached())
        .isEqualTo(Durability.LEADER);
  }

  @Test
  void showsNothingThatAPowerLossCouldTakeBack() {
    world.leading("standard");
    world.send(Durability.LEADER, Batches.single("a"));
    assertThat(world.read(0)).isInstanceOf(ReadResult.Served.class);
    assertThat(((ReadResult.Served) world.read(0)).sizeBytes()).isZero();
    assertThat(((ReadResult.Served) world.read(0)).highWatermark()).isZero();
    world.runFlush();
    assertThat(records(world.read(0))).containsExactly("0:a");
  }

  @Test
  void showsALeaderTopicsRecordsFromThePageCache() {
    world.leading("leader");
    world.send(Durability.LEADER, Batches.single("a"));
    assertThat(records(world.read(0))).containsExactly("0:a");
  }

  @Test
  void writesWhatOneTurnBringsTogetherAndInOrder() {
    world.leading("standard");
    List<PartitionWorld.Sent> sent = new ArrayList<>();
    world.onLoopRun(
        () -> {
          for (int i = 0; i < 3; i++) {
            PartitionWorld.Sent one = new PartitionWorld.Sent();
            sent.add(one);
            world.shard.append(
                ORDERS,
                new ProduceShare(
                    Batches.concat(Batches.single("x" + i), Batches.single("y" + i)),
                    Durability.STANDARD,
                    OptionalInt.empty(),
                    world.tasks.clock().nanoTime() + SECOND,
                    one.listener));
            assertThat(one.free).isFalse();
          }
        });
    world.runFlush();
    assertThat(sent.get(0).appended().baseOffsets()).containsExactly(0L, 1L);
    assertThat(sent.get(2).appended().baseOffsets()).containsExactly(4L, 5L);
    assertThat(records(world.read(0)))
        .containsExactly("0:x0", "1:y0", "2:x1", "3:y1", "4:x2", "5:y2");
  }

  @Test
  void b28_refusesABadBatchWholeAndGoesOn() {
    world.leading("leader");
    ByteBuffer bad = Batches.concat(Batches.single("good"), Batches.single("bad"));
    bad.put(bad.limit() - 1, (byte) ~bad.get(bad.limit() - 1));
    assertThat(world.send(Durability.LEADER, bad).refusal().code())
        .isEqualTo(ErrorCode.CORRUPT_BATCH);
    world.send(Durability.LEADER, Batches.single("next"));
    assertThat(records(world.read(0))).containsExactly("0:next");
  }

  @Test
  void b36_overwritesWhatOnlyTheLeaderMaySay() {
    world.leading("leader");
    ByteBuffer forged = Batches.single("a");
    new io.millrace.wire.BatchView().wrap(forged, 0).stamp(999, 77, 5);
    AppendOutcome.Appended appended = world.send(Durability.LEADER, forged).appended();
    assertThat(appended.baseOffsets()).containsExactly(0L);
    assertThat(records(world.read(0))).containsExactly("0:a");
  }

  @Test
  void b40_refusesAnotherEpochAndAppendsNothing() {
    Partition partition = world.leading("leader");
    world.lead(partition, 5);
    assertThat(sendIn(4).refusal().code()).isEqualTo(ErrorCode.FENCED_EPOCH);
    assertThat(sendIn(6).refusal().code()).isEqualTo(ErrorCode.UNKNOWN_EPOCH);
    assertThat(sendIn(5).appended().baseOffsets()).containsExactly(0L);
  }

  @Test
  void b40_refusesForATopicIdThatIsNotOpenHere() {
    PartitionWorld.Sent sent =
        world.send(
            new PartitionId("orders~aaaaaaaa", 0),
            Durability.LEADER,
            OptionalInt.empty(),
            Batches.single("a"),
            SECOND);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    assertThat(sent.free).isTrue();
  }

  @Test
  void refusesBeforeTheAppendWhenTooFewReplicasAreInSync() {
    Partition partition = world.open(ORDERS, Map.of("min.in.sync", "2"));
    world.lead(partition, 1);
    assertThat(world.send(Durability.STANDARD, Batches.single("a")).refusal().code())
        .isEqualTo(ErrorCode.NOT_ENOUGH_REPLICAS);
    assertThat(world.send(Durability.LEADER, Batches.single("a")).appended().baseOffsets())
        .containsExactly(0L);
  }

  @Test
  void tellsWhoWaitsAtAStepDownThatTheOutcomeIsUnknown() {
    Partition partition = world.leading("standard");
    PartitionWorld.Sent sent = world.send(Durability.STANDARD, Batches.single("a"));
    world.onLoopRun(() -> partition.stepDown("broker 3 leads"));
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
    assertThat(world.send(Durability.LEADER, Batches.single("b")).refusal())
        .isEqualTo(new Refusal(ErrorCode.NOT_LEADER, "not the leader: broker 3 leads"));
  }

  @Test
  void refusesWhatWasOfferedInTheTurnOfAStepDown() {
    Partition partition = world.leading("leader");
    PartitionWorld.Sent sent = new PartitionWorld.Sent();
    world.onLoopRun(
        () -> {
          world.shard.append(
              ORDERS,
              new ProduceShare(
                  Batches.single("a"),
                  Durability.LEADER,
                  OptionalInt.empty(),
                  world.tasks.clock().nanoTime() + SECOND,
                  sent.listener));
          partition.stepDown("broker 3 leads");
        });
    world.settle();
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
  }

  @Test
  void tellsAtTheDeadlineThatTheOutcomeIsUnknown() {
    world.leading("standard");
    PartitionWorld.Sent sent =
        world.send(ORDERS, Durability.STANDARD, OptionalInt.empty(), Batches.single("a"), SECOND);
    world.scheduler.runFor(SECOND / 2);
    assertThat(sent.outcome).isNull();
    world.scheduler.runFor(SECOND);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
    world.runFlush();
    assertThat(records(world.read(0))).containsExactly("0:a");
  }

  @Test
  void b77_refusesToLeadInALowerEpochThanItHasSeen() {
    Partition partition = world.leading("leader");
    world.lead(partition, 9);
    assertThat(world.onLoop(() -> partition.lead(PartitionWorld.alone(8), PartitionWorld.LIVE)))
        .get()
        .asString()
        .contains("lower than 9");
    assertThat(world.onLoop(partition::role)).isEqualTo(new Role.Leader(9, 0));
  }

  @Test
  @DisplayName("4.3: a leader serves at once; what waits for its disk waits for its epoch too")
  void servesBeforeItsEpochIsOnDisk() {
    Partition partition = world.open(ORDERS, Map.of("durability", "standard"));
    assertThat(world.onLoop(() -> partition.lead(PartitionWorld.alone(1), PartitionWorld.LIVE)))
        .isEmpty();
    world.settle();
    assertThat(world.events).containsExactly(ORDERS + " leads in 1");
    PartitionWorld.Sent leader = world.send(Durability.LEADER, Batches.single("a"));
    PartitionWorld.Sent alone = world.send(Durability.STANDARD, Batches.single("b"));
    PartitionWorld.Sent synced = world.send(Durability.SYNCED, Batches.single("c"));
    assertThat(leader.appended().baseOffsets()).containsExactly(0L);
    assertThat(alone.outcome).isNull();
    assertThat(synced.outcome).isNull();
    assertThat(epochsOnDisk()).isFalse();
    world.runFlush();
    assertThat(epochsOnDisk()).isTrue();
    assertThat(alone.appended().baseOffsets()).containsExactly(1L);
    assertThat(synced.appended().baseOffsets()).containsExactly(2L);
  }

  private boolean epochsOnDisk() {
    return Files.exists(root.resolve(ORDERS.toString()).resolve("leader-epochs"));
  }

  @Test
  void doesNotTellTheLatestOffsetBeforeItKnowsWhatIsCommitted() {
    Partition partition = world.leading("standard");
    world.send(Durability.LEADER, Batches.batch(5_000, "a", "b"));
    world.onLoopRun(
        () -> assertThat(partition.lead(PartitionWorld.alone(2), PartitionWorld.LIVE)).isEmpty());
    OffsetQuery.Answer early = world.find(new OffsetQuery.Position.Latest());
    assertThat(early).isInstanceOf(OffsetQuery.Answer.Refused.class);
    world.runFlush();
    assertThat(offset(new OffsetQuery.Position.Latest())).hasValue(2);
    assertThat(offset(new OffsetQuery.Position.Earliest())).hasValue(0);
    assertThat(offset(new OffsetQuery.Position.AtTime(5_001))).hasValue(1);
    assertThat(offset(new OffsetQuery.Position.AtTime(5_002))).isEmpty();
  }

  @Test
  void b45_aFetchOutOfRangeIsAnsweredAtOnceWithTheRange() {
    world.leading("leader");
    world.send(Durability.LEADER, Batches.batch(1, "a", "b"));
    for (long offset : new long[] {-1, 3, Long.MAX_VALUE, Long.MIN_VALUE}) {
      ReadResult result = world.read(offset);
      assertThat(result).isInstanceOf(ReadResult.Refused.class);
      ReadResult.Refused refused = (ReadResult.Refused) result;
      assertThat(refused.refusal().code()).isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE);
      assertThat(refused.highWatermark()).isEqualTo(2);
    }
  }

  @Test
  void tellsAReaderWhereItsLogAndThisOnePart() {
    Partition partition = world.leading("leader");
    world.send(Durability.LEADER, Batches.batch(1, "a", "b"));
    world.lead(partition, 4);
    world.send(Durability.LEADER, Batches.batch(1, "c"));
    assertThat(records(world.read(spec(2, 1)))).containsExactly("2:c");
    assertThat(world.read(spec(3, 1))).isEqualTo(new ReadResult.Diverged(1, 2, 0, 3, 4));
    assertThat(world.read(spec(3, 2))).isEqualTo(new ReadResult.Diverged(1, 2, 0, 3, 4));
  }

  @Test
  void wakesAWaitingFetchOnceEnoughBytesAreVisible() {
    world.leading("standard");
    List<String> woken = new ArrayList<>();
    int needed = 2 * Batches.single("a").remaining();
    Shard.Found found =
        world.onLoop(
            () ->
                world.shard.look(
                    new Shard.Look(List.of(spec(0)), 1000, needed, () -> woken.add("woken"))));
    FetchWaiter waiter = Objects.requireNonNull(found.waiter());
    world.onLoopRun(() -> waiter.arm(needed));
    world.send(Durability.STANDARD, Batches.single("a"));
    world.runFlush();
    assertThat(woken).isEmpty();
    world.send(Durability.STANDARD, Batches.single("b"));
    assertThat(woken).isEmpty();
    world.runFlush();
    assertThat(woken).containsExactly("woken");
    world.send(Durability.STANDARD, Batches.single("c"));
    world.runFlush();
    assertThat(woken).containsExactly("woken");
  }

  @Test
  void wakesAWaitingFetchWhenItLeadsNoMore() {
    Partition partition = world.leading("standard");
    List<String> woken = new ArrayList<>();
    world.onLoopRun(
        () ->
            world.shard.look(new Shard.Look(List.of(spec(0)), 1000, 1, () -> woken.add("woken"))));
    world.onLoopRun(() -> partition.stepDown("broker 3 leads"));
    world.settle();
    assertThat(woken).containsExactly("woken");
  }

  @Test
  void leavesNoWaiterBehindWithAnErrorOrEnoughBytesOrACancel() {
    world.leading("leader");
    world.send(Durability.LEADER, Batches.single("a"));
    ReadResult.Spec unknown =
        new ReadResult.Spec(
            new PartitionId("gone~aaaaaaaa", 0), 0, OptionalInt.empty(), OptionalInt.empty(), 9);
    assertThat(look(List.of(spec(1), unknown)).waiter()).isNull();
    Shard.Found data = look(List.of(spec(0)));
    assertThat(data.waiter()).isNull();
    assertThat(records(data.results().get(0))).containsExactly("0:a");
    FetchWaiter waiter = Objects.requireNonNull(look(List.of(spec(1))).waiter());
    world.onLoopRun(waiter::cancel);
    world.send(Durability.LEADER, Batches.single("b"));
    assertThat(world.scheduler.thrown()).isEmpty();
  }

  @Test
  void givesOneWholeBatchEvenOverTheLimitAndRotatesWhoComesFirst() {
    world.leading("leader");
    PartitionId other = new PartitionId("orders~k3v9x2qa", 1);
    world.lead(world.open(other, Map.of("durability", "leader")), 1);
    world.send(Durability.LEADER, Batches.single("a"));
    world.send(other, Durability.LEADER, OptionalInt.empty(), Batches.single("b"), SECOND);
    ReadResult.Spec first =
        new ReadResult.Spec(ORDERS, 0, OptionalInt.empty(), OptionalInt.empty(), 5);
    ReadResult.Spec second =
        new ReadResult.Spec(other, 0, OptionalInt.empty(), OptionalInt.empty(), 5);
    List<Integer> served = new ArrayList<>();
    for (int round = 0; round < 4; round++) {
      Shard.Found found =
          world.onLoop(
              () -> world.shard.look(new Shard.Look(List.of(first, second), 5, 1, () -> {})));
      for (int i = 0; i < 2; i++) {
        ReadResult.Served one = (ReadResult.Served) found.results().get(i);
        if (one.sizeBytes() > 0) {
          served.add(i);
          one.slice().orElseThrow().release();
        } else {
          assertThat(one.heldBack()).isTrue();
        }
      }
    }
    assertThat(served).containsExactly(0, 1, 0, 1);
  }

  private Shard.Found look(List<ReadResult.Spec> specs) {
    return world.onLoop(() -> world.shard.look(new Shard.Look(specs, 1000, 1, () -> {})));
  }

  private PartitionWorld.Sent sendIn(int epoch) {
    return world.send(
        ORDERS, Durability.LEADER, OptionalInt.of(epoch), Batches.single("a"), SECOND);
  }

  private static ReadResult.Spec spec(long offset) {
    return new ReadResult.Spec(ORDERS, offset, OptionalInt.empty(), OptionalInt.empty(), 1000);
  }

  private static ReadResult.Spec spec(long offset, int lastEpoch) {
    return new ReadResult.Spec(
        ORDERS, offset, OptionalInt.empty(), OptionalInt.of(lastEpoch), 1000);
  }

  private OptionalLong offset(OffsetQuery.Position position) {
    OffsetQuery.Answer answer = world.find(position);
    assertThat(answer).isInstanceOf(OffsetQuery.Answer.At.class);
    return ((OffsetQuery.Answer.At) answer).offset();
  }

  private static List<String> records(ReadResult result) {
    assertThat(result).isInstanceOf(ReadResult.Served.class);
    return Batches.records(Batches.bytes(((ReadResult.Served) result).slice().orElseThrow()));
  }
}
