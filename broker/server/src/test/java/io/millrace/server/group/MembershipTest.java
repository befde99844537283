package io.millrace.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.group.AssignmentInput.TopicShape;
import io.millrace.server.group.HeartbeatAnswer.Told;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("semantics 4.12 and 4.14: reconciling groups")
class MembershipTest {
  private static final int SIX = 6;
  private static final long NOW = 1_700_000_000_000L;

  private final Map<String, TopicDirectory.Topic> topics = new HashMap<>();
  private final List<GroupChange> log = new ArrayList<>();
  private Group group = new Group("billing");

  MembershipTest() {
    topics.put("orders", new TopicDirectory.Topic("orders~1", TopicShape.ofPartitions(SIX)));
  }

  private int partitionCount() {
    return Objects.requireNonNull(topics.get("orders")).shape().partitionCount();
  }

  private Membership membership() {
    Map<String, Assignor> assignors =
        new TreeMap<>(Map.of("balanced", new BalancedAssignor(), "range", new RangeAssignor()));
    return new Membership(
        group, TopicDirectory.of(topics), assignors, "balanced", new GroupLimits(50, 100, 10), NOW);
  }

  private HeartbeatAnswer say(Heartbeat beat) {
    Membership membership = membership();
    HeartbeatAnswer answer = membership.onHeartbeat(beat);
    log.addAll(membership.changes());
    assertThat(membership.alarm()).isEmpty();
    return answer;
  }

  private void expire(String memberId) {
    Membership membership = membership();
    membership.expire(memberId);
    log.addAll(membership.changes());
  }

  private static GroupMember.Identity identity(Optional<String> instanceId) {
    return new GroupMember.Identity(
        instanceId, Optional.empty(), "client", "host", 45_000, 300_000, Optional.empty());
  }

  private static Heartbeat beat(String id, int epoch, Optional<Set<PartitionId>> owned) {
    return new Heartbeat(
        id,
        epoch,
        identity(Optional.empty()),
        epoch == 0 ? Optional.of(Subscription.of(Set.of("orders"))) : Optional.empty(),
        owned);
  }

  private Told told(HeartbeatAnswer answer) {
    assertThat(answer).isInstanceOf(Told.class);
    return (Told) answer;
  }

  private Told join(String id) {
    return told(say(beat(id, Heartbeat.JOIN, Optional.of(Set.of()))));
  }

  @Test
  void givesTheFirstMemberEverything() {
    Told first = join("a");
    assertThat(first.owned()).hasSize(SIX);
    assertThat(group.state()).isEqualTo(Group.State.STABLE);
  }

  @Test
  void givesAPartitionOnlyWhenItsOwnerHasSaidThatItGaveItUp() {
    Told first = join("a");
    Told second = join("b");
    assertThat(second.owned()).isEmpty();
    Told asked = told(say(beat("a", first.memberEpoch(), Optional.of(first.owned()))));
    assertThat(asked.owned()).hasSize(3);
    assertThat(asked.memberEpoch()).isEqualTo(first.memberEpoch());
    assertThat(told(say(beat("b", second.memberEpoch(), Optional.of(Set.of())))).owned()).isEmpty();

    Told given = told(say(beat("a", asked.memberEpoch(), Optional.of(asked.owned()))));
    assertThat(given.memberEpoch()).isGreaterThan(asked.memberEpoch());
    Told got = told(say(beat("b", second.memberEpoch(), Optional.of(Set.of()))));
    assertThat(got.owned()).hasSize(3).doesNotContainAnyElementsOf(given.owned());
    assertThat(group.state()).isEqualTo(Group.State.STABLE);
  }

  @Test
  void aMemberThatExpiresIsFencedAndItsPartitionsAreFree() {
    Told first = join("a");
    join("b");
    expire("a");
    assertThat(say(beat("a", first.memberEpoch(), Optional.empty())))
        .isInstanceOf(HeartbeatAnswer.Fenced.class);
    assertThat(told(say(beat("b", 2, Optional.of(Set.of())))).owned()).hasSize(SIX);
  }

  @Test
  void anAnswerThatWasLostFencesNobody() {
    Told first = join("a");
    join("b");
    told(say(beat("a", first.memberEpoch(), Optional.of(first.owned()))));
    Told lost = told(say(beat("a", first.memberEpoch(), Optional.of(kept()))));
    assertThat(lost.memberEpoch()).isGreaterThan(first.memberEpoch());
    assertThat(told(say(beat("a", first.memberEpoch(), Optional.of(kept()))))).isEqualTo(lost);
  }

  private Set<PartitionId> kept() {
    return group.member("a").orElseThrow().owned();
  }

  private void topic(String name, int partitions) {
    topics.put(name, new TopicDirectory.Topic(name + "~1", TopicShape.ofPartitions(partitions)));
  }

  private void topicsChanged() {
    Membership membership = membership();
    membership.onTopicsChanged();
    log.addAll(membership.changes());
  }

  @Test
  @DisplayName("4.8: what is added to a topic after a group has subscribed is before it as a whole")
  void beginsAtTheFirstRecordOfPartitionsThatAreAdded() {
    Told first = join("a");
    topic("orders", SIX + 2);
    topicsChanged();
    assertThat(group.offsets().keySet())
        .containsExactlyInAnyOrder(
            new PartitionId("orders~1", SIX), new PartitionId("orders~1", SIX + 1));
    assertThat(group.offsets().values()).allMatch(offset -> offset.offset() == 0);
    assertThat(told(say(beat("a", first.memberEpoch(), Optional.of(first.owned())))).owned())
        .hasSize(SIX + 2);
  }

  @Test
  @DisplayName("4.8: what was there when it was subscribed to begins where its members say")
  void saysNothingOfTopicsThatWereThereBefore() {
    Told first = join("a");
    topic("notes", 2);
    Heartbeat both =
        new Heartbeat(
            "a",
            first.memberEpoch(),
            identity(Optional.empty()),
            Optional.of(Subscription.of(Set.of("orders", "notes"))),
            Optional.of(first.owned()));
    assertThat(told(say(both)).owned()).hasSize(SIX + 2);
    topicsChanged();
    assertThat(group.offsets()).isEmpty();
  }

  @Test
  @DisplayName("4.12: topics that match a pattern join those named, also those made later")
  void readsWhateverMatchesItsPatterns() {
    topic("logs.eu", 1);
    topic("audit", 1);
    Told first =
        told(
            say(
                new Heartbeat(
                    "a",
                    Heartbeat.JOIN,
                    identity(Optional.empty()),
                    Optional.of(new Subscription(Set.of("orders"), Set.of("logs.*"))),
                    Optional.of(Set.of()))));
    assertThat(first.owned()).hasSize(SIX + 1).contains(new PartitionId("logs.eu~1", 0));
    topic("logs.us", 2);
    topicsChanged();
    Told later = told(say(beat("a", first.memberEpoch(), Optional.of(first.owned()))));
    assertThat(later.owned()).hasSize(SIX + 3).contains(new PartitionId("logs.us~1", 1));
    topics.remove("logs.eu");
    topicsChanged();
    assertThat(told(say(beat("a", later.memberEpoch(), Optional.of(later.owned())))).owned())
        .hasSize(SIX + 2);
  }

  @Test
  @DisplayName("B51: patterns that match more topics than a member may have raise an alarm")
  void takesTheFirstTopicsByNameAndSaysSo() {
    for (int i = 0; i < 120; i++) {
      topic("many-%03d".formatted(i), 1);
    }
    Membership membership = membership();
    HeartbeatAnswer answer =
        membership.onHeartbeat(
            new Heartbeat(
                "a",
                Heartbeat.JOIN,
                identity(Optional.empty()),
                Optional.of(new Subscription(Set.of(), Set.of("many-*"))),
                Optional.of(Set.of())));
    assertThat(told(answer).owned())
        .hasSize(100)
        .contains(new PartitionId("many-099~1", 0))
        .doesNotContain(new PartitionId("many-100~1", 0));
    assertThat(membership.alarm().orElse("")).contains("match 20 topics more than the 100");
    assertThat(
            say(
                new Heartbeat(
                    "b",
                    Heartbeat.JOIN,
                    identity(Optional.empty()),
                    Optional.of(
                        new Subscription(
                            Set.of(),
                            Set.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"))),
                    Optional.of(Set.of()))))
        .isInstanceOf(HeartbeatAnswer.Refused.class);
  }

  @Test
  void remembersSinceWhenItHasHadNoMembers() {
    join("a");
    assertThat(group.emptySinceMillis()).isZero();
    expire("a");
    assertThat(group.emptySinceMillis()).isEqualTo(NOW);
    join("b");
    assertThat(group.emptySinceMillis()).isZero();
  }

  @Test
  void aStaticMemberThatIsBackInTimeGetsWhatItHadAndNobodyElseNotices() {
    Heartbeat joining =
        new Heartbeat(
            "a1",
            Heartbeat.JOIN,
            identity(Optional.of("till-1")),
            Optional.of(Subscription.of(Set.of("orders"))),
            Optional.of(Set.of()));
    Told before = told(say(joining));
    int epoch = group.epoch();
    assertThat(say(beat("a1", GroupMember.AWAY, Optional.empty())))
        .isInstanceOf(HeartbeatAnswer.Bye.class);
    Told after =
        told(
            say(
                new Heartbeat(
                    "a2",
                    Heartbeat.JOIN,
                    joining.identity(),
                    joining.subscription(),
                    Optional.of(Set.of()))));
    assertThat(after.owned()).isEqualTo(before.owned());
    assertThat(group.epoch()).isEqualTo(epoch);
    assertThat(say(beat("a1", before.memberEpoch(), Optional.empty())))
        .isInstanceOf(HeartbeatAnswer.Fenced.class);
  }

  @Test
  void i7_noPartitionHasTwoOwnersAndAllComeToRestThroughRandomHistories() {
    for (int seed = 0; seed < 400; seed++) {
      group = new Group("billing");
      log.clear();
      new History(new Random(seed)).run();
      Group reloaded = new Group("billing");
      log.forEach(reloaded::apply);
      assertThat(List.copyOf(reloaded.members())).isEqualTo(List.copyOf(group.members()));
      assertThat(reloaded.epoch()).isEqualTo(group.epoch());
    }
  }

  /** Members as their processes are: they hold what they were told, and give up a while later. */
  private final class History {
    private final Random random;
    private final Map<String, Client> clients = new TreeMap<>();
    private int made;

    private final class Client {
      final String id;
      int epoch;
      Set<PartitionId> holds = new HashSet<>();
      Set<PartitionId> shall = new HashSet<>();

      Client(String id) {
        this.id = id;
      }

      void beat(boolean losesAnswer) {
        HeartbeatAnswer answer =
            say(MembershipTest.beat(id, epoch, Optional.of(Set.copyOf(holds))));
        if (losesAnswer) {
          return;
        }
        if (answer instanceof Told told) {
          epoch = told.memberEpoch();
          shall = new HashSet<>(told.owned());
          holds.addAll(shall);
        } else {
          epoch = 0;
          holds.clear();
          shall.clear();
        }
      }

      void giveUp() {
        holds.retainAll(shall);
      }
    }

    History(Random random) {
      this.random = random;
    }

    void run() {
      for (int step = 0; step < 120; step++) {
        act();
        assertThatNobodySharesWithAnother();
      }
      for (int round = 0; round < 20; round++) {
        for (Client each : List.copyOf(clients.values())) {
          each.giveUp();
          each.beat(false);
          assertThatNobodySharesWithAnother();
        }
      }
      if (!clients.isEmpty()) {
        assertThat(group.state()).isEqualTo(Group.State.STABLE);
        Set<PartitionId> all = new HashSet<>();
        clients.values().forEach(each -> all.addAll(each.holds));
        assertThat(all).hasSize(partitionCount());
      }
    }

    private void act() {
      int what = random.nextInt(20);
      if (clients.isEmpty() || what == 0) {
        String id = "m" + made++;
        clients.put(id, new Client(id));
        clients.get(id).beat(false);
        return;
      }
      Client one = List.copyOf(clients.values()).get(random.nextInt(clients.size()));
      if (what == 1) {
        clients.remove(one.id);
        say(MembershipTest.beat(one.id, Heartbeat.LEAVE, Optional.empty()));
      } else if (what == 2) {
        clients.remove(one.id); // it has died, and works on nothing
        expire(one.id);
      } else if (what == 3) {
        int partitions = 1 + random.nextInt(9);
        int before = partitionCount();
        topics.put(
            "orders",
            new TopicDirectory.Topic(
                "orders~1", TopicShape.ofPartitions(Math.max(before, partitions))));
      } else if (what < 8) {
        one.giveUp();
      } else {
        one.beat(what == 8);
      }
    }

    private void assertThatNobodySharesWithAnother() {
      Map<PartitionId, String> holders = new HashMap<>();
      for (Client each : clients.values()) {
        for (PartitionId partition : each.holds) {
          assertThat(holders.put(partition, each.id)).as("who else has %s", partition).isNull();
        }
      }
    }
  }
}
