package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.TopicInfo;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Three brokers that lose contact with ZooKeeper, their sessions, or both. */
class SessionLossTest {
  /** And a little: a session's time-out is 6 s. */
  private static final long PAST_THE_SESSION = 8 * SECOND;

  private final Trio trio = new Trio(1311, Map.of("min.in.sync", "2"));

  @AfterEach
  void nothingWasThrown() {
    trio.brokers.assertNothingWasThrown();
  }

  /** Once, to that broker, whatever it says. */
  private ProduceResult ask(int broker, Durability level, String value) {
    return TestClient.good(
            trio.cluster.await(
                trio.client(broker)
                    .produce(trio.topic.getTopicId(), 0, level, Batches.single(value))))
        .response()
        .getProduce()
        .getResults(0);
  }

  private void assertAcknowledged(int broker, Durability level, String value) {
    ProduceResult result = ask(broker, level, value);
    assertThat(result.hasError()).as("%s: %s", value, result).isFalse();
  }

  @Test
  @DisplayName("hazard 13: all sessions end at once; what was acknowledged stays, and it goes on")
  void allSessionsEndAtOnce() {
    trio.produce("a", "b");
    trio.awaitInSync(3);
    PartitionInfo before = trio.describe();
    trio.machines.values().forEach(machine -> trio.cluster.ensemble.expire(machine.store()));
    trio.cluster.scheduler.runFor(SECOND);

    trio.produce("c");
    trio.awaitInSync(3);
    assertThat(trio.describe().getLeaderEpoch())
        .as("what was led in a life that is over is elected anew")
        .isGreaterThan(before.getLeaderEpoch());
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c");
    assertThat(trio.describe().getPossibleLoss()).isEmpty();
  }

  @Test
  @DisplayName("hazard 13: all sessions end at once, again and again, under a producer")
  void allSessionsEndAgainAndAgain() {
    for (int round = 0; round < 5; round++) {
      trio.produce("r" + round);
      trio.machines.values().forEach(machine -> trio.cluster.ensemble.expire(machine.store()));
      trio.cluster.scheduler.runFor(SECOND / 50 * round);
    }
    trio.produce("last");
    trio.awaitInSync(3);
    assertThat(trio.records()).containsExactly("0:r0", "1:r1", "2:r2", "3:r3", "4:r4", "5:last");
  }

  @Test
  @DisplayName(
      "the lease: without ZooKeeper beyond the session's time, leader level stops, standard goes on")
  void onlyTheLeadersOwnLevelNeedsTheLease() {
    trio.produce("a");
    trio.awaitInSync(3);
    int leader = trio.leader();
    trio.cluster.ensemble.stop();
    trio.cluster.scheduler.runFor(SECOND);
    assertAcknowledged(leader, Durability.LEADER, "b");
    assertAcknowledged(leader, Durability.STANDARD, "c");

    trio.cluster.scheduler.runFor(PAST_THE_SESSION);
    ProduceResult refused = ask(leader, Durability.LEADER, "refused");
    assertThat(refused.getError().getCode()).isEqualTo(ErrorCode.UNAVAILABLE);
    assertThat(refused.getError().getMessage()).contains("no contact");
    assertAcknowledged(leader, Durability.STANDARD, "d");
    assertAcknowledged(leader, Durability.SYNCED, "e");

    trio.cluster.ensemble.restart();
    trio.produce(Durability.LEADER, "f");
    trio.awaitInSync(3);
    trio.produce("g");
    assertThat(trio.records()).containsExactly("0:a", "1:b", "2:c", "3:d", "4:e", "5:f", "6:g");
  }

  @Test
  @DisplayName("the lease: who holds the only replica needs none, as nobody else could lead")
  void aLoneReplicaNeedsNoLease() {
    TopicInfo alone = trio.brokers.createUnreplicated("alone");
    int leader = trio.brokers.leader("alone", 0);
    trio.cluster.ensemble.stop();
    trio.cluster.scheduler.runFor(2 * PAST_THE_SESSION);
    ProduceResult result =
        trio.brokers.produceAt(
            leader, alone.getTopicId(), 0, Durability.LEADER, Batches.single("a"));
    assertThat(result.hasError()).as(() -> result.toString()).isFalse();
  }

  @Test
  @DisplayName("the lease: a leader that alone has lost ZooKeeper acknowledges nothing in vain")
  void aLeaderThatAloneLostContactIsDeposedAndAcknowledgesNothingMore() {
    trio.produce("a");
    trio.awaitInSync(3);
    int leader = trio.leader();
    trio.cluster.ensemble.setIsolated(trio.machine(leader).store(), true);
    trio.cluster.scheduler.runFor(PAST_THE_SESSION);

    // It may not have heard of its successor by any other way: the lease is what stops it.
    assertThat(ask(leader, Durability.LEADER, "lost").hasError()).isTrue();
    int other = leader % Trio.BROKERS + 1;
    PartitionInfo now = trio.brokers.describe(other, "notes", 0);
    assertThat(now.getLeader()).isNotEqualTo(leader);
    CompletableFuture<TestClient.Answer> inVain =
        trio.client(leader)
            .produce(trio.topic.getTopicId(), 0, Durability.STANDARD, Batches.single("lost too"));
    assertAcknowledged(now.getLeader(), Durability.STANDARD, "b");

    trio.cluster.ensemble.setIsolated(trio.machine(leader).store(), false);
    trio.awaitInSync(3);
    trio.cluster.scheduler.runUntil("its end", inVain::isDone, 120 * SECOND);
    assertThat(
            inVain.isCompletedExceptionally()
                || inVain.join().response().getProduce().getResults(0).hasError())
        .as("nobody that the others count on fetched it: %s", inVain)
        .isTrue();
    assertThat(trio.records()).containsExactly("0:a", "1:b");
  }
}
