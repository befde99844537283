package io.millrace.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.explain.Finding;
import io.millrace.server.explain.Reason;
import io.millrace.server.partition.PartitionId;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ReplicaWaitsTest {
  private static final long SECOND = 1_000_000_000L;
  private final Replica replica = new Replica(new PartitionId("notes~aaaaaaaa", 0));
  private int leaderEpoch = 4;

  private List<Finding> waits() {
    return ReplicaWaits.of(replica, leaderEpoch, 100 * SECOND, 1_000_000);
  }

  @Test
  void aReplicaThatIsServedWaitsForNothing() {
    replica.stage = Replica.Stage.OPEN;
    assertThat(waits()).isEmpty();
  }

  @Test
  void saysWhyItCannotLeadAndSinceWhen() {
    replica.stage = Replica.Stage.OPEN;
    replica.trouble = "broker 2 has the most of it and is not live";
    assertThat(waits())
        .containsExactly(new Finding(Reason.CANNOT_LEAD, replica.trouble, OptionalLong.empty()));
    replica.leaderless = true;
    replica.leaderlessSinceNanos = 90 * SECOND;
    assertThat(waits().get(0).sinceMillis()).hasValue(990_000);
  }

  @Test
  void tellsADamagedLogFromAStoreThatWentBack() {
    replica.trouble = "why";
    replica.stage = Replica.Stage.OPEN;
    replica.epochOnDisk = 5;
    assertThat(waits().get(0).reason()).isEqualTo(Reason.STORE_WENT_BACK);
    leaderEpoch = 5;
    assertThat(waits().get(0).reason()).isEqualTo(Reason.CANNOT_LEAD);
    leaderEpoch = -1; // the node is missing: that is told of the image
    assertThat(waits().get(0).reason()).isEqualTo(Reason.CANNOT_LEAD);
    replica.stage = Replica.Stage.OFFLINE;
    assertThat(waits().get(0).reason()).isEqualTo(Reason.OFFLINE_LOG);
  }

  @Test
  void saysThatALogIsStillBeingOpened() {
    replica.stage = Replica.Stage.OPENING;
    assertThat(waits().get(0).text()).isEqualTo("its log is being opened and checked");
  }
}
