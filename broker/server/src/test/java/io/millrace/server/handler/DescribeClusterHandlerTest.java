package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.view.BrokerImage;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.Endpoint;
import io.millrace.server.config.TopicDefaults;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.DescribeClusterResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class DescribeClusterHandlerTest {
  @Test
  void countsAsLedOnlyWhatALiveBrokerLeadsInTheLifeItWasElectedIn() {
    TopicImage topic =
        new TopicImage(
            "notes",
            "notes~aaaaaaaa",
            false,
            5,
            1,
            Map.of(),
            Arrays.asList(
                led(0, 1, 7, List.of(1)),
                led(1, 1, 6, List.of(1)),
                led(2, 9, 1, List.of(9)),
                led(3, 1, 7, List.of(1, 9)),
                null));
    TopicImage going = new TopicImage("going", "going~aaaaaaaa", true, 3, 1, Map.of(), List.of());
    ClusterImage image =
        new ClusterImage(
            "c",
            1,
            Map.of(
                2, broker(2, 3),
                1, broker(1, 7)),
            Map.of("notes", topic, "going", going));
    DescribeClusterResponse described =
        DescribeClusterHandler.describe(image, TopicDefaults.BUILT_IN);
    assertThat(described.getTopics()).isEqualTo(1);
    assertThat(described.getPartitions()).isEqualTo(5);
    assertThat(described.getLeadersMap()).containsExactly(Map.entry(1, 2));
    assertThat(described.getOfflinePartitions()).isEqualTo(3);
    assertThat(described.getUnderReplicatedPartitions()).isEqualTo(2);
    assertThat(described.getBelowMinimumPartitions()).isEqualTo(1);
    assertThat(described.getBrokersList()).extracting(BrokerInfo::getId).containsExactly(1, 2);
  }

  private static BrokerImage broker(int id, int incarnation) {
    return new BrokerImage(id, incarnation, Map.of("client", new Endpoint("host", 7272)), "", "1");
  }

  private static PartitionImage led(
      int number, int leader, int leaderIncarnation, List<Integer> replicas) {
    return new PartitionImage(
        number,
        replicas,
        OptionalInt.of(leader),
        leaderIncarnation,
        1,
        replicas,
        List.of(),
        false,
        "",
        0);
  }
}
