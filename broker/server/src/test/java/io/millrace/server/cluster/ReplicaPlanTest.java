package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReplicaPlanTest {
  private static final int SELF = 1;
  private static final int INCARNATION = 7;
  private static final ReplicaPlan.Local OPEN = new ReplicaPlan.Local(true, true, -1, -1, -1, null);

  private boolean deleting;
  private List<Integer> replicas = List.of(SELF);
  private OptionalInt leader = OptionalInt.empty();
  private int leaderIncarnation;
  private int epoch = 4;
  private Set<Integer> suspected = Set.of();

  @Test
  void opensWhatIsAssignedToItAndNothingElse() {
    assertThat(plan(ReplicaPlan.Local.NONE)).isInstanceOf(ReplicaPlan.Open.class);
    replicas = List.of(2, 3);
    assertThat(plan(ReplicaPlan.Local.NONE)).isInstanceOf(ReplicaPlan.Nothing.class);
  }

  @Test
  void leadsWhenNamedInThisVeryLife() {
    leader = OptionalInt.of(SELF);
    leaderIncarnation = INCARNATION;
    assertThat(plan(OPEN)).isEqualTo(new ReplicaPlan.Lead(4));
    assertThat(plan(leading(4))).isInstanceOf(ReplicaPlan.Nothing.class);
    assertThat(plan(leading(3))).isEqualTo(new ReplicaPlan.Lead(4));
  }

  @Test
  void r12_asksForAnElectionWhenNamedInAnEarlierLife() {
    leader = OptionalInt.of(SELF);
    leaderIncarnation = INCARNATION - 1;
    assertThat(plan(OPEN)).isInstanceOf(ReplicaPlan.Elect.class);
  }

  @Test
  void h9_leadsOnlyInTheLifeThatWasElected() {
    leader = OptionalInt.of(SELF);
    leaderIncarnation = INCARNATION - 1;
    try (WithoutRule rule = new WithoutRule(SafetyRule.H9)) {
      assertThat(rule).isNotNull();
      assertThat(plan(OPEN)).isEqualTo(new ReplicaPlan.Lead(4));
    }
  }

  @Test
  void followsALiveLeaderAndElectsForADeadOrRestartedOne() {
    replicas = List.of(SELF, 2);
    leader = OptionalInt.of(2);
    leaderIncarnation = 5;
    assertThat(plan(leading(3))).isEqualTo(new ReplicaPlan.Follow(2, 5, 4));
    assertThat(plan(OPEN)).isEqualTo(new ReplicaPlan.Follow(2, 5, 4));
    assertThat(plan(following(2, 5, 4))).isInstanceOf(ReplicaPlan.Nothing.class);
    assertThat(plan(following(2, 5, 3))).isEqualTo(new ReplicaPlan.Follow(2, 5, 4));
    leaderIncarnation = 4;
    assertThat(plan(OPEN)).isInstanceOf(ReplicaPlan.Elect.class);
    leader = OptionalInt.of(3);
    assertThat(plan(OPEN)).isInstanceOf(ReplicaPlan.Elect.class);
  }

  @Test
  void r8_seesABounceThatTheListOfIdsDoesNotShow() {
    replicas = List.of(SELF, 2);
    leader = OptionalInt.of(2);
    leaderIncarnation = 4;
    assertThat(plan(following(2, 4, 4))).isInstanceOf(ReplicaPlan.Elect.class);
    try (WithoutRule rule = new WithoutRule(SafetyRule.R8)) {
      assertThat(rule).isNotNull();
      assertThat(plan(following(2, 5, 4))).isInstanceOf(ReplicaPlan.Nothing.class);
    }
  }

  @Test
  void electsForASuspectedLeaderAlthoughItsSessionStands() {
    replicas = List.of(SELF, 2);
    leader = OptionalInt.of(2);
    leaderIncarnation = 5;
    suspected = Set.of(2);
    assertThat(plan(following(2, 5, 4))).isInstanceOf(ReplicaPlan.Elect.class);
  }

  @Test
  void doesNotTakeAnOldImageForNewsAfterItsOwnWrite() {
    assertThat(plan(new ReplicaPlan.Local(true, true, -1, 5, 5, null)))
        .isInstanceOf(ReplicaPlan.Nothing.class);
  }

  @Test
  void leadsNothingWithoutARegistration() {
    leader = OptionalInt.of(SELF);
    leaderIncarnation = INCARNATION;
    assertThat(decide(0, topic(), leading(4)))
        .isEqualTo(new ReplicaPlan.StepDown("this broker is not registered"));
    assertThat(decide(0, topic(), OPEN)).isInstanceOf(ReplicaPlan.Nothing.class);
  }

  @Test
  void b76_keepsTheDataOfATopicThatHasVanished() {
    assertThat(decide(INCARNATION, null, OPEN)).isInstanceOf(ReplicaPlan.Distrust.class);
    assertThat(decide(INCARNATION, null, ReplicaPlan.Local.NONE))
        .isInstanceOf(ReplicaPlan.Nothing.class);
  }

  @Test
  void b77_keepsWhatItHasWhenThePartitionsStateCannotBeReadOrGoesBack() {
    TopicImage unreadable =
        new TopicImage("t", "t~aaaaaaaa", false, 1, 1, Map.of(), Collections.singletonList(null));
    assertThat(decide(INCARNATION, unreadable, leading(4))).isInstanceOf(ReplicaPlan.Nothing.class);
    ReplicaPlan plan = plan(new ReplicaPlan.Local(true, true, 9, -1, -1, null));
    assertThat(plan).isInstanceOf(ReplicaPlan.Distrust.class);
    assertThat(((ReplicaPlan.Distrust) plan).why()).contains("is 4").contains("seen 9");
  }

  @Test
  void deletesOnlyWhatIsMarkedAsDeleted() {
    deleting = true;
    assertThat(plan(OPEN)).isInstanceOf(ReplicaPlan.Delete.class);
    // Also when it was never opened in this life: others wait for the confirmation.
    assertThat(plan(ReplicaPlan.Local.NONE)).isInstanceOf(ReplicaPlan.Delete.class);
    replicas = List.of(2);
    assertThat(plan(ReplicaPlan.Local.NONE)).isInstanceOf(ReplicaPlan.Nothing.class);
  }

  @Test
  void waitsForWhatIsBeingOpenedAndLeavesWhatIsOffline() {
    leader = OptionalInt.of(SELF);
    leaderIncarnation = INCARNATION;
    assertThat(plan(new ReplicaPlan.Local(true, false, -1, -1, -1, null)))
        .isInstanceOf(ReplicaPlan.Nothing.class);
  }

  private static ReplicaPlan.Local following(int leader, int incarnation, int epoch) {
    ReplicaPlan.Follow followed = new ReplicaPlan.Follow(leader, incarnation, epoch);
    return new ReplicaPlan.Local(true, true, -1, -1, -1, followed);
  }

  private static ReplicaPlan.Local leading(int epoch) {
    return new ReplicaPlan.Local(true, true, -1, epoch, epoch, null);
  }

  private ReplicaPlan plan(ReplicaPlan.Local local) {
    return decide(INCARNATION, topic(), local);
  }

  private ReplicaPlan decide(int incarnation, @Nullable TopicImage topic, ReplicaPlan.Local local) {
    ClusterImage image =
        new ClusterImage(
            "cluster",
            1,
            Map.of(2, new BrokerImage(2, 5, Map.of(), "", "1")),
            topic == null ? Map.of() : Map.of("t", topic));
    return ReplicaPlan.decide(
        SELF,
        incarnation,
        image,
        suspected,
        topic,
        topic == null ? null : topic.partitions().get(0),
        local);
  }

  private TopicImage topic() {
    PartitionImage partition =
        new PartitionImage(
            0, replicas, leader, leaderIncarnation, epoch, replicas, List.of(), false, "", 0);
    return new TopicImage("t", "t~aaaaaaaa", deleting, 1, 1, Map.of(), List.of(partition));
  }
}
