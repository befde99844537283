package io.millrace.server.broker;

import static io.millrace.server.broker.SimulatedCluster.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ProduceResult;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * I-2: who asks for every disk on a topic whose followers flush by time only does not wait for that
 * time.
 */
class SyncedOnStandardTest {
  private final Trio trio = new Trio(41, Map.of("min.in.sync", "2", "durability", "standard"));

  @AfterEach
  void nothingWasThrown() {
    assertThat(trio.cluster.scheduler.thrown()).isEmpty();
  }

  @Test
  @DisplayName("I-2: a synced send to a standard topic is acknowledged long before the interval")
  void aSyncedSendDoesNotWaitForTheInterval() {
    for (int id = 1; id <= Trio.BROKERS; id++) {
      trio.stop(id);
      trio.machine(id).settings.put("flush.interval.ms", "60000");
      trio.start(id);
      trio.awaitInSync(3);
    }
    trio.produce("a");
    for (int i = 0; i < 5; i++) {
      long before = trio.cluster.scheduler.nanoTime();
      ProduceResult result = trio.produce(Durability.SYNCED, "b" + i);
      assertThat(result.getBaseOffsets(0)).isEqualTo(1 + i);
      assertThat(trio.cluster.scheduler.nanoTime() - before).isLessThan(SECOND);
    }
  }
}
