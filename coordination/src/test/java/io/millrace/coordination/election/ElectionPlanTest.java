package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.eligible;
import static io.millrace.coordination.election.Partitions.inSync;
import static io.millrace.coordination.election.Partitions.left;
import static io.millrace.coordination.election.Partitions.lost;
import static io.millrace.coordination.election.Partitions.single;
import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.election.ElectionPlan.Stay;
import io.millrace.coordination.election.ElectionPlan.Take;
import io.millrace.coordination.election.ElectionPlan.Unavailable;
import io.millrace.coordination.election.ElectionPlan.Wait;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** coordination.md, "Electing a partition leader". */
class ElectionPlanTest {
  private static final long STAGGER_MILLIS = 50;

  /** Incarnations are 11, 12, 13 of brokers 1, 2, 3. */
  private static ElectionScene scene(int self, Integer... live) {
    Map<Integer, Integer> incarnations = new HashMap<>();
    for (int id : live) {
      incarnations.put(id, 10 + id);
    }
    return new ElectionScene(self, 10 + self, incarnations, Set.of(), 2, 0, STAGGER_MILLIS);
  }

  private static ElectionScene later(ElectionScene scene, long millis) {
    return new ElectionScene(
        scene.self(),
        scene.incarnation(),
        scene.live(),
        scene.suspected(),
        scene.minInSync(),
        millis,
        STAGGER_MILLIS);
  }

  private static ElectionScene suspecting(ElectionScene scene, int broker) {
    return new ElectionScene(
        scene.self(),
        scene.incarnation(),
        scene.live(),
        Set.of(broker),
        scene.minInSync(),
        0,
        STAGGER_MILLIS);
  }

  private static ElectionPlan decide(PartitionNode.Builder node, ElectionScene scene) {
    return ElectionPlan.decide(node.build(), scene);
  }

  private static Take take(PartitionNode.Builder node, ElectionScene scene) {
    ElectionPlan plan = decide(node, scene);
    assertThat(plan).isInstanceOf(Take.class);
    Take take = (Take) plan;
    assertThat(take.next().getLeader()).isEqualTo(scene.self());
    assertThat(take.next().getLeaderIncarnation()).isEqualTo(scene.incarnation());
    assertThat(take.next().getLeaderEpoch()).isEqualTo(node.getLeaderEpoch() + 1);
    return take;
  }

  private static void assertUnavailable(ElectionPlan plan, String... words) {
    assertThat(plan)
        .isInstanceOfSatisfying(
            Unavailable.class, unavailable -> assertThat(unavailable.why()).contains(words));
  }

  @Test
  void tellsWhyItTakesTheLead() {
    assertThat(take(threeReplicas().clearLeader(), scene(2, 2, 3)).cause())
        .isEqualTo(ElectionCause.LEADERLESS);
    assertThat(take(threeReplicas(), scene(2, 2, 3)).cause())
        .isEqualTo(ElectionCause.SESSION_ENDED);
    assertThat(take(threeReplicas(), suspecting(scene(2, 1, 2, 3), 1)).cause())
        .isEqualTo(ElectionCause.SILENT);
    assertThat(
            take(threeReplicas().setLeaderIncarnation(10), later(scene(2, 1, 2, 3), 1_000)).cause())
        .isEqualTo(ElectionCause.RESTARTED);
    assertThat(take(threeReplicas().setLeaderIncarnation(10), scene(1, 1, 2, 3)).cause())
        .isEqualTo(ElectionCause.OWN_RESTART);
    assertThat(take(eligible(inSync(threeReplicas(), 1), 2, 3), scene(2, 2, 3)).cause())
        .isEqualTo(ElectionCause.ELIGIBLE);
  }

  // ---- One replica, as topics have it now ------------------------------------------------------

  @Test
  void aLeaderInItsPresentLifeStays() {
    assertThat(decide(single(), scene(1, 1))).isEqualTo(new Stay());
  }

  @Test
  @DisplayName("H9: a restarted leader, log intact, takes a new epoch like anybody else")
  void aRestartedLeaderTakesANewEpoch() {
    Take take = take(single().setLeaderIncarnation(9), scene(1, 1));

    assertThat(take.next().getInSyncList()).containsExactly(1);
    assertThat(take.next().getSoleFlushed()).isTrue();
    assertThat(take.mustFlushFirst()).isFalse();
    assertThat(take.next().getLastChange().getWhy()).isEqualTo("this leader has restarted");
  }

  @Test
  void thePlanNeedsNoViewOfOneself() {
    assertThat(decide(single(), scene(1))).isEqualTo(new Stay());
    take(single().setLeaderIncarnation(9), scene(1));
  }

  @Test
  @DisplayName("H4: a doubtful last member leads where it had flushed when it became that")
  void aDoubtfulLoneReplicaLeadsWhenItHadFlushed() {
    Take take = take(single().clearLeader().addRollCall(left(1, 5, 100)), scene(1, 1));

    assertThat(take.next().getRollCallList()).isEmpty();
    assertThat(take.next().getSoleFlushed()).isTrue();
    assertThat(take.next().getLastChange().getWhy()).isEqualTo("nobody led");
  }

  @Test
  @DisplayName("H4: without that proof it leads by the roll call, which says what may be missing")
  void aDoubtfulLoneReplicaLeadsByTheRollCall() {
    Take take =
        take(
            single().clearLeader().setSoleFlushed(false).addRollCall(left(1, 5, 100)), scene(1, 1));

    assertThat(take.mustFlushFirst()).isTrue();
    assertThat(take.next().getSoleFlushed()).isTrue();
    assertThat(take.next().getLastChange().getWhy()).contains("roll call", "100", "missing");
  }

  @Test
  @DisplayName("P-8: a last member that has lost what it had flushed leads only if all were asked")
  void p8_allAreAskedOnceAllAreUp() {
    PartitionNode.Builder node =
        inSync(threeReplicas(), 1)
            .clearLeader()
            .addRollCall(left(1, 5, 100).toBuilder().setLostFlushed(true));

    assertUnavailable(decide(node, scene(1, 1, 3)), "broker 1", "waiting for brokers [2]");
    assertThat(decide(node, scene(1, 1, 2, 3))).isInstanceOf(ElectionPlan.AskAll.class);
    assertThat(decide(node, scene(2, 1, 2, 3))).as("1 asks").isInstanceOf(Wait.class);
    assertThat(decide(node, later(scene(2, 1, 2, 3), 1_000)))
        .as("if 1 does not")
        .isInstanceOf(ElectionPlan.AskAll.class);
  }

  @Test
  @DisplayName("F21: a replaced data directory does not lead with nothing")
  void aLostReplicaNeverLeads() {
    assertUnavailable(
        decide(single().clearLeader().setSoleFlushed(false).addRollCall(lost(1)), scene(1, 1)),
        "every copy was lost",
        "unclean");
  }

  // ---- Several ---------------------------------------------------------------------------------

  @Test
  void aLiveLeaderIsFollowed() {
    assertThat(decide(threeReplicas(), scene(2, 1, 2, 3))).isEqualTo(new Stay());
  }

  @Test
  void whoHoldsNoReplicaHasNoPart() {
    assertThat(decide(threeReplicas(), scene(4, 2, 3, 4))).isEqualTo(new Stay());
  }

  @Test
  void theFirstLiveMemberInOrderActsAtOnce() {
    Take take = take(threeReplicas(), scene(2, 2, 3));

    assertThat(take.next().getInSyncList()).containsExactly(2, 3);
    assertThat(take.next().getEligibleList()).isEmpty();
    assertThat(take.next().getSoleFlushed()).isFalse();
    assertThat(take.mustFlushFirst()).isFalse();
    assertThat(take.next().getLastChange().getWhy()).isEqualTo("leader 1 is not live");
  }

  @Test
  void othersWaitTheirTurnAndThenActToo() {
    assertThat(decide(threeReplicas(), scene(3, 2, 3))).isEqualTo(new Wait(STAGGER_MILLIS));
    assertThat(decide(threeReplicas(), later(scene(3, 2, 3), 20))).isEqualTo(new Wait(30));
    take(threeReplicas(), later(scene(3, 2, 3), STAGGER_MILLIS));
  }

  @Test
  void theOrderIsThatOfTheReplicas() {
    PartitionNode.Builder node =
        threeReplicas().clearReplicas().addAllReplicas(List.of(3, 1, 2)).setLeader(3);
    assertThat(decide(node, scene(2, 1, 2))).isInstanceOf(Wait.class);
    take(node.setLeaderIncarnation(9), scene(1, 1, 2));
  }

  @Test
  @DisplayName("reliability 8.1: a leader that came back as another incarnation leads no longer")
  void aBouncedLeaderIsReplacedLikeADeadOne() {
    PartitionNode.Builder node = threeReplicas().setLeaderIncarnation(9);
    take(node, scene(1, 1, 2, 3));
    assertThat(decide(node, scene(2, 1, 2, 3))).isEqualTo(new Wait(STAGGER_MILLIS));
    Take take = take(node, later(scene(2, 1, 2, 3), STAGGER_MILLIS));
    assertThat(take.next().getInSyncList()).containsExactly(2, 3);
    assertThat(take.next().getLastChange().getWhy()).isEqualTo("leader 1 has restarted");
  }

  @Test
  void aSuspectedLeaderIsReplacedAlthoughItsSessionStands() {
    Take take = take(threeReplicas(), suspecting(scene(2, 1, 2, 3), 1));
    assertThat(take.next().getInSyncList()).containsExactly(2, 3);
    assertThat(take.next().getLastChange().getWhy()).isEqualTo("leader 1 is silent");
  }

  @Test
  @DisplayName("coordination.md: below the minimum the lost leader becomes eligible")
  void theLostLeaderStaysEligibleBelowTheMinimum() {
    Take take = take(inSync(threeReplicas(), 1, 2), scene(2, 2));

    assertThat(take.next().getInSyncList()).containsExactly(2);
    assertThat(take.next().getEligibleList()).containsExactly(1);
    assertThat(take.mustFlushFirst()).isTrue();
    assertThat(take.next().getSoleFlushed()).isTrue();
  }

  @Test
  void anEligibleReplicaTakesItWhenNoMemberLives() {
    PartitionNode.Builder node = eligible(inSync(threeReplicas(), 1), 3).setSoleFlushed(true);

    assertThat(decide(node, scene(2, 2, 3))).as("neither").isEqualTo(new Stay());
    Take take = take(node, scene(3, 2, 3));
    assertThat(take.next().getInSyncList()).containsExactly(3);
    assertThat(take.next().getEligibleList()).containsExactly(1);
    assertThat(take.mustFlushFirst()).isTrue();
  }

  @Test
  void membersComeBeforeTheEligible() {
    PartitionNode.Builder node =
        eligible(inSync(threeReplicas().setLeader(2).setLeaderIncarnation(9), 2, 3), 1);
    assertThat(decide(node, scene(1, 1, 3))).isEqualTo(new Wait(STAGGER_MILLIS));
    take(node, scene(3, 1, 3));
  }

  @Test
  void saysWhomItWaitsFor() {
    assertUnavailable(decide(inSync(threeReplicas(), 1), scene(2, 2, 3)), "[1]", "live");
  }

  @Test
  @DisplayName("H4: while one has not reported, nobody leads by the roll call")
  void theRollCallWaitsForThoseWhoHaveNotLeft() {
    PartitionNode.Builder node =
        inSync(threeReplicas().clearLeader(), 3)
            .addRollCall(left(1, 5, 10))
            .addRollCall(left(2, 5, 9));
    assertUnavailable(decide(node, scene(1, 1, 2)), "[3]");
  }

  @Test
  void theHighestOfTheRollCallLeads() {
    PartitionNode.Builder node =
        inSync(threeReplicas().clearLeader(), 3)
            .addRollCall(left(1, 4, 1_000))
            .addRollCall(left(2, 5, 20))
            .addRollCall(left(3, 5, 19));

    assertThat(decide(node, scene(1, 1, 2, 3))).isEqualTo(new Stay());
    assertThat(decide(node, scene(3, 1, 2, 3))).isEqualTo(new Stay());
    Take take = take(node, scene(2, 1, 2, 3));
    assertThat(take.next().getInSyncList()).containsExactly(2);
    assertThat(take.next().getRollCallList()).isEmpty();
    assertUnavailable(decide(node, scene(3, 1, 3)), "broker 2", "not live");
  }

  @Test
  void equalsOfTheRollCallAreOrderedByPreference() {
    PartitionNode.Builder node =
        inSync(threeReplicas().clearLeader(), 3)
            .addRollCall(left(3, 5, 20))
            .addRollCall(left(2, 5, 20))
            .addRollCall(lost(1));
    assertThat(decide(node, scene(3, 1, 2, 3))).isEqualTo(new Stay());
    take(node, scene(2, 1, 2, 3));
  }

  @Test
  void aNewLeaderEndsTheRollCall() {
    PartitionNode.Builder node =
        inSync(threeReplicas().clearLeader(), 2, 3).addRollCall(left(1, 5, 10));
    assertThat(take(node, scene(2, 1, 2, 3)).next().getRollCallList()).isEmpty();
  }

  // ---- Whatever comes --------------------------------------------------------------------------

  @Test
  @DisplayName(
      "I10, I12: what is taken is always in order, one epoch on, from a set that holds all")
  void whatIsTakenIsInOrder() {
    SplittableRandom random = new SplittableRandom(99);
    int takes = 0;
    for (int i = 0; i < 20_000; i++) {
      PartitionNode node = anyNode(random);
      ElectionScene scene = anyScene(random);
      if (!(ElectionPlan.decide(node, scene) instanceof Take take)) {
        continue;
      }
      takes++;
      PartitionNode next = take.next();
      assertThat(ZnodeJson.PARTITION.read(ZnodeJson.PARTITION.write(next)))
          .isEqualTo(new ZnodeReading.Understood<>(next, true));
      assertThat(next.getLeaderEpoch()).isEqualTo(node.getLeaderEpoch() + 1);
      assertThat(next.getInSyncList()).contains(scene.self());
      boolean wasMember =
          node.getInSyncList().contains(scene.self())
              || node.getEligibleList().contains(scene.self());
      boolean wasCalled =
          node.getRollCallList().stream().anyMatch(entry -> entry.getBroker() == scene.self());
      assertThat(wasMember || wasCalled).isTrue();
      if (next.getInSyncCount() == 1 && !next.getInSyncList().equals(node.getInSyncList())) {
        assertThat(take.mustFlushFirst()).isTrue();
        assertThat(next.getSoleFlushed()).isTrue();
      }
      if (next.getInSyncCount() > 1) {
        assertThat(next.getSoleFlushed() && !node.getSoleFlushed()).isFalse();
      }
    }
    assertThat(takes).isGreaterThan(1_000);
  }

  private static PartitionNode anyNode(SplittableRandom random) {
    PartitionNode.Builder node = threeReplicas().clearInSync();
    for (int id = 1; id <= 3; id++) {
      switch (random.nextInt(3)) {
        case 0 -> node.addInSync(id);
        case 1 -> node.addEligible(id);
        default -> {
          if (random.nextBoolean()) {
            node.addRollCall(left(id, random.nextInt(5), random.nextInt(9)));
          }
        }
      }
    }
    if (node.getInSyncCount() == 0) {
      node.addInSync(1).clearEligible();
      if (random.nextBoolean() && node.getRollCallCount() == 0) {
        node.addRollCall(left(1, 2, 3));
      }
    }
    if (random.nextBoolean()) {
      node.clearLeader();
    } else {
      int leader = 1 + random.nextInt(3);
      node.setLeader(leader).setLeaderIncarnation(random.nextBoolean() ? 10 + leader : 2);
    }
    return node.setSoleFlushed(node.getInSyncCount() == 1 && random.nextBoolean()).build();
  }

  private static ElectionScene anyScene(SplittableRandom random) {
    List<Integer> live = new ArrayList<>();
    for (int id = 1; id <= 3; id++) {
      if (random.nextBoolean()) {
        live.add(id);
      }
    }
    ElectionScene scene = scene(1 + random.nextInt(3), live.toArray(Integer[]::new));
    return later(
        random.nextBoolean() ? scene : suspecting(scene, 1 + random.nextInt(3)),
        random.nextInt(200));
  }
}
