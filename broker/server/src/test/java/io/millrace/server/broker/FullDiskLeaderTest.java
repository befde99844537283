package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.Finding;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** G-1, F11: a broker without room on its disk leads nothing that another can lead. */
class FullDiskLeaderTest {
  private final Trio trio = new Trio(43, Map.of("min.in.sync", "2"));

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
    trio.machines.values().forEach(machine -> assertThat(machine.fatal).isEmpty());
  }

  private List<String> reasons(int broker) {
    return trio.explain(broker).stream().map(Finding::getReason).toList();
  }

  @Test
  @DisplayName("G-1: it hands over, gets nothing back by preference, and leads again with room")
  void aFullBrokerHandsOverUntilThereIsRoom() {
    trio.produce("a");
    trio.cluster.scheduler.runFor(8 * SECOND);
    int full = trio.leader();
    trio.disk(full).limitBytes(0);
    trio.produce("b"); // refused there, and taken by whoever leads next
    assertThat(trio.leader()).isNotEqualTo(full);
    assertThat(reasons(full)).contains("disk-full");

    trio.cluster.scheduler.runFor(40 * SECOND);
    assertThat(trio.leader()).isNotEqualTo(full);

    trio.disk(full).limitBytes(Long.MAX_VALUE);
    trio.awaitInSync(3);
    trio.cluster.await("it is preferred again", () -> trio.leader() == full);
    trio.cluster.await("it serves", () -> !trio.records().isEmpty());
    assertThat(trio.records()).contains("0:a").anyMatch(each -> each.endsWith(":b"));
    assertThat(reasons(full)).doesNotContain("disk-full");
  }

  @Test
  @DisplayName("P-9: a follower without room holds nobody up, and comes back with room")
  void aFullFollowerIsNotWaitedFor() {
    trio.produce("a");
    trio.cluster.scheduler.runFor(8 * SECOND);
    int full = trio.follower();
    trio.disk(full).limitBytes(0);
    long before = trio.cluster.scheduler.nanoTime();
    trio.produce("b", "c");
    assertThat(trio.cluster.scheduler.nanoTime() - before).isLessThan(SECOND);
    assertThat(trio.isInSync(2)).isTrue();
    assertThat(trio.describe().getInSyncList()).doesNotContain(full);
    trio.cluster.scheduler.runFor(5 * SECOND);
    assertThat(trio.isInSync(2)).isTrue();

    trio.disk(full).limitBytes(Long.MAX_VALUE);
    trio.awaitInSync(3);
    trio.produce("d");
    assertThat(trio.records()).hasSize(4);
  }

  @Test
  @DisplayName("P-3: elected with a full disk, it cannot begin, and leaves it to one that can")
  void givesUpWhatItCannotBegin() {
    trio.produce("a");
    trio.cluster.scheduler.runFor(8 * SECOND);
    int first = trio.leader();
    int full = trio.describe().getReplicas(1);
    int third = trio.describe().getReplicas(2);
    trio.disk(full).limitBytes(0);
    trio.kill(first); // the next in order is the one that is full, which nobody knows
    trio.cluster.await("the third leads", () -> trio.leader() == third);
    trio.start(first); // with the full one two would be in sync that cannot both take records
    trio.produce("b");
    assertThat(trio.leader()).isNotEqualTo(full);
    trio.cluster.scheduler.runFor(20 * SECOND);
    assertThat(trio.leader()).isNotEqualTo(full);
    assertThat(trio.records()).contains("0:a").anyMatch(each -> each.endsWith(":b"));
  }
}
