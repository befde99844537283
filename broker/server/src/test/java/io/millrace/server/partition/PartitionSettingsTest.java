package io.millrace.server.partition;

import static io.millrace.server.partition.PartitionWorld.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings that change under an open partition, and trimming. */
class PartitionSettingsTest {
  @TempDir Path root;
  private PartitionWorld world;

  @BeforeEach
  void makeWorld() throws IOException {
    world = new PartitionWorld(root);
  }

  private Partition leading(Map<String, String> settings) {
    Partition partition = world.open(ORDERS, settings);
    world.lead(partition, 1);
    return partition;
  }

  private void configure(Partition partition, Map<String, String> settings) {
    world.onLoopRun(() -> partition.configure(PartitionWorld.settings(settings)));
  }

  private long highWatermark() {
    return ((ReadResult.Served) world.read(0)).highWatermark();
  }

  @Test
  void aLowerLevelShowsAtOnceWhatWasHeldBack() {
    Partition partition = leading(Map.of("durability", "standard"));
    world.send(Durability.LEADER, Batches.single("a"));
    assertThat(highWatermark()).isZero();

    configure(partition, Map.of("durability", "leader"));

    assertThat(highWatermark()).isEqualTo(1);
  }

  @Test
  void aHigherLevelTakesNothingBackAndHoldsFromTheNextRecordOn() {
    Partition partition = leading(Map.of("durability", "leader"));
    world.send(Durability.LEADER, Batches.single("a"));
    assertThat(highWatermark()).isEqualTo(1);

    configure(partition, Map.of("durability", "synced"));
    assertThat(highWatermark()).isEqualTo(1);
    PartitionWorld.Sent sent = world.send(Durability.DURABILITY_UNSPECIFIED, Batches.single("b"));

    assertThat(sent.outcome).isNull();
    assertThat(highWatermark()).isEqualTo(1);
    world.runFlush();
    assertThat(sent.appended().reached()).isEqualTo(Durability.SYNCED);
    assertThat(highWatermark()).isEqualTo(2);
  }

  @Test
  void aSmallerRecordLimitHoldsFromTheNextRecordOn() {
    Partition partition = leading(Map.of());
    String large = "x".repeat(5_000);
    world.send(Durability.LEADER, Batches.single(large)).appended();

    configure(partition, Map.of("record.max.bytes", "1024"));

    assertThat(world.send(Durability.LEADER, Batches.single(large)).refusal().code())
        .isEqualTo(ErrorCode.TOO_LARGE);
    configure(partition, Map.of("record.max.bytes", "8000"));
    assertThat(world.send(Durability.LEADER, Batches.single(large)).outcome)
        .isInstanceOf(AppendOutcome.Appended.class);
  }

  @Test
  void aSmallerSegmentHoldsFromTheNextRecordOn() {
    Partition partition = leading(Map.of());
    configure(partition, Map.of("segment.bytes", "65536"));
    for (int i = 0; i < 4; i++) {
      world.send(Durability.LEADER, Batches.single("x".repeat(50_000))).appended();
    }
    assertThat(world.onLoop(() -> partition.log().segmentCount())).isEqualTo(4);
  }

  @Test
  @DisplayName("B40: a strict topic refuses lower levels, by name, and appends nothing")
  void aStrictTopicRefusesLowerLevels() {
    Partition partition = leading(Map.of("durability", "synced", "durability.strict", "true"));
    for (Durability lower : List.of(Durability.NONE, Durability.LEADER, Durability.STANDARD)) {
      Refusal refusal = world.send(lower, Batches.single("a")).refusal();
      assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
      assertThat(refusal.message()).contains(CommitRules.name(lower), "synced", "strict");
    }
    assertThat(world.onLoop(() -> partition.log().endOffset())).isZero();

    world.send(Durability.DURABILITY_UNSPECIFIED, Batches.single("b"));
    configure(partition, Map.of("durability", "synced"));
    assertThat(world.send(Durability.LEADER, Batches.single("c")).outcome)
        .isInstanceOf(AppendOutcome.Appended.class);
  }

  @Test
  @DisplayName("B42: on a topic of the broker's time no producer's clock counts")
  void b42_anAppendTimeTopicDatesRecordsItself() {
    leading(Map.of("timestamp.kind", "append", "durability", "leader"));
    long farAhead = world.tasks.clock().wallMillis() + 10L * 365 * 86_400_000;

    AppendOutcome.Appended appended =
        world.send(Durability.LEADER, Batches.batch(farAhead, "a", "b")).appended();

    ReadResult.Served served = (ReadResult.Served) world.read(0);
    ByteBuffer bytes = Batches.bytes(served.slice().orElseThrow());
    BatchIterator batches = new BatchIterator().over(bytes);
    assertThat(batches.next()).isTrue();
    assertThat(batches.batch().checksumMatches()).isTrue();
    assertThat(batches.batch().usesAppendTime()).isTrue();
    assertThat(batches.batch().appendTimestamp()).isEqualTo(appended.appendTimestampMillis());
    // The time index goes by it too.
    assertThat(world.find(new OffsetQuery.Position.AtTime(appended.appendTimestampMillis() + 1)))
        .isEqualTo(new OffsetQuery.Answer.At(OptionalLong.empty(), OptionalLong.empty(), 1));
  }

  @Test
  @DisplayName("B42: on a topic of the producers' time one far ahead is refused")
  void b42_aCreateTimeTopicRefusesTimesFarAhead() {
    leading(Map.of());
    long ahead = world.tasks.clock().wallMillis() + 3_700_000;
    assertThat(world.send(Durability.LEADER, Batches.batch(ahead, "a")).refusal().code())
        .isEqualTo(ErrorCode.INVALID_TIMESTAMP);
  }

  private Trimming.Answer trim(OptionalLong before, OptionalInt epoch) {
    List<Trimming.Answer> answers = new ArrayList<>();
    world.onLoopRun(() -> world.shard.trim(new Trimming(ORDERS, epoch, before), answers::add));
    world.runFlush();
    world.runFlush();
    assertThat(answers).hasSize(1);
    return answers.get(0);
  }

  private static ErrorCode code(Trimming.Answer answer) {
    return ((Trimming.Answer.Refused) answer).refusal().code();
  }

  @Test
  void trimsUpToTheHighWatermarkAndNoFurther() {
    leading(Map.of("durability", "standard"));
    world.send(Durability.LEADER, Batches.batch(1_000, "a", "b", "c"));
    assertThat(code(trim(OptionalLong.of(4), OptionalInt.empty())))
        .isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE);
    assertThat(code(trim(OptionalLong.of(-1), OptionalInt.empty())))
        .isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE);

    assertThat(trim(OptionalLong.of(2), OptionalInt.of(1)))
        .isEqualTo(new Trimming.Answer.Trimmed(2, 1));
    assertThat(trim(OptionalLong.of(1), OptionalInt.empty()))
        .as("never back")
        .isEqualTo(new Trimming.Answer.Trimmed(2, 1));
    assertThat(world.read(1)).isInstanceOf(ReadResult.Refused.class);
    assertThat(world.find(new OffsetQuery.Position.Earliest()))
        .isEqualTo(new OffsetQuery.Answer.At(OptionalLong.of(2), OptionalLong.empty(), 1));

    assertThat(trim(OptionalLong.empty(), OptionalInt.empty()))
        .isEqualTo(new Trimming.Answer.Trimmed(3, 1));
  }

  @Test
  @DisplayName("B40: trims only as the leader, and in its epoch")
  void b40_trimsOnlyAsTheLeader() {
    Partition partition = leading(Map.of());
    assertThat(code(trim(OptionalLong.of(0), OptionalInt.of(2))))
        .isEqualTo(ErrorCode.UNKNOWN_EPOCH);
    world.onLoopRun(() -> partition.stepDown("broker 3 leads"));
    assertThat(code(trim(OptionalLong.of(0), OptionalInt.empty()))).isEqualTo(ErrorCode.NOT_LEADER);
  }
}
