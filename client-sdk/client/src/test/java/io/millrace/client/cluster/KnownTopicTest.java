package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class KnownTopicTest {
  /** Each pair: the leader (negative: none) and its epoch. */
  private static TopicDescription description(String id, int[]... leadersAndEpochs) {
    List<PartitionInfo> partitions = new ArrayList<>();
    for (int i = 0; i < leadersAndEpochs.length; i++) {
      int leader = leadersAndEpochs[i][0];
      partitions.add(
          new PartitionInfo(
              "notes",
              i,
              leader < 0 ? OptionalInt.empty() : OptionalInt.of(leader),
              leadersAndEpochs[i][1],
              List.of(),
              List.of()));
    }
    return new TopicDescription("notes", id, 1, Map.of(), partitions);
  }

  private static int[] leader(int id, int epoch) {
    return new int[] {id, epoch};
  }

  @Test
  @DisplayName("I15, B94: a lower leader epoch is ignored, partition by partition")
  void i15_ignoresALowerEpoch() {
    KnownTopic topic = new KnownTopic(description("a", leader(1, 5), leader(2, 5)));
    assertThat(topic.merge(description("a", leader(3, 4), leader(3, 6)))).isTrue();
    assertThat(topic.leader(0)).hasValue(1);
    assertThat(topic.leader(1)).hasValue(3);
    assertThat(topic.merge(description("a", leader(9, 4), leader(9, 5)))).isFalse();
  }

  @Test
  @DisplayName("I15: an epoch seen in an answer makes older leaders unknown until news come")
  void i15_anEpochSeenInAnAnswer() {
    KnownTopic topic = new KnownTopic(description("a", leader(1, 5)));
    topic.seen(0, 7);
    assertThat(topic.leader(0)).isEmpty();
    assertThat(topic.leaderEpoch(0)).isEqualTo(7);
    topic.merge(description("a", leader(2, 6)));
    assertThat(topic.leader(0)).isEmpty();
    topic.merge(description("a", leader(2, 7)));
    assertThat(topic.leader(0)).hasValue(2);
  }

  @Test
  void aPartitionMayLoseItsLeaderWithinAnEpoch() {
    KnownTopic topic = new KnownTopic(description("a", leader(1, 5)));
    topic.merge(description("a", leader(-1, 5)));
    assertThat(topic.leader(0)).isEmpty();
  }

  @Test
  void partitionsAreAddedAndNeverTakenAway() {
    KnownTopic topic = new KnownTopic(description("a", leader(1, 1)));
    topic.merge(description("a", leader(1, 1), leader(2, 1)));
    assertThat(topic.partitionCount()).isEqualTo(2);
    topic.merge(description("a", leader(1, 1)));
    assertThat(topic.partitionCount()).isEqualTo(2);
    assertThat(topic.leader(7)).isEmpty();
    assertThat(topic.leaderEpoch(7)).isZero();
  }

  @Test
  @DisplayName("B94: a topic that was replaced never comes back")
  void b94_aReplacedTopicStaysReplaced() {
    Topics topics = new Topics();
    assertThat(topics.merge(description("a", leader(1, 9)))).isEqualTo(Topics.Change.NEW);
    assertThat(topics.merge(description("b", leader(2, 1)))).isEqualTo(Topics.Change.NEW);
    assertThat(topics.merge(description("a", leader(1, 99)))).isEqualTo(Topics.Change.NONE);
    KnownTopic known = topics.find("notes");
    assertThat(known).isNotNull().extracting(KnownTopic::id).isEqualTo("b");
  }

  @Test
  @DisplayName("B76: a topic whose metadata is put back is known again")
  void b76_aMissingTopicMayComeBack() {
    Topics topics = new Topics();
    topics.merge(description("a", leader(1, 9)));
    topics.remove("notes");
    assertThat(topics.find("notes")).isNull();
    assertThat(topics.merge(description("a", leader(1, 9)))).isEqualTo(Topics.Change.NEW);
    assertThat(topics.find("notes")).isNotNull();
  }

  @Test
  @DisplayName("B94: a topic that was missing, and replaced then, never comes back")
  void b94_aMissingTopicThatWasReplacedStaysReplaced() {
    Topics topics = new Topics();
    topics.merge(description("a", leader(1, 9)));
    topics.remove("notes");
    assertThat(topics.merge(description("b", leader(2, 1)))).isEqualTo(Topics.Change.NEW);
    assertThat(topics.merge(description("a", leader(1, 99)))).isEqualTo(Topics.Change.NONE);
    assertThat(topics.find("notes")).extracting(KnownTopic::id).isEqualTo("b");
  }
}
