package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.client.errors.CorruptRecordException;
import io.millrace.client.fake.FakeLog;
import io.millrace.client.fake.Resealed;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.wire.Compression;
import io.millrace.wire.Compressions;
import io.millrace.wire.v1.BatchSequence;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Batches whose checksum is right and whose compressed records are not. */
class DamagedCompressionTest {
  private static final TopicPartition DAMAGED = new TopicPartition("notes", 0);
  private static final TopicPartition WHOLE = new TopicPartition("notes", 1);

  private final SimulatedWorld world = new SimulatedWorld(71, 1);
  private final SimulatedConsumer consumer =
      new SimulatedConsumer(world, SimulatedConsumer.settings());

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  static Stream<String> codecs() {
    return Compressions.names().stream().filter(name -> !name.equals("none"));
  }

  private static ByteBuffer withRecords(ByteBuffer batch, ByteString records) {
    return Resealed.batch(batch, changed -> changed.setRecords(records));
  }

  private static ByteString recordsOf(ByteBuffer batch) throws InvalidProtocolBufferException {
    return BatchSequence.parseFrom(batch.duplicate()).getBatch(0).getRecords();
  }

  private static ByteBuffer batch(String codec) {
    return Batches.compressed(codec, "a".repeat(500), "b".repeat(500));
  }

  /** It is told, other partitions go on, and seeking past it reads on behind it. */
  private void isToldAndMayBeSkipped(String codec, ByteBuffer damaged) {
    world.cluster().createTopic("notes", 2);
    FakeLog log = world.cluster().topic("notes").log(0);
    log.append(Batches.of("before"), 1, 0);
    log.append(damaged, 1, 0);
    log.append(batch(codec), 1, 0);
    world.cluster().topic("notes").log(1).append(Batches.of("whole"), 1, 0);
    consumer.client().assign(List.of(DAMAGED, WHOLE));
    consumer.client().seekToBeginning(List.of(DAMAGED, WHOLE));
    consumer.awaitRecords(2);
    assertThat(consumer.values()).containsExactlyInAnyOrder("before", "whole");

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> consumer.pollFor(Duration.ofSeconds(5)))
          .isInstanceOfSatisfying(
              CorruptRecordException.class,
              e -> {
                assertThat(e.topic()).isEqualTo("notes");
                assertThat(e.partition()).isZero();
                assertThat(e.offset()).isEqualTo(1);
                assertThat(e.nextOffset()).isEqualTo(3);
                assertThat(e).hasMessageContaining("notes/0 at offset 1");
              });
      assertThat(consumer.client().position(DAMAGED)).isEqualTo(1);
    }

    world.cluster().topic("notes").log(1).append(Batches.of("more"), 1, 0);
    consumer.client().seek(DAMAGED, 3);
    consumer.awaitRecords(5);
    assertThat(consumer.values()).contains("a".repeat(500), "b".repeat(500), "more");
  }

  @ParameterizedTest
  @MethodSource("codecs")
  @DisplayName("B35: a truncated body is told and may be skipped")
  void b35_aTruncatedBody(String codec) throws Exception {
    ByteBuffer batch = batch(codec);
    ByteString records = recordsOf(batch);
    isToldAndMayBeSkipped(codec, withRecords(batch, records.substring(0, records.size() / 2)));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  @DisplayName("B35: another codec's body is told and may be skipped")
  void b35_anotherCodecsBody(String codec) throws Exception {
    String other = codec.equals("zstd") ? "gzip" : "zstd";
    isToldAndMayBeSkipped(codec, withRecords(batch(codec), recordsOf(batch(other))));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  @DisplayName("B33: a bomb is told and may be skipped")
  void b33_aBomb(String codec) throws Exception {
    Compression compression = Compressions.named(codec);
    ByteBuffer zeros = ByteBuffer.allocate((64 << 20) + 1);
    ByteBuffer bomb = ByteBuffer.allocate(8 << 20);
    assertThat(compression.compress(zeros, bomb)).isTrue();
    isToldAndMayBeSkipped(codec, withRecords(batch(codec), ByteString.copyFrom(bomb.flip())));
  }
}
