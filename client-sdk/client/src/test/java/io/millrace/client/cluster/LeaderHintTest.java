package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.PartitionInfo;
import io.millrace.client.TopicDescription;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a broker says of another that leads is good for one try. */
@DisplayName("B94: a hint never stands against what is known otherwise")
class LeaderHintTest {
  private final KnownTopic topic = new KnownTopic(ledBy(1, 5));

  private static TopicDescription ledBy(int leader, int epoch) {
    PartitionInfo partition =
        new PartitionInfo(
            "notes", 0, OptionalInt.of(leader), epoch, List.of(1, 2, 3), List.of(1, 2, 3));
    return new TopicDescription("notes", "a", 3, Map.of(), List.of(partition));
  }

  @Test
  void isFollowedUntilBetterIsKnown() {
    topic.hint(0, 2, 6);
    assertThat(topic.leader(0)).hasValue(2);
    assertThat(topic.leaderEpoch(0)).isEqualTo(6);
    topic.merge(ledBy(3, 6));
    assertThat(topic.leader(0)).as("the same epoch, by the store").hasValue(3);
    topic.hint(0, 2, 6);
    assertThat(topic.leader(0)).hasValue(3);
  }

  @Test
  void ofAnEpochThatIsKnownItIsPassedOver() {
    topic.hint(0, 2, 5);
    topic.hint(0, 2, 4);
    topic.hint(0, 2, -1);
    topic.hint(7, 2, 9);
    assertThat(topic.leader(0)).hasValue(1);
    topic.seen(0, 8);
    topic.hint(0, 2, 7);
    assertThat(topic.leader(0)).isEmpty();
  }

  @Test
  void itsLeaderMayAnswerInThatEpoch() {
    topic.hint(0, 2, 6);
    topic.seen(0, 6);
    assertThat(topic.leader(0)).hasValue(2);
    topic.seen(0, 7);
    assertThat(topic.leader(0)).isEmpty();
  }

  @Test
  void whatIsNotTrueLeavesNothingBehind() {
    topic.hint(0, 2, Integer.MAX_VALUE);
    assertThat(topic.leader(0)).hasValue(2);
    topic.forgetHint(0, Integer.MAX_VALUE);
    assertThat(topic.leader(0)).hasValue(1);
    assertThat(topic.leaderEpoch(0)).isEqualTo(5);
    topic.merge(ledBy(3, 6));
    assertThat(topic.leader(0)).hasValue(3);
  }

  @Test
  void isNotForgottenForWhatWasAskedInAnEarlierEpoch() {
    topic.hint(0, 2, 6);
    topic.forgetHint(0, 5);
    assertThat(topic.leader(0)).hasValue(2);
  }

  @Test
  void usersAreToldWhatTheClusterSays() {
    topic.hint(0, 2, 6);
    assertThat(topic.description().partitions().get(0).leader()).hasValue(1);
  }

  @Test
  void theFirstInSyncReplicaIsGuessedToFollowWhoIsGone() {
    assertThat(topic.guessSuccessors(2, id -> true)).as("leads nothing").isFalse();
    assertThat(topic.guessSuccessors(1, id -> false)).as("not connected to it").isFalse();
    assertThat(topic.guessSuccessors(1, id -> true)).isTrue();
    assertThat(topic.leader(0)).hasValue(2);
    assertThat(topic.leaderEpoch(0)).isEqualTo(6);
    assertThat(topic.guessSuccessors(1, id -> true)).as("guessed already").isFalse();
    topic.merge(ledBy(3, 6));
    assertThat(topic.leader(0)).as("it was another").hasValue(3);
  }

  @Test
  void nobodyIsGuessedWhereALaterLeaderHasBeenHeardOf() {
    topic.seen(0, 6);
    assertThat(topic.guessSuccessors(1, id -> true)).isFalse();
    assertThat(topic.leader(0)).isEmpty();
  }
}
