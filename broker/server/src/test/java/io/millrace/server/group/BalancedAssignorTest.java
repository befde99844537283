package io.millrace.server.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.group.AssignmentInput.Subscriber;
import io.millrace.server.group.AssignmentInput.TopicShape;
import io.millrace.server.partition.PartitionId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BalancedAssignorTest {
  private final BalancedAssignor assignor = new BalancedAssignor();

  private static NavigableMap<String, TopicShape> topics(Object... namesAndCounts) {
    NavigableMap<String, TopicShape> topics = new TreeMap<>();
    for (int i = 0; i < namesAndCounts.length; i += 2) {
      topics.put(
          (String) namesAndCounts[i], TopicShape.ofPartitions((Integer) namesAndCounts[i + 1]));
    }
    return topics;
  }

  private static Subscriber subscriber(Set<PartitionId> owned, String... topicIds) {
    return new Subscriber(Set.of(topicIds), owned, Optional.empty());
  }

  private Map<String, Set<PartitionId>> assign(AssignmentInput input) {
    Map<String, Set<PartitionId>> assigned = assignor.assign(input);
    assertThat(AssignmentCheck.fault(input, assigned)).isEmpty();
    return assigned;
  }

  @Test
  void sharesEvenly() {
    NavigableMap<String, Subscriber> members = new TreeMap<>();
    for (String id : List.of("a", "b", "c")) {
      members.put(id, subscriber(Set.of(), "orders"));
    }
    Map<String, Set<PartitionId>> assigned =
        assign(new AssignmentInput(members, topics("orders", 7)));
    assertThat(assigned.values().stream().map(Set::size)).containsExactlyInAnyOrder(2, 2, 3);
  }

  @Test
  void takesFromTheOthersOnlyWhatANewMemberIsDue() {
    NavigableMap<String, Subscriber> members = new TreeMap<>();
    members.put("a", subscriber(Set.of(), "orders"));
    members.put("b", subscriber(Set.of(), "orders"));
    NavigableMap<String, TopicShape> orders = topics("orders", 12);
    Map<String, Set<PartitionId>> before = assign(new AssignmentInput(members, orders));
    members.replaceAll((id, member) -> subscriber(before.getOrDefault(id, Set.of()), "orders"));
    members.put("c", subscriber(Set.of(), "orders"));
    Map<String, Set<PartitionId>> after = assign(new AssignmentInput(members, orders));
    assertThat(before.get("a")).containsAll(after.get("a"));
    assertThat(before.get("b")).containsAll(after.get("b"));
    assertThat(after.get("c")).hasSize(4);
  }

  @Test
  void givesNothingOfATopicToWhoDidNotSubscribeToIt() {
    NavigableMap<String, Subscriber> members = new TreeMap<>();
    members.put("a", subscriber(Set.of(), "orders", "notes"));
    members.put("b", subscriber(Set.of(), "notes"));
    Map<String, Set<PartitionId>> assigned =
        assign(new AssignmentInput(members, topics("notes", 6, "orders", 6)));
    assertThat(assigned.get("a")).hasSize(6).allMatch(each -> each.topicId().equals("orders"));
    assertThat(assigned.get("b")).hasSize(6);
  }

  @Test
  void prefersMembersNearTheReplicasWhereThatCostsNobodyAnything() {
    List<Set<String>> racks =
        List.of(Set.of("east"), Set.of("west"), Set.of("east"), Set.of("west"));
    NavigableMap<String, TopicShape> topics =
        new TreeMap<>(Map.of("orders", new TopicShape(racks)));
    NavigableMap<String, Subscriber> members = new TreeMap<>();
    members.put("a", new Subscriber(Set.of("orders"), Set.of(), Optional.of("west")));
    members.put("b", new Subscriber(Set.of("orders"), Set.of(), Optional.of("east")));
    Map<String, Set<PartitionId>> assigned = assign(new AssignmentInput(members, topics));
    assertThat(assigned.get("a"))
        .containsExactlyInAnyOrder(new PartitionId("orders", 1), new PartitionId("orders", 3));
  }

  /** As no pair of members could share better between them, and everybody's is kept by somebody. */
  @Test
  void isBalancedAndSticksThroughRandomChanges() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      NavigableMap<String, TopicShape> topics = new TreeMap<>();
      NavigableMap<String, Subscriber> members = new TreeMap<>();
      for (int round = 0; round < 12; round++) {
        change(random, topics, members);
        if (members.isEmpty()) {
          continue;
        }
        AssignmentInput input = new AssignmentInput(members, topics);
        Map<String, Set<PartitionId>> assigned = assign(input);
        assertThatNobodyCouldGiveToAnother(input, assigned);
        members.replaceAll(
            (id, member) ->
                new Subscriber(
                    member.topicIds(), assigned.getOrDefault(id, Set.of()), member.rack()));
        assertThat(assign(new AssignmentInput(members, topics)))
            .as("seed %d: the same again when nothing has changed", seed)
            .isEqualTo(assigned);
      }
    }
  }

  private static void change(
      Random random,
      NavigableMap<String, TopicShape> topics,
      NavigableMap<String, Subscriber> members) {
    String topic = "t" + random.nextInt(4);
    String member = "m" + random.nextInt(7);
    switch (random.nextInt(5)) {
      case 0 -> topics.put(topic, TopicShape.ofPartitions(random.nextInt(12)));
      case 1 -> topics.remove(topic);
      case 2 -> members.remove(member);
      default -> {
        Set<String> wanted = new HashSet<>();
        for (int i = 0; i < 4; i++) {
          if (random.nextInt(3) > 0) {
            wanted.add("t" + i);
          }
        }
        Subscriber before = members.get(member);
        members.put(
            member,
            new Subscriber(wanted, before == null ? Set.of() : before.owned(), Optional.empty()));
      }
    }
  }

  private static void assertThatNobodyCouldGiveToAnother(
      AssignmentInput input, Map<String, Set<PartitionId>> assigned) {
    assigned.forEach(
        (from, its) -> {
          for (PartitionId each : its) {
            for (String to : input.subscribersOf(each.topicId())) {
              assertThat(assigned.getOrDefault(to, Set.of()).size() + 2)
                  .as("%s has %d, among them %s, which %s could have", from, its.size(), each, to)
                  .isGreaterThan(its.size());
            }
          }
        });
  }
}
