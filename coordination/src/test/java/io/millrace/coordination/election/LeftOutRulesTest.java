package io.millrace.coordination.election;

import static io.millrace.coordination.election.Partitions.inSync;
import static io.millrace.coordination.election.Partitions.left;
import static io.millrace.coordination.election.Partitions.threeReplicas;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.v1.PartitionNode;
import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What elections would do without the rules that hold them back; reliability 7.6, 7.9. */
class LeftOutRulesTest {
  private static ElectionScene scene(int self, Map<Integer, Integer> live, int epochSeen) {
    return new ElectionScene(self, 10 + self, live, Set.of(), 2, 0, 50, epochSeen);
  }

  @Test
  @DisplayName("B77: a node whose epoch is behind one that was seen is from the past")
  void b77_doesNotStandInAStoreThatHasGoneBack() {
    PartitionNode node = threeReplicas().build();
    Map<Integer, Integer> live = Map.of(2, 12, 3, 13);
    assertThat(ElectionPlan.decide(node, scene(2, live, 5))).isInstanceOf(ElectionPlan.Take.class);
    assertThat(ElectionPlan.decide(node, scene(2, live, 6)))
        .isInstanceOfSatisfying(
            ElectionPlan.Unavailable.class, it -> assertThat(it.why()).contains("gone back"));
  }

  @Test
  @DisplayName("the roll call's winner notes in the node that records may be missing")
  void aRollCallIsFlaggedAsAPossibleLoss() {
    PartitionNode node =
        inSync(threeReplicas().clearLeader(), 1).addRollCall(left(1, 5, 70)).build();
    ElectionPlan plan = ElectionPlan.decide(node, scene(1, Map.of(), -1));
    assertThat(plan)
        .isInstanceOfSatisfying(
            ElectionPlan.Take.class,
            take -> {
              assertThat(take.next().getPossibleLoss().getLeaderEpoch()).isEqualTo(6);
              assertThat(take.next().getPossibleLoss().getWhy()).contains("roll call");
            });
  }

  @Test
  @DisplayName("H4: without it a doubtful last member leads although another has more")
  void withoutH4ADoubtfulLastMemberLeads() {
    PartitionNode node =
        inSync(threeReplicas().clearLeader(), 1)
            .addRollCall(left(1, 5, 70))
            .addRollCall(left(2, 5, 90))
            .build();
    ElectionScene scene = scene(1, Map.of(2, 12), -1);
    assertThat(ElectionPlan.decide(node, scene)).isInstanceOf(ElectionPlan.Stay.class);
    try (WithoutRule rule = new WithoutRule(SafetyRule.H4)) {
      assertThat(rule).isNotNull();
      assertThat(ElectionPlan.decide(node, scene)).isInstanceOf(ElectionPlan.Take.class);
    }
  }

  @Test
  @DisplayName("R7: without it the sole member does not say that it is in doubt")
  void withoutR7TheSoleMemberStaysAsIfNothingHadHappened() {
    PartitionNode node = inSync(threeReplicas(), 1).build();
    LogPosition position = new LogPosition(5, 70);
    assertThat(DoubtfulLeave.plan(node, 1, position, Loss.UNFLUSHED)).isNotNull();
    try (WithoutRule rule = new WithoutRule(SafetyRule.R7)) {
      assertThat(rule).isNotNull();
      assertThat(DoubtfulLeave.plan(node, 1, position, Loss.UNFLUSHED)).isNull();
    }
  }

  @Test
  @DisplayName("R8: without it a leader that has bounced goes on leading")
  void withoutR8ABounceIsNotSeen() {
    PartitionNode node = threeReplicas().build();
    ElectionScene scene = scene(2, Map.of(1, 99, 2, 12), -1);
    assertThat(ElectionPlan.decide(node, scene)).isNotInstanceOf(ElectionPlan.Stay.class);
    try (WithoutRule rule = new WithoutRule(SafetyRule.R8)) {
      assertThat(rule).isNotNull();
      assertThat(ElectionPlan.decide(node, scene)).isInstanceOf(ElectionPlan.Stay.class);
    }
  }
}
