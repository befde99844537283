package io.millrace.server.partition;

import static io.millrace.server.partition.PartitionWorld.ORDERS;
import static io.millrace.server.partition.PartitionWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.replica.PartitionState;
import io.millrace.storage.log.Batches;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Producers and followers that have heard of a leader before it has itself. */
class AwaitedLeaderTest {
  private static final Map<Integer, Integer> LIVE = Map.of(1, 1, 2, 1, 3, 1);

  @TempDir Path root;

  private PartitionWorld world;
  private Partition partition;

  @BeforeEach
  void followsBrokerTwoInEpochOne() throws IOException {
    world = new PartitionWorld(root);
    partition = world.open(ORDERS, Map.of("min.in.sync", "2"));
    follow(2, 1);
  }

  private static PartitionState ledBy(int leader, int epoch) {
    return new PartitionState(
        epoch, List.of(1, 2, 3), leader, 1, epoch, List.of(1, 2, 3), List.of(), false);
  }

  private void follow(int leader, int epoch) {
    assertThat(world.onLoop(() -> partition.follow(ledBy(leader, epoch)))).isEmpty();
    world.settle();
  }

  private void lead(int epoch) {
    assertThat(world.onLoop(() -> partition.lead(ledBy(1, epoch), LIVE))).isEmpty();
    world.settle();
  }

  private PartitionWorld.Sent send(int believedEpoch, String value) {
    return world.send(
        ORDERS,
        Durability.LEADER,
        OptionalInt.of(believedEpoch),
        Batches.single(value),
        30 * SECOND);
  }

  @Test
  void keepsWhatIsSentForAnEpochItHasNotHeardOfAndTakesItOnceItLeads() {
    PartitionWorld.Sent first = send(2, "a");
    PartitionWorld.Sent second = send(2, "b");
    assertThat(first.outcome).isNull();
    lead(2);
    PartitionWorld.Sent third = send(2, "c");
    assertThat(first.appended().baseOffsets()).containsExactly(0L);
    assertThat(second.appended().baseOffsets()).containsExactly(1L);
    assertThat(third.appended().baseOffsets()).containsExactly(2L);
    assertThat(first.appended().leaderEpoch()).isEqualTo(2);
  }

  @Test
  void refusesWhatItHasKeptOnceAnotherLeadsAndSaysWho() {
    PartitionWorld.Sent sent = send(2, "a");
    follow(3, 2);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(sent.refusal().leader()).contains(new KnownLeader(3, 2));
  }

  @Test
  void keepsOnWhatIsMeantForALaterEpochStill() {
    PartitionWorld.Sent sent = send(3, "a");
    follow(3, 2);
    assertThat(sent.outcome).isNull();
    lead(3);
    world.runFlush();
    assertThat(sent.appended().leaderEpoch()).isEqualTo(3);
  }

  @Test
  void refusesWhatItHasKeptAfterAWhile() {
    PartitionWorld.Sent sent = send(2, "a");
    world.scheduler.runFor(HeldShares.PATIENCE_NANOS - SECOND / 100);
    assertThat(sent.outcome).isNull();
    world.scheduler.runFor(SECOND / 50);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(sent.free).isTrue();
  }

  @Test
  void keepsNoMoreThanSoMany() {
    for (int i = 0; i < HeldShares.MOST; i++) {
      assertThat(send(2, "a").outcome).isNull();
    }
    assertThat(send(2, "one more").refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
  }

  @Test
  void refusesAtOnceWhoBelievesInTheEpochThatIsKnownHere() {
    PartitionWorld.Sent sent = send(1, "a");
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(sent.refusal().leader()).contains(new KnownLeader(2, 1));
  }

  @Test
  void refusesWhatItHasKeptForAnEpochThatIsOver() {
    PartitionWorld.Sent sent = send(2, "a");
    lead(3);
    world.runFlush();
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
  }

  @Test
  void asksTheStoreAtOnceAndNotForEachWhoSaysSo() {
    for (int i = 0; i < 50; i++) {
      send(2, "a");
    }
    assertThat(world.events).hasSizeBetween(1, 2);
    assertThat(world.events).containsOnly(ORDERS + " may have a newer epoch");
    int before = world.events.size();
    world.onLoopRun(() -> partition.onHeardOfEpoch(1, Optional.empty()));
    world.scheduler.runFor(SECOND / 10);
    assertThat(world.events).describedAs("that epoch is known").hasSize(before);
    world.onLoopRun(() -> partition.onHeardOfEpoch(2, Optional.empty()));
    assertThat(world.events).hasSize(before + 1);
  }

  @Test
  void aLeaderThatHandsOverNamesTheNextToThoseItHasKept() {
    lead(2);
    world.runFlush();
    world.onLoopRun(() -> partition.handOver(3, SECOND, ready -> {}));
    PartitionWorld.Sent sent = send(2, "a");
    assertThat(sent.outcome).isNull();
    follow(3, 3);
    assertThat(sent.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
    assertThat(sent.refusal().leader()).contains(new KnownLeader(3, 3));
    assertThat(sent.refusal().toError().getLeader().getBrokerId()).isEqualTo(3);
    assertThat(sent.refusal().toError().getLeader().getLeaderEpoch()).isEqualTo(3);
  }

  // ---- Followers -------------------------------------------------------------------------------

  private final List<SessionShare.Result> passed = new ArrayList<>();

  private SessionShare fetchOfBrokerThree(int believedEpoch) {
    SessionShare share = new SessionShare(world.shard, 1 << 20, passed::addAll);
    ReadResult.Spec spec =
        new ReadResult.Spec(
            ORDERS,
            0,
            OptionalInt.of(believedEpoch),
            OptionalInt.empty(),
            1 << 20,
            new FollowerClaim(3, 1, 0, 0));
    world.onLoopRun(
        () -> share.onFetch(new SessionShare.News(List.of(spec), List.of(), List.of())));
    return share;
  }

  @Test
  void aFollowerThatKnowsOfItWaitsAndIsServedAtOnceWhenItLeads() {
    fetchOfBrokerThree(2);
    assertThat(passed).isEmpty();
    lead(2);
    world.runFlush();
    send(2, "a");
    assertThat(passed).hasSize(1);
    ReadResult.Served served = (ReadResult.Served) passed.get(0).result();
    assertThat(served.nextOffset()).isEqualTo(1);
    served.slice().ifPresent(slice -> slice.release());
  }

  @Test
  void aFollowerThatWaitsIsRefusedWhenAnotherLeads() {
    fetchOfBrokerThree(2);
    follow(2, 2);
    assertThat(passed).hasSize(1);
    ReadResult.Refused refused = (ReadResult.Refused) passed.get(0).result();
    assertThat(refused.refusal().code()).isEqualTo(ErrorCode.NOT_LEADER);
  }

  @Test
  void aFollowerWaitsNotForEver() {
    SessionShare share = fetchOfBrokerThree(2);
    world.scheduler.runFor(HeldShares.PATIENCE_NANOS);
    for (int i = 0; i < 3; i++) {
      world.onLoopRun(() -> share.tell(true));
    }
    assertThat(passed).hasSize(1);
    assertThat(passed.get(0).result()).isInstanceOf(ReadResult.Refused.class);
  }
}
