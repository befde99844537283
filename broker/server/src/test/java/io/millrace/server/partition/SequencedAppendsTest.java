package io.millrace.server.partition;

import static io.millrace.server.partition.PartitionWorld.ORDERS;
import static io.millrace.server.partition.PartitionWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 4.7 at the leader: what comes again is answered as the first time, and appended once. */
class SequencedAppendsTest {
  private static final long ID = 77;

  @TempDir Path root;
  private PartitionWorld world;

  @BeforeEach
  void makeWorld() throws IOException {
    world = new PartitionWorld(root);
    world.leading("standard");
  }

  private static ByteBuffer batch(int sequence, String... values) {
    return Batches.of(ID, 0, sequence, values);
  }

  private PartitionWorld.Sent send(ByteBuffer... batches) {
    return world.send(Durability.STANDARD, Batches.concat(batches));
  }

  /** All in one turn of the loop. */
  private List<PartitionWorld.Sent> sendAtOnce(ByteBuffer... shares) {
    List<PartitionWorld.Sent> all = new ArrayList<>();
    world.onLoopRun(
        () -> {
          for (ByteBuffer share : shares) {
            PartitionWorld.Sent sent = new PartitionWorld.Sent();
            all.add(sent);
            world.shard.append(
                ORDERS,
                new ProduceShare(
                    share,
                    Durability.STANDARD,
                    OptionalInt.empty(),
                    world.tasks.clock().nanoTime() + 30 * SECOND,
                    sent.listener));
          }
        });
    world.settle();
    return all;
  }

  private long end() {
    return world.onLoop(
        () -> java.util.Objects.requireNonNull(world.shard.find(ORDERS)).log().endOffset());
  }

  @Test
  @DisplayName("B38: a repetition gets the first one's offset and time, and appends nothing")
  void b38_answersARepetitionAsTheFirst() {
    send(batch(0, "a", "b"));
    PartitionWorld.Sent first = send(batch(2, "c"));
    world.runFlush();
    world.scheduler.runFor(5 * SECOND);
    PartitionWorld.Sent again = send(batch(2, "c"));
    assertThat(again.appended().baseOffsets()).containsExactly(2L);
    assertThat(again.appended().appendTimestampMillis())
        .isEqualTo(first.appended().appendTimestampMillis());
    assertThat(end()).isEqualTo(3);
  }

  @Test
  @DisplayName("4.7: a repetition of what is not committed yet waits for that like the first")
  void aRepetitionWaitsForItsCommit() {
    PartitionWorld.Sent first = send(batch(0, "a"));
    PartitionWorld.Sent again = send(batch(0, "a"));
    assertThat(first.outcome).isNull();
    assertThat(again.outcome).isNull();
    assertThat(again.free).isTrue();
    world.runFlush();
    assertThat(first.appended().baseOffsets()).containsExactly(0L);
    assertThat(again.appended().baseOffsets()).containsExactly(0L);
    assertThat(end()).isEqualTo(1);
  }

  @Test
  void takesTheNextOnesOfOneTurn() {
    List<PartitionWorld.Sent> sent = sendAtOnce(batch(0, "a"), batch(1, "b"), batch(2, "c", "d"));
    world.runFlush();
    assertThat(sent)
        .extracting(each -> each.appended().baseOffsets())
        .containsExactly(List.of(0L), List.of(1L), List.of(2L));
  }

  @Test
  void knowsARepetitionInTheSameTurn() {
    List<PartitionWorld.Sent> sent =
        sendAtOnce(batch(0, "a"), batch(1, "b"), batch(0, "a"), batch(2, "c"), batch(2, "c"));
    world.runFlush();
    assertThat(sent)
        .extracting(each -> each.appended().baseOffsets().get(0))
        .containsExactly(0L, 1L, 0L, 2L, 2L);
    assertThat(end()).isEqualTo(3);
  }

  @Test
  @DisplayName("R16, B38: a gap is refused for good, and nothing behind it is taken in its turn")
  void b38_refusesAGap() {
    List<PartitionWorld.Sent> sent = sendAtOnce(batch(0, "a"), batch(2, "c"), batch(3, "d"));
    world.runFlush();
    assertThat(sent.get(0).appended().baseOffsets()).containsExactly(0L);
    assertThat(sent.get(1).refusal().code()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(sent.get(1).refusal().message()).contains("sequence 2", "1 comes next", "missing");
    assertThat(sent.get(2).refusal().code()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(end()).isEqualTo(1);
    try (WithoutRule without = new WithoutRule(SafetyRule.R16)) {
      assertThat(send(batch(5, "e")).refusal().code()).isEqualTo(ErrorCode.BUSY);
    }
  }

  @Test
  void aShareIsRefusedWholeAndStagesNothing() {
    List<PartitionWorld.Sent> sent =
        sendAtOnce(Batches.concat(batch(0, "a"), batch(7, "x")), batch(1, "b"), batch(0, "a"));
    world.runFlush();
    assertThat(sent.get(0).refusal().code()).isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(sent.get(1).refusal().code()).isEqualTo(ErrorCode.UNKNOWN_PRODUCER);
    assertThat(sent.get(2).appended().baseOffsets()).containsExactly(0L);
    assertThat(end()).isEqualTo(1);
  }

  @Test
  void appendsWhatIsNewBehindWhatIsRepeated() {
    send(batch(0, "a"), batch(1, "b"));
    PartitionWorld.Sent mixed = send(batch(0, "a"), batch(1, "b"), batch(2, "c"), batch(3, "d"));
    world.runFlush();
    assertThat(mixed.appended().baseOffsets()).containsExactly(0L, 1L, 2L, 3L);
    assertThat(end()).isEqualTo(4);
    assertThat(((ReadResult.Served) world.read(0)).highWatermark()).isEqualTo(4);
  }

  @Test
  void mixesProducersAndBatchesWithoutOne() {
    send(batch(0, "a"));
    PartitionWorld.Sent mixed =
        send(Batches.single("x"), batch(0, "a"), Batches.of(8, 3, 0, "y"), batch(1, "b"));
    world.runFlush();
    assertThat(mixed.appended().baseOffsets()).containsExactly(1L, 0L, 2L, 3L);
    assertThat(end()).isEqualTo(4);
  }

  @Test
  @DisplayName("B37, B39: an old epoch, an unknown producer, used numbers")
  void b37_b39_refusesWhatCannotBe() {
    send(Batches.of(ID, 4, 0, "a"));
    assertThat(send(Batches.of(ID, 3, 1, "b")).refusal().code())
        .isEqualTo(ErrorCode.FENCED_PRODUCER);
    assertThat(send(Batches.of(9, 0, 5, "b")).refusal().code())
        .isEqualTo(ErrorCode.UNKNOWN_PRODUCER);
    assertThat(send(Batches.of(ID, 4, 0, "other")).refusal().code())
        .isEqualTo(ErrorCode.SEQUENCE_REUSED);
    assertThat(send(Batches.of(ID, 5, 1, "b")).refusal().code())
        .isEqualTo(ErrorCode.OUT_OF_ORDER_SEQUENCE);
    assertThat(end()).isEqualTo(1);
  }

  @Test
  void saysThatAnOldRepetitionWasAppended() {
    for (int i = 0; i < 40; i++) {
      send(batch(i, "v" + i));
    }
    assertThat(send(batch(3, "v3")).refusal().code()).isEqualTo(ErrorCode.DUPLICATE_SEQUENCE);
    assertThat(end()).isEqualTo(40);
  }

  @Test
  void refusesAShareThatRepeatsItself() {
    assertThat(send(batch(0, "a"), batch(0, "a")).refusal().code())
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(end()).isZero();
  }
}
