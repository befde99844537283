package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.server.partition.KnownLeader;
import io.millrace.server.partition.PartitionId;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.ErrorCode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class CatalogTest {
  private static final TopicImage NOTES =
      new TopicImage(
          "notes",
          "notes~aaaaaaaa",
          false,
          4,
          1,
          Map.of(),
          Arrays.asList(
              partition(0, OptionalInt.of(3)),
              partition(1, OptionalInt.empty()),
              partition(2, OptionalInt.of(1)),
              null));
  private static final TopicImage GOING =
      new TopicImage("going", "going~aaaaaaaa", true, 1, 1, Map.of(), List.of());

  private final Catalog catalog =
      Catalog.of(1, new ClusterImage("c", 1, Map.of(), Map.of("notes", NOTES, "going", GOING)));

  @Test
  void b40_saysWhereAPartitionMayBeThatIsNotHere() {
    assertThat(why("notes~aaaaaaaa", 0).message())
        .isEqualTo("not the leader: broker 3 leads notes-0");
    assertThat(why("notes~aaaaaaaa", 0).leader()).contains(new KnownLeader(3, 1));
    assertThat(why("notes~aaaaaaaa", 1)).isEqualTo(notLeader("nobody leads notes-1 now"));
    assertThat(why("notes~aaaaaaaa", 2)).isEqualTo(notLeader("this broker is opening notes-2"));
    assertThat(why("notes~aaaaaaaa", 3))
        .isEqualTo(notLeader("the state of notes-3 cannot be read yet"));
  }

  @Test
  void b40_knowsATopicByItsIdOnly() {
    assertThat(why("notes", 0).code()).isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    assertThat(why("notes~bbbbbbbb", 0).code()).isEqualTo(ErrorCode.UNKNOWN_TOPIC);
    assertThat(why("going~aaaaaaaa", 0).message()).contains("going is being deleted");
  }

  @Test
  void tellsAPartitionThatDoesNotExistFromOneThatIsElsewhere() {
    assertThat(why("notes~aaaaaaaa", 4).code()).isEqualTo(ErrorCode.UNKNOWN_PARTITION);
    assertThat(why("notes~aaaaaaaa", -1).message()).contains("not 4294967295");
  }

  private Refusal why(String topicId, int partition) {
    return catalog.whyNotHere(new PartitionId(topicId, partition));
  }

  private static Refusal notLeader(String who) {
    return new Refusal(ErrorCode.NOT_LEADER, "not the leader: " + who);
  }

  private static PartitionImage partition(int number, OptionalInt leader) {
    return new PartitionImage(
        number, List.of(1), leader, 1, 1, List.of(1), List.of(), false, "", 0);
  }
}
