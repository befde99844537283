package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClusterChangesTest {
  @Test
  void countsNewEpochsAndSetsThatShrinkOrGrow() {
    ClusterImage older =
        image(
            "a",
            partition(0, 1, List.of(1, 2)),
            partition(1, 1, List.of(1, 2)),
            partition(2, 1, List.of(1)),
            partition(3, 1, List.of(1, 2)),
            null);
    ClusterImage newer =
        image(
            "a",
            partition(0, 2, List.of(2)), // a failover
            partition(1, 1, List.of(1)),
            partition(2, 1, List.of(1, 2)),
            partition(3, 1, List.of(2, 3)), // one for another
            partition(4, 1, List.of(1)));
    assertThat(ClusterChanges.between(older, newer)).isEqualTo(new ClusterChanges(1, 2, 2));
    assertThat(ClusterChanges.between(newer, newer)).isEqualTo(new ClusterChanges(0, 0, 0));
  }

  @Test
  void aTopicMadeAnewHasNoHistory() {
    assertThat(
            ClusterChanges.between(
                image("a", partition(0, 5, List.of(1, 2))),
                image("b", partition(0, 1, List.of(1)))))
        .isEqualTo(new ClusterChanges(0, 0, 0));
    assertThat(ClusterChanges.between(ClusterImage.EMPTY, image("b", partition(0, 1, List.of(1)))))
        .isEqualTo(new ClusterChanges(0, 0, 0));
  }

  private static ClusterImage image(String id, @Nullable PartitionImage... partitions) {
    TopicImage topic =
        new TopicImage(
            "notes", id, false, partitions.length, 2, Map.of(), Arrays.asList(partitions));
    return new ClusterImage("c", 1, Map.of(), Map.of("notes", topic));
  }

  private static PartitionImage partition(int number, int epoch, List<Integer> inSync) {
    return new PartitionImage(
        number, List.of(1, 2, 3), OptionalInt.of(1), 1, epoch, inSync, List.of(), false, "", epoch);
  }
}
