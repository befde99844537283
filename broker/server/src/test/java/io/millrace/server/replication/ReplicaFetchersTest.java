package io.millrace.server.replication;

import static io.millrace.server.replication.FollowerWorld.LEADER;
import static io.millrace.server.replication.FollowerWorld.LEADER_INCARNATION;
import static io.millrace.server.replication.FollowerWorld.batch;
import static io.millrace.server.replication.FollowerWorld.partitions;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.rpc.InboundRequest;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Shard;
import io.millrace.wire.v1.Divergence;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.Response;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReplicaFetchersTest {
  private static final PartitionId A = new PartitionId("a~aaaaaaaa", 0);
  private static final PartitionId B = new PartitionId("a~aaaaaaaa", 1);

  private final FollowerWorld world = new FollowerWorld(11);
  private final BrokerImage leader = world.leaderListens();

  @AfterEach
  void nothingWasThrownAndNoMemoryIsLeft() {
    assertThat(world.scheduler.thrown()).isEmpty();
    world.fetchers.stop();
    world.requests.forEach(world::answerEmpty);
    world.run(100);
    assertThat(world.network.outstandingBuffers()).isZero();
  }

  private void start(PartitionId... ids) {
    for (PartitionId id : ids) {
      world.open(id);
      world.follow(id, 3);
    }
    world.fetchers.onBrokers(Map.of(LEADER, leader));
  }

  @Test
  void namesAllPartitionsOfALeaderOnceAndThenOnlyWhatIsNew() {
    start(A, B);
    InboundRequest first = world.nextFetch();
    assertThat(first.head().getFetch().getSession().getBegin()).isTrue();
    assertThat(partitions(first.head())).containsExactly("a~aaaaaaaa-0", "a~aaaaaaaa-1");
    FetchPartition b = first.head().getFetch().getPartitions(1);
    world.run(20);
    assertThat(world.requests).isEmpty();
    world.answerEmpty(first);
    InboundRequest second = world.nextFetch();
    assertThat(second.head().getFetch().getSession().getBegin()).isFalse();
    assertThat(partitions(second.head())).isEmpty();
    world.run(20);
    assertThat(world.requests).isEmpty();
    world.answer(second, b, List.of(batch(0, 3, "x")));
    assertThat(partitions(world.nextFetch().head()))
        .containsExactly(b.getTopicId() + "-" + b.getPartition());
    assertThat(world.endOf(new PartitionId(b.getTopicId(), b.getPartition()))).isEqualTo(1);
  }

  @Test
  void aFetchOfManyIdlePartitionsIsAsSmallAsOneOfNone() {
    PartitionId[] many = new PartitionId[60];
    for (int i = 0; i < many.length; i++) {
      many[i] = new PartitionId("a~aaaaaaaa", i);
    }
    start(many);
    InboundRequest fetch = world.nextFetch();
    assertThat(fetch.head().getSerializedSize()).isGreaterThan(many.length * 20);
    for (int i = 0; i < 40; i++) {
      world.run(25);
      world.answerEmpty(fetch);
      fetch = world.nextFetch();
      assertThat(fetch.head().getFetch().getPartitionsCount()).isZero();
      assertThat(fetch.head().getSerializedSize()).isLessThan(64);
    }
  }

  @Test
  void namesEverythingAgainAfterAFetchThatWasRefused() {
    start(A, B);
    world.answerEmpty(world.nextFetch());
    world.nextFetch().refuse(ErrorCode.INVALID_REQUEST, "nothing is kept");
    InboundRequest again = world.nextFetch();
    assertThat(again.head().getFetch().getSession().getBegin()).isTrue();
    assertThat(partitions(again.head())).hasSize(2);
  }

  @Test
  void learnsTheHighWatermarkWithoutNamingThePartitionAgain() {
    start(A);
    InboundRequest first = world.nextFetch();
    world.answer(first, List.of(batch(0, 3, "x")));
    InboundRequest second = world.nextFetch();
    FetchPartition named = second.head().getFetch().getPartitions(0);
    second.answer(
        Response.newBuilder()
            .setFetch(
                FetchResponse.newBuilder()
                    .addResults(FollowerWorld.result(named).setHighWatermark(1))),
        List.of());
    assertThat(partitions(world.nextFetch().head())).isEmpty();
    Shard shard = A.ownerAmong(world.shards);
    assertThat(world.onLoop(shard.loop(), () -> shard.get(A).reading().visibleOffset()))
        .isEqualTo(1);
  }

  @Test
  void tellsWhatHasReachedItsDiskWithoutNamingThePartitionAgain() {
    start(A);
    world.answer(world.nextFetch(), List.of(batch(0, 3, "x")));
    InboundRequest second = world.nextFetch();
    assertThat(second.head().getFetch().getPartitions(0).getFlushedOffset()).isZero();
    Shard shard = A.ownerAmong(world.shards);
    world.onLoop(
        shard.loop(),
        () -> {
          shard.get(A).log().requestFlush();
          return true;
        });
    world.run(20);
    assertThat(world.requests).describedAs("it can wait").isEmpty();
    world.answerEmpty(second);
    var third = world.nextFetch().head().getFetch();
    assertThat(third.getPartitionsCount()).isZero();
    assertThat(third.getSession().getFlushed(0).getFlushedOffset()).isEqualTo(1);
    assertThat(third.getSession().getFlushed(0).getLeaderEpoch()).isEqualTo(3);
  }

  @Test
  void takesNoOffenceAtDataThatComesTwice() {
    start(A);
    InboundRequest first = world.nextFetch();
    FetchPartition named = first.head().getFetch().getPartitions(0);
    world.answer(first, List.of(batch(0, 3, "x")));
    InboundRequest second = world.nextFetch();
    world.answer(second, named, List.of(batch(0, 3, "x")));
    FetchPartition next = world.nextFetchThatNames().head().getFetch().getPartitions(0);
    assertThat(next.getFetchOffset()).isEqualTo(1);
    assertThat(world.endOf(A)).isEqualTo(1);
  }

  @Test
  void appendsWhatItGetsAndSaysSoWithTheNextFetch() {
    start(A);
    InboundRequest fetch = world.nextFetch();
    var follower = fetch.head().getFetch().getFollower();
    assertThat(follower.getBrokerId()).isEqualTo(2);
    assertThat(follower.getIncarnation()).isEqualTo(9);
    assertThat(follower.getDraining()).isFalse();
    world.answer(fetch, List.of(batch(0, 3, "x"), batch(1, 3, "y")));
    FetchPartition next = world.nextFetch().head().getFetch().getPartitions(0);
    assertThat(next.getFetchOffset()).isEqualTo(2);
    assertThat(next.getLastEpoch()).isEqualTo(3);
    assertThat(next.getLeaderEpoch()).isEqualTo(3);
    assertThat(world.endOf(A)).isEqualTo(2);
  }

  @Test
  void tellsThatItIsDraining() {
    start(A);
    InboundRequest first = world.nextFetch();
    world.fetchers.setDraining(true);
    world.answerEmpty(first);
    assertThat(world.nextFetch().head().getFetch().getFollower().getDraining()).isTrue();
  }

  @Test
  void fetchesNothingWhileItIsNobody() {
    world.fetchers.setIncarnation(0);
    start(A);
    world.run(300);
    assertThat(world.requests).isEmpty();
    world.fetchers.setIncarnation(10);
    assertThat(world.nextFetch().head().getFetch().getFollower().getIncarnation()).isEqualTo(10);
  }

  @Test
  void leavesOutWhoseEpochIsRefusedAndAsksForItAgain() {
    start(A, B);
    InboundRequest both = world.nextFetch();
    List<FetchPartition> asked = both.head().getFetch().getPartitionsList();
    both.answer(
        Response.newBuilder()
            .setFetch(
                FetchResponse.newBuilder()
                    .addResults(
                        FollowerWorld.result(asked.get(0))
                            .setError(Error.newBuilder().setCode(ErrorCode.NOT_LEADER)))
                    .addResults(FollowerWorld.result(asked.get(1)))),
        List.of());
    InboundRequest one = world.nextFetch();
    assertThat(partitions(one.head())).isEmpty();
    InboundRequest other = world.nextFetch();
    assertThat(partitions(other.head()))
        .containsExactly(asked.get(0).getTopicId() + "-" + asked.get(0).getPartition());
    world.answerEmpty(other);
    world.run(5);
    world.answerEmpty(one);
    assertThat(partitions(world.nextFetch().head())).isEmpty();
  }

  @Test
  void doesNotFlayALeaderThatRefusesEverything() {
    start(A);
    int fetches = 0;
    for (long until = world.scheduler.nanoTime() + 2 * FollowerWorld.SECOND;
        world.scheduler.nanoTime() < until; ) {
      while (!world.requests.isEmpty()) {
        fetches++;
        world.requests.remove(0).refuse(ErrorCode.FENCED_INCARNATION, "not that one");
      }
      world.run(1);
    }
    assertThat(fetches).isBetween(5, 90);
    assertThat(world.suspicions).isEmpty(); // it answers, after all
  }

  @Test
  void doesNotFlayALeaderThatSaysAgainAndAgainWhatLeadsNowhere() {
    start(A);
    int fetches = 0;
    for (long until = world.scheduler.nanoTime() + 2 * FollowerWorld.SECOND;
        world.scheduler.nanoTime() < until; ) {
      while (!world.requests.isEmpty()) {
        InboundRequest fetch = world.requests.remove(0);
        if (fetch.head().getFetch().getPartitionsCount() == 0) {
          world.run(25);
          world.answerEmpty(fetch);
          continue;
        }
        fetches++;
        FetchResult.Builder result =
            FollowerWorld.result(fetch.head().getFetch().getPartitions(0))
                .setError(Error.newBuilder().setCode(ErrorCode.OFFSET_OUT_OF_RANGE));
        fetch.answer(
            Response.newBuilder().setFetch(FetchResponse.newBuilder().addResults(result)),
            List.of());
      }
      world.run(1);
    }
    assertThat(fetches).isBetween(2, 40);
  }

  @Test
  void cutsWhereTheLeaderSaysAndGoesOnFromThere() {
    start(A);
    world.answer(world.nextFetch(), List.of(batch(0, 2, "x"), batch(1, 3, "y")));
    InboundRequest fetch = world.nextFetch();
    FetchPartition asked = fetch.head().getFetch().getPartitions(0);
    fetch.answer(
        Response.newBuilder()
            .setFetch(
                FetchResponse.newBuilder()
                    .addResults(
                        FollowerWorld.result(asked)
                            .setDivergence(Divergence.newBuilder().setEpoch(2).setEndOffset(1)))),
        List.of());
    assertThat(world.nextFetch().head().getFetch().getPartitions(0).getFetchOffset()).isEqualTo(1);
  }

  @Test
  void aShardThatStandsStillDoesNotHoldUpTheOthers() {
    start(A, B);
    Shard slow = A.ownerAmong(world.shards);
    assertThat(B.ownerAmong(world.shards)).isNotSameAs(slow);
    InboundRequest both = world.nextFetch();
    // What is asked of that shard is asked in vain from now on: nothing there is ever ready.
    world.onLoop(
        slow.loop(),
        () -> {
          slow.get(A).stepDown("a test says so");
          return true;
        });
    FetchResponse.Builder answer = FetchResponse.newBuilder();
    for (FetchPartition each : both.head().getFetch().getPartitionsList()) {
      answer.addResults(
          FollowerWorld.result(each)
              .setError(Error.newBuilder().setCode(ErrorCode.OFFSET_OUT_OF_RANGE))
              .setStartOffset(7));
    }
    both.answer(Response.newBuilder().setFetch(answer), List.of());
    InboundRequest one = world.nextFetch();
    assertThat(partitions(one.head())).containsExactly("a~aaaaaaaa-1");
    assertThat(one.head().getFetch().getPartitions(0).getFetchOffset()).isEqualTo(7);
    world.answerEmpty(one);
    assertThat(partitions(world.nextFetch().head())).isEmpty();
  }

  @Test
  void takesWhatIsFollowedInANewerEpochOnly() {
    start(A);
    InboundRequest old = world.nextFetch();
    world.follow(A, 4);
    world.run(5);
    world.answer(old, List.of(batch(0, 3, "x")));
    InboundRequest newer = world.nextFetch();
    FetchPartition asked = newer.head().getFetch().getPartitions(0);
    assertThat(asked.getLeaderEpoch()).isEqualTo(4);
    assertThat(asked.getFetchOffset()).isZero();
    assertThat(world.endOf(A)).isZero();
  }

  @Test
  void fetchesNoMoreWhatIsUnfollowed() {
    start(A, B);
    InboundRequest both = world.nextFetch();
    world.fetchers.unfollow(A);
    world.run(5);
    world.answerEmpty(both);
    var next = world.nextFetch().head().getFetch();
    assertThat(next.getPartitionsCount()).isZero();
    assertThat(next.getSession().getDropped(0).getTopicId()).isEqualTo("a~aaaaaaaa");
    assertThat(next.getSession().getDropped(0).getPartition()).isZero();
  }

  @Test
  void closesAConnectionWhoseAnswersAreNotToItsQuestions() {
    start(A);
    InboundRequest fetch = world.nextFetch();
    fetch.answer(
        Response.newBuilder()
            .setFetch(
                FetchResponse.newBuilder().addResults(FetchResult.newBuilder().setTopicId("z"))),
        List.of());
    InboundRequest again = world.nextFetch();
    assertThat(again.remote()).isNotEqualTo(fetch.remote());
  }

  @Test
  void connectsAnewAfterAResetAndSuspectsNobodyWhoAnswersThen() {
    start(A);
    var unused = world.nextFetch();
    world.network.reset("broker-1", "broker-2");
    assertThat(partitions(world.nextFetch().head())).containsExactly("a~aaaaaaaa-0");
    assertThat(world.suspicions).isEmpty();
  }

  @Test
  @DisplayName("a failover does not wait for a connection: there is one to every live broker")
  void isConnectedBeforeThereIsAnythingToFetch() {
    BrokerImage leader = world.leaderListens();
    world.fetchers.onBrokers(Map.of(FollowerWorld.LEADER, leader));
    world.scheduler.runFor(FollowerWorld.SECOND);
    assertThat(world.requests).isEmpty();
    assertThat(world.network.linkEnds()).isEqualTo(2);
    world.leaderTransport.kill();
    world.scheduler.runFor(FollowerWorld.SECOND);
    assertThat(world.suspicions).as("nobody waits for it").isEmpty();
  }

  @Test
  void suspectsALeaderWhoseProcessIsGoneAtOnce() {
    start(A);
    var unused = world.nextFetch();
    world.leaderTransport.kill();
    long before = world.scheduler.nanoTime();
    world.scheduler.runUntil(
        "it is suspected", () -> !world.suspicions.isEmpty(), FollowerWorld.SECOND);
    assertThat(world.scheduler.nanoTime() - before).isLessThan(30 * FollowerWorld.MILLI);
    assertThat(world.suspicions)
        .singleElement()
        .asString()
        .startsWith("suspected 1/5: cannot connect");
  }

  @Test
  void suspectsALeaderThatIsSilentAndClearsItWhenItAnswers() {
    start(A);
    InboundRequest fetch = world.nextFetch();
    world.run(400);
    assertThat(world.suspicions).isEmpty();
    world.run(80);
    assertThat(world.suspicions)
        .singleElement()
        .asString()
        .startsWith("suspected 1/5: no answer for 4");
    world.answerEmpty(fetch);
    world.run(5);
    assertThat(world.suspicions).last().isEqualTo("cleared 1/5");
  }

  @Test
  void suspectsALeaderBehindACutNetworkAndClearsItOnceItIsWhole() {
    start(A);
    world.answerEmpty(world.nextFetch());
    world.network.cutBothWays("broker-1", "broker-2");
    world.run(700);
    assertThat(world.suspicions).hasSize(1);
    world.network.heal();
    world.run(4_000);
    assertThat(world.suspicions).last().isEqualTo("cleared 1/5");
  }

  @Test
  void watchesWhomItSuspectsAlsoWhenNothingIsFollowedFromItAnyMore() {
    start(A);
    InboundRequest fetch = world.nextFetch();
    world.run(600);
    assertThat(world.suspicions).hasSize(1);
    world.fetchers.unfollow(A);
    world.run(1_000);
    assertThat(world.suspicions).hasSize(1);
    world.answerEmpty(fetch);
    world.run(5);
    assertThat(world.suspicions).last().isEqualTo("cleared 1/5");
  }

  @Test
  void clearsWhoseLifeIsOver() {
    start(A);
    var unused = world.nextFetch();
    world.run(600);
    assertThat(world.suspicions).hasSize(1);
    world.fetchers.onBrokers(Map.of());
    world.run(5);
    assertThat(world.suspicions).last().isEqualTo("cleared 1/5");
    world.run(5_000);
    assertThat(world.suspicions).hasSize(2);
  }

  @Test
  void suspectsTheLifeThatWasMeantWhenAnotherOneAnswers() {
    world.helloIncarnation = LEADER_INCARNATION + 1;
    start(A);
    world.run(100);
    assertThat(world.suspicions)
        .singleElement()
        .asString()
        .contains("answers as broker 1, incarnation 6");
    assertThat(world.requests).isEmpty();
  }

  @Test
  @DisplayName("hazard 15: a follower that stood still for seconds accuses nobody")
  void accusesNobodyAfterAStallOfItsOwn() {
    start(A);
    InboundRequest fetch = world.nextFetch();
    world.followerTasks.pause();
    world.run(20);
    world.answerEmpty(fetch);
    world.run(3_000);
    world.followerTasks.resume();
    world.answerEmpty(world.nextFetch());
    world.run(20);
    assertThat(world.suspicions).isEmpty();
  }

  @Test
  void followsALeaderThatBecomesKnownLater() {
    world.open(A);
    world.follow(A, 3);
    world.run(100);
    assertThat(world.requests).isEmpty();
    world.fetchers.onBrokers(Map.of(LEADER, leader));
    assertThat(partitions(world.nextFetch().head())).containsExactly("a~aaaaaaaa-0");
  }

  @Test
  void asksAgainAfterALeaderThatNeverAnswered() {
    start(A);
    var unused = world.nextFetch();
    world.run(2_500);
    assertThat(partitions(world.nextFetch().head())).containsExactly("a~aaaaaaaa-0");
  }

  @Test
  void fetchesWhatHasBecomeReadyWithoutWaitingForTheFetchThatIsOut() {
    start(A);
    InboundRequest patient = world.nextFetch();
    world.open(B);
    world.follow(B, 3);
    InboundRequest quick = world.nextFetch();
    assertThat(partitions(quick.head())).containsExactly("a~aaaaaaaa-1");
    world.answer(quick, List.of(batch(0, 3, "x")));
    InboundRequest more = world.nextFetch();
    assertThat(partitions(more.head())).containsExactly("a~aaaaaaaa-1");
    assertThat(more.head().getFetch().getPartitions(0).getFetchOffset()).isEqualTo(1);
    world.answerEmpty(more);
    world.run(10);
    assertThat(world.requests).describedAs("it has nothing new to tell").isEmpty();
    world.answerEmpty(patient);
    assertThat(partitions(world.nextFetch().head())).isEmpty();
  }

  @Test
  void asksAFollowerOfItsOwnForNothingAndMissesItAsSoonAsALeader() {
    world.fetchers.lead(A, List.of(2, LEADER));
    world.fetchers.onBrokers(Map.of(LEADER, leader));
    for (int i = 0; i < 400; i++) {
      InboundRequest ping = world.nextFetch();
      assertThat(ping.head().getFetch().getPartitionsCount()).isZero();
      assertThat(ping.head().getFetch().getMaxWaitMs()).isEqualTo(25);
      world.run(25);
      world.answerEmpty(ping);
    }
    var unused = world.nextFetch();
    world.run(130);
    assertThat(world.suspicions).hasSize(1);
  }

  @Test
  void asksNobodyWithWhomItSharesNothing() {
    world.fetchers.onBrokers(Map.of(LEADER, leader));
    world.fetchers.lead(A, List.of(2, LEADER));
    world.answerEmpty(world.nextFetch());
    world.fetchers.lead(A, List.of(2, 3));
    world.run(50);
    world.requests.forEach(world::answerEmpty);
    world.requests.clear();
    world.run(1_000);
    assertThat(world.requests).isEmpty();
    assertThat(world.suspicions).isEmpty();
  }
}
