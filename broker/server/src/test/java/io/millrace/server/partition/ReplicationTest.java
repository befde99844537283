package io.millrace.server.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.PartitionState;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A leader and its followers, as their partitions see each other. */
class ReplicationTest {
  private static final List<Integer> ALL = List.of(1, 2, 3);

  @TempDir Path root;

  private Replicas3 replicas(String... settings) throws IOException {
    Map<String, String> own = new HashMap<>(Map.of("min.in.sync", "2"));
    for (int i = 0; i < settings.length; i += 2) {
      own.put(settings[i], settings[i + 1]);
    }
    return new Replicas3(root, own);
  }

  @Test
  @DisplayName(
      "4.2: standard is acknowledged once every in-sync replica has fetched; no disk waits")
  void acknowledgesOnlyAfterEveryInSyncReplicaHasFetched() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, ALL);
    PartitionWorld.Sent sent = replicas.send(Durability.STANDARD, "a");
    replicas.fetch(2);
    replicas.fetch(2);
    replicas.fetch(3);
    assertThat(sent.outcome).isNull();
    replicas.fetch(3);
    assertThat(sent.appended().replicas()).isEqualTo(3);
    assertThat(sent.appended().flushed()).isFalse();
    assertThat(replicas.highWatermarkOf(1)).isEqualTo(1);
    replicas.fetch(2);
    assertThat(replicas.highWatermarkOf(2)).isEqualTo(1);
  }

  @Test
  void aMemberAloneWaitsForItsOwnDisk() throws IOException {
    Replicas3 replicas = replicas("min.in.sync", "1");
    replicas.elect(1, List.of(1));
    PartitionWorld.Sent sent = replicas.send(Durability.STANDARD, "a");
    assertThat(sent.outcome).isNull();
    replicas.world(1).runFlush();
    assertThat(sent.appended().flushed()).isTrue();
    assertThat(sent.appended().replicas()).isEqualTo(1);
  }

  @Test
  void syncedWaitsForEveryMembersDisk() throws IOException {
    Replicas3 replicas = replicas("durability", "synced");
    replicas.elect(1, ALL);
    PartitionWorld.Sent sent = replicas.send(Durability.SYNCED, "a");
    replicas.world(1).runFlush();
    replicas.catchUp(2);
    replicas.fetch(3);
    replicas.fetch(3);
    assertThat(sent.outcome).isNull();
    replicas.catchUp(3);
    assertThat(sent.appended().flushed()).isTrue();
  }

  @Test
  void refusesBeforeTheAppendBelowTheMinimum() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, List.of(1));
    assertThat(replicas.send(Durability.STANDARD, "a").refusal().code())
        .isEqualTo(ErrorCode.NOT_ENOUGH_REPLICAS);
    assertThat(replicas.endOf(1)).isZero();
  }

  @Test
  void leaderLevelStopsWithoutALease() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, ALL);
    replicas.world(1).onLoopRun(() -> replicas.partition(1).setLease(false));
    assertThat(replicas.send(Durability.LEADER, "a").refusal().code())
        .isEqualTo(ErrorCode.UNAVAILABLE);
    replicas.world(1).onLoopRun(() -> replicas.partition(1).setLease(true));
    assertThat(replicas.send(Durability.LEADER, "a").appended().baseOffsets()).containsExactly(0L);
  }

  @Test
  @DisplayName("4.4: what no other replica has is cut when another one leads")
  void cutsWhatTheNewLeaderDoesNotHave() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, ALL);
    replicas.send(Durability.STANDARD, "kept");
    replicas.catchUpAll();
    PartitionWorld.Sent lost = replicas.send(Durability.STANDARD, "never copied");
    replicas.elect(2, ALL);
    assertThat(lost.refusal().code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
    replicas.send(Durability.STANDARD, "of the new leader");
    replicas.catchUpAll();
    assertThat(replicas.endOf(1)).isEqualTo(2);
    assertThat(replicas.contents(1, 2)).isEqualTo(replicas.contents(2, 2));
  }

  @Test
  @DisplayName("4.4: who led and wrote nothing copies what an earlier epoch wrote")
  void copiesAnOlderEpochAfterHavingLedForNothing() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, ALL);
    replicas.send(Durability.STANDARD, "a");
    replicas.catchUpAll();
    replicas.send(Durability.STANDARD, "b");
    replicas.catchUp(3);
    replicas.elect(2, ALL); // has only a, and writes nothing
    replicas.elect(3, ALL);
    replicas.catchUp(2);
    assertThat(replicas.endOf(2)).isEqualTo(2);
    assertThat(replicas.contents(2, 2)).isEqualTo(replicas.contents(3, 2));
  }

  @Test
  @DisplayName("B82, I14: a damaged batch is never appended, and is fetched again")
  void b82_neverAppendsADamagedBatch() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, ALL);
    replicas.send(Durability.STANDARD, "a");
    replicas.fetch(
        2,
        bytes -> {
          ByteBuffer damaged = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
          damaged.put(damaged.limit() - 1, (byte) ~damaged.get(damaged.limit() - 1));
          return damaged;
        });
    assertThat(replicas.endOf(2)).isZero();
    assertThat(replicas.world(2).onLoop(() -> replicas.partition(2).position(1))).isEmpty();
    assertThat(replicas.world(2).onLoop(() -> replicas.partition(2).reading().trouble()))
        .contains("does not match its checksum");
    replicas.world(2).scheduler.runFor(2 * PartitionWorld.SECOND);
    replicas.fetch(2);
    assertThat(replicas.endOf(2)).isEqualTo(1);
  }

  @Test
  @DisplayName("4.4: a log that ends before the leader's begins is started over, within a batch")
  void startsOverWhereTheLeaderBegins() throws IOException {
    Replicas3 replicas = replicas();
    replicas.elect(1, List.of(1, 2));
    replicas.leaderWorld().send(Durability.STANDARD, Batches.batch(1_000, "a", "b", "c"));
    replicas.leaderWorld().send(Durability.STANDARD, Batches.batch(1_000, "d", "e", "f"));
    replicas.send(Durability.STANDARD, "g");
    replicas.catchUp(2);
    Partition leader = replicas.partition(1);
    replicas.world(1).onLoopRun(() -> leader.log().trim(4, 7, result -> {}));
    replicas.world(1).runFlush(); // the records first
    replicas.world(1).runFlush(); // then where they begin
    replicas.catchUp(3);
    assertThat(replicas.endOf(3)).isEqualTo(7);
    assertThat(replicas.world(3).<Long>onLoop(() -> replicas.partition(3).log().startOffset()))
        .isEqualTo(4);
    assertThat(replicas.contents(3, 7)).isEqualTo(replicas.contents(1, 7));
    replicas.catchUp(2);
    assertThat(replicas.world(2).<Long>onLoop(() -> replicas.partition(2).log().startOffset()))
        .isEqualTo(4);
  }

  @Test
  void b72_aLeaderThatIsNotInSyncIsRefused() throws IOException {
    Replicas3 replicas = replicas();
    PartitionState strange = new PartitionState(1, ALL, 1, 1, 1, List.of(2, 3), List.of(), false);
    assertThat(
            replicas
                .world(1)
                .onLoop(() -> replicas.partition(1).lead(strange, Replicas3.LIVE))
                .orElse(""))
        .contains("not as in sync");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  @DisplayName("I1, I4: whatever happens, acknowledged records stay and logs agree")
  void logsAgreeAndKeepWhatWasAcknowledged(long seed) throws IOException {
    Replicas3 replicas = replicas();
    Random random = new Random(seed);
    replicas.elect(1, ALL);
    List<PartitionWorld.Sent> sent = new ArrayList<>();
    for (int step = 0; step < 150; step++) {
      int id = 1 + random.nextInt(3);
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> sent.add(replicas.send(Durability.STANDARD, seed + "-" + step));
        case 3 -> replicas.world(id).runFlush();
        case 4 -> {
          if (random.nextInt(6) == 0) {
            replicas.elect(id, ALL);
          }
        }
        default -> {
          if (id != replicas.leader) {
            replicas.fetch(id);
            replicas.world(id).runFlush();
          }
        }
      }
    }
    replicas.catchUpAll();
    replicas.catchUpAll();
    long end = replicas.endOf(replicas.leader);
    ByteBuffer truth = replicas.contents(replicas.leader, end);
    for (int id = 1; id <= 3; id++) {
      assertThat(replicas.contents(id, end)).isEqualTo(truth);
      assertThat(replicas.highWatermarkOf(id)).isEqualTo(end);
    }
    long acknowledged =
        sent.stream().filter(one -> one.outcome instanceof AppendOutcome.Appended).count();
    assertThat(acknowledged).isPositive();
    Map<Long, Long> values = new HashMap<>();
    for (PartitionWorld.Sent one : sent) {
      if (Objects.requireNonNull(one.outcome) instanceof AppendOutcome.Appended appended) {
        assertThat(values.put(appended.baseOffsets().get(0), appended.appendTimestampMillis()))
            .as("an offset is given out once for good")
            .isNull();
        assertThat(appended.baseOffsets().get(0)).isLessThan(end);
      }
    }
  }
}
