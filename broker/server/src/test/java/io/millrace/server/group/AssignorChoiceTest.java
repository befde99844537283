package io.millrace.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.group.AssignmentInput.TopicShape;
import io.millrace.server.partition.PartitionId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName(
    "semantics 4.12: another assignor may be put in, and is believed nothing; limits of a group")
class AssignorChoiceTest {
  private static final int MEMBERS = 3;
  private static final PartitionId ZERO = new PartitionId("orders~1", 0);
  private static final PartitionId ONE = new PartitionId("orders~1", 1);

  private final Map<String, Assignor> assignors = new TreeMap<>(Assignors.all());
  private final Group group = new Group("g");

  /** As anybody may write one. */
  private void put(String name, Function<AssignmentInput, Map<String, Set<PartitionId>>> how) {
    assignors.put(
        name,
        new Assignor() {
          @Override
          public String name() {
            return name;
          }

          @Override
          public Map<String, Set<PartitionId>> assign(AssignmentInput input) {
            return how.apply(input);
          }
        });
  }

  private Membership membership() {
    return new Membership(
        group,
        TopicDirectory.of(
            Map.of("orders", new TopicDirectory.Topic("orders~1", TopicShape.ofPartitions(2)))),
        assignors,
        Assignors.DEFAULT,
        new GroupLimits(MEMBERS, 2, 1),
        1_700_000_000_000L);
  }

  private static Heartbeat join(String id, String assignor, String... topics) {
    return new Heartbeat(
        id,
        Heartbeat.JOIN,
        new GroupMember.Identity(
            Optional.empty(),
            Optional.empty(),
            "client",
            "host",
            45_000,
            300_000,
            assignor.isEmpty() ? Optional.empty() : Optional.of(assignor)),
        Optional.of(Subscription.of(Set.of(topics))),
        Optional.of(Set.of()));
  }

  private HeartbeatAnswer joins(String id, String assignor, String... topics) {
    return membership().onHeartbeat(join(id, assignor, topics));
  }

  @Test
  void usesTheOneThatMostMembersAskFor() {
    put("last-takes-all", input -> Map.of(input.subscribers().lastKey(), Set.of(ZERO, ONE)));
    joins("a", "last-takes-all", "orders");
    joins("b", "last-takes-all", "orders");
    assertThat(group.target("b")).containsExactlyInAnyOrder(ZERO, ONE);
    assertThat(group.target("a")).isEmpty();
    joins("c", "", "orders");
    assertThat(group.target("c")).as("two of three ask for it").hasSize(2);
  }

  @Test
  @DisplayName("B52: what is not so is not given away, and the alarm says it")
  void b52_keepsTheTargetsWhereAnAssignorGivesAwayWhatIsNot() {
    joins("a", "", "orders");
    put("odd", input -> Map.of("b", Set.of(ZERO, new PartitionId("orders~1", 7))));
    joins("b", "odd", "orders");
    Set<PartitionId> before = group.target("b");
    assertThat(before).as("as the default has it: they are two of two").hasSize(1);
    Membership membership = membership();
    membership.expire("a");
    assertThat(membership.alarm().orElse("")).contains("assignor odd").contains("does not exist");
    assertThat(group.target("b")).isEqualTo(before);
    assertThat(group.state()).isEqualTo(Group.State.ASSIGNING);
  }

  @Test
  @DisplayName("B52: a partition that is left out is told of")
  void b52_tellsWhatNobodyGets() {
    put("lazy", input -> Map.of("a", Set.of(ZERO)));
    Membership membership = membership();
    membership.onHeartbeat(join("a", "lazy", "orders"));
    assertThat(membership.alarm().orElse("")).contains("lazy").contains("to nobody");
  }

  @Test
  @DisplayName("B51: one member more than there may be is refused, and changes nothing")
  void b51_refusesMoreMembersThanThereMayBe() {
    for (int i = 0; i < MEMBERS; i++) {
      assertThat(joins("m" + i, "", "orders")).isInstanceOf(HeartbeatAnswer.Told.class);
    }
    int epoch = group.epoch();
    assertThat(joins("one-more", "", "orders"))
        .isInstanceOfSatisfying(
            HeartbeatAnswer.Full.class, full -> assertThat(full.why()).contains("3 members"));
    assertThat(group.members()).hasSize(MEMBERS);
    assertThat(group.epoch()).isEqualTo(epoch);
    assertThat(joins("m1", "", "orders"))
        .as("who is in may join anew")
        .isInstanceOf(HeartbeatAnswer.Told.class);
  }

  @Test
  @DisplayName("B51: more topics than a member may name, an assignor that nobody knows")
  void b51_refusesSubscriptionsThatAreTooLarge() {
    assertThat(joins("a", "", "one", "two", "three"))
        .isInstanceOfSatisfying(
            HeartbeatAnswer.Refused.class, no -> assertThat(no.why()).contains("2 topics"));
    assertThat(joins("a", "magic", "orders"))
        .isInstanceOfSatisfying(
            HeartbeatAnswer.Refused.class,
            no -> assertThat(no.why()).contains("magic").contains("balanced, range"));
    assertThat(group.members()).isEmpty();
  }
}
