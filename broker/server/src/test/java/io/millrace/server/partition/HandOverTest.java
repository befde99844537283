package io.millrace.server.partition;

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
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A leader names another, and producers go on meanwhile: what is appended, what is kept. */
class HandOverTest {
  private static final List<Integer> ALL = List.of(1, 2, 3);
  private static final long PATIENCE_NANOS = PartitionWorld.SECOND;
  private static final long PRODUCER = 77;

  @TempDir Path root;
  private Replicas3 replicas;
  private final List<Optional<Integer>> told = new ArrayList<>();

  @BeforeEach
  void brokerOneLeads() throws IOException {
    begin("standard");
  }

  private void begin(String durability) throws IOException {
    Path own = java.nio.file.Files.createDirectory(root.resolve(durability));
    replicas = new Replicas3(own, Map.of("min.in.sync", "2", "durability", durability));
    replicas.elect(1, ALL);
    numbered(0);
    replicas.catchUpAll();
  }

  private PartitionWorld.Sent numbered(int sequence) {
    return send(Durability.STANDARD, Batches.of(PRODUCER, 0, sequence, "n" + sequence));
  }

  private PartitionWorld.Sent plain(String value) {
    return send(Durability.STANDARD, Batches.single(value));
  }

  private PartitionWorld.Sent send(Durability level, ByteBuffer batches) {
    return replicas.leaderWorld().send(level, batches);
  }

  private void handOver() {
    replicas.world(1).onLoopRun(() -> replicas.partition(1).handOver(2, PATIENCE_NANOS, told::add));
    replicas.world(1).settle();
  }

  /** The write has been sent, and is on its way. */
  private void handOverIsWritten() {
    handOver();
    assertThat(told).containsExactly(Optional.of(1));
  }

  @Test
  @DisplayName("H15: numbered shares are appended and acknowledged while the write is on its way")
  void goesOnWhileTheWriteIsOnItsWay() {
    handOverIsWritten();
    PartitionWorld.Sent sent = numbered(1);
    replicas.catchUpAll();
    assertThat(sent.appended().baseOffsets()).containsExactly(1L);
    replicas.elect(2, ALL);
    replicas.catchUpAll();
    assertThat(replicas.highWatermarkOf(2)).isEqualTo(2);
  }

  @Test
  @DisplayName("H15: nothing is acknowledged that the successor has not fetched before it leads")
  void cannotCommitWithoutTheSuccessor() {
    handOverIsWritten();
    PartitionWorld.Sent sent = numbered(1);
    replicas.catchUp(3); // not 2, which knows already that it leads
    assertThat(sent.outcome).isNull();
    replicas.elect(2, ALL);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
    assertThat(sent.refusal().leader()).as("who can tell").contains(new KnownLeader(2, 2));

    PartitionWorld.Sent again = numbered(1);
    replicas.catchUpAll();
    assertThat(again.appended().baseOffsets()).containsExactly(1L);
    assertThat(replicas.contents(1, 2)).isEqualTo(replicas.contents(2, 2));
    assertThat(replicas.contents(3, 2)).isEqualTo(replicas.contents(2, 2));
  }

  @Test
  @DisplayName("H15, I6: what the successor has fetched is known there when it comes again")
  void isNotDoubled() {
    handOverIsWritten();
    numbered(1);
    replicas.fetch(2); // takes it, and leads before it says so
    replicas.elect(2, ALL);
    PartitionWorld.Sent again = numbered(1);
    replicas.catchUpAll();
    assertThat(again.appended().baseOffsets()).containsExactly(1L);
    assertThat(replicas.endOf(2)).isEqualTo(2);
  }

  @Test
  @DisplayName("H15: shares without numbers are kept, then refused: nothing was appended")
  void keepsWhatCouldBeDoubled() {
    handOverIsWritten();
    PartitionWorld.Sent sent = plain("a");
    replicas.catchUpAll();
    assertThat(sent.outcome).isNull();
    assertThat(replicas.endOf(1)).isEqualTo(1);
    replicas.elect(2, ALL);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(sent.refusal().leader()).contains(new KnownLeader(2, 2));
  }

  @Test
  @DisplayName("H15 left out: a record without numbers stands in the log, and nobody can tell")
  void withoutTheRuleARecordIsDoubled() {
    try (WithoutRule without = new WithoutRule(SafetyRule.H15)) {
      handOverIsWritten();
      PartitionWorld.Sent sent = plain("a");
      replicas.fetch(2);
      replicas.elect(2, ALL);
      assertThat(sent.refusal().code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
      plain("a"); // a producer that tries again
      assertThat(replicas.endOf(2)).as("n0, a, a").isEqualTo(3);
    }
  }

  @Test
  @DisplayName("H15: what only this replica would vouch for is kept")
  void keepsWhatCouldBeLost() {
    handOverIsWritten();
    PartitionWorld.Sent sent = send(Durability.LEADER, Batches.of(PRODUCER, 0, 1, "n1"));
    assertThat(sent.outcome).isNull();
    replicas.elect(2, ALL);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
  }

  @Test
  @DisplayName("H15 left out: an acknowledged record is lost")
  void withoutTheRuleARecordIsLost() {
    try (WithoutRule without = new WithoutRule(SafetyRule.H15)) {
      handOverIsWritten();
      PartitionWorld.Sent sent = send(Durability.LEADER, Batches.of(PRODUCER, 0, 1, "n1"));
      assertThat(sent.appended().baseOffsets()).containsExactly(1L);
      replicas.elect(2, ALL);
      assertThat(replicas.endOf(2)).as("n0").isEqualTo(1);
    }
  }

  @Test
  @DisplayName("H15: on a topic of level leader everything is kept, since consumers see it at once")
  void keepsAllWhereConsumersSeeWhatOneHas() throws IOException {
    begin("leader");
    handOverIsWritten();
    PartitionWorld.Sent sent = numbered(1);
    assertThat(sent.outcome).isNull();
    assertThat(replicas.highWatermarkOf(1)).isEqualTo(1);
  }

  @Test
  @DisplayName("H15: behind what is kept of a producer all is kept, and goes on in order")
  void keepsTheOrderOfAProducer() {
    handOverIsWritten();
    PartitionWorld.Sent first = send(Durability.LEADER, Batches.of(PRODUCER, 0, 1, "n1"));
    PartitionWorld.Sent second = numbered(2);
    PartitionWorld.Sent other = send(Durability.STANDARD, Batches.of(78, 0, 0, "m0"));
    assertThat(replicas.endOf(1)).as("only the other's").isEqualTo(2);
    replicas.world(1).onLoopRun(() -> replicas.partition(1).leadOn());
    replicas.world(1).settle();
    replicas.catchUpAll();
    assertThat(other.appended().baseOffsets()).containsExactly(1L);
    assertThat(first.appended().baseOffsets()).containsExactly(2L);
    assertThat(second.appended().baseOffsets()).containsExactly(3L);
  }

  @Test
  void waitsForWhatWasThereWhenItBeganAndNotForWhatComesThen() {
    PartitionWorld.Sent before = plain("a");
    handOver();
    assertThat(told).isEmpty();
    PartitionWorld.Sent later = numbered(1);
    replicas.fetch(2);
    replicas.fetch(3);
    assertThat(replicas.endOf(1)).isEqualTo(3);
    while (before.outcome == null) { // each says with its next fetch what it has
      replicas.fetch(2);
      replicas.fetch(3);
    }
    replicas.world(1).scheduler.runFor(PartitionWorld.SECOND / 100);
    assertThat(told).containsExactly(Optional.of(1));
    assertThat(before.appended().baseOffsets()).containsExactly(1L);
    assertThat(later.outcome).isNotInstanceOf(AppendOutcome.Refused.class);
  }

  @Test
  void leadsOnWhenTheOtherDoesNotCatchUp() {
    plain("a");
    handOver();
    PartitionWorld.Sent kept = plain("b");
    replicas.world(1).scheduler.runFor(2 * PATIENCE_NANOS);
    assertThat(told).containsExactly(Optional.empty());
    replicas.catchUpAll();
    assertThat(kept.appended().baseOffsets()).containsExactly(2L);
  }
}
