package io.millrace.coordination.ids;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.ids.ProducerIds.IdOutcome;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.StoreWorld;
import io.millrace.coordination.store.ZnodePaths;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** On the twin and on ZooKeeper alike. */
public abstract class ProducerIdsContract {
  /** So that the numbers are compared. */
  private static final RandomGenerator NO_CHANCE = () -> 0;

  protected abstract StoreWorld world();

  private static void layOut(StoreWorld world, ClusterStore store) {
    world.get(store, s -> s.create(ZnodePaths.ROOT, ByteString.EMPTY, NodeKind.PERSISTENT));
  }

  private static long id(StoreWorld world, ClusterStore store, ProducerIds ids) {
    IdOutcome outcome = world.get(store, s -> ids.next());
    assertThat(outcome).isInstanceOf(IdOutcome.Given.class);
    return ((IdOutcome.Given) outcome).id();
  }

  @Test
  @DisplayName("4.7: brokers that ask in turn never give out the same id")
  void givesOutEachIdOnce() {
    StoreWorld world = world();
    ClusterStore one = world.open();
    ClusterStore other = world.open();
    layOut(world, one);
    List<ProducerIds> brokers =
        List.of(new ProducerIds(one, NO_CHANCE), new ProducerIds(other, NO_CHANCE));
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < 1_100; i++) {
      assertThat(seen.add(id(world, one, brokers.get(0)))).isTrue();
      if (i % 10 == 0) {
        assertThat(seen.add(id(world, other, brokers.get(1)))).isTrue();
      }
    }
    assertThat(seen).allMatch(id -> id >= 0 && id < 3_000);
  }

  @Test
  @DisplayName("S43: ids cannot be guessed, and stay positive")
  void giveOutIdsThatCannotBeGuessed() {
    StoreWorld world = world();
    ClusterStore store = world.open();
    layOut(world, store);
    ProducerIds ids = new ProducerIds(store, new Random(7));
    Set<Long> above = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      long id = id(world, store, ids);
      assertThat(id).isNotNegative();
      assertThat(id & ((1L << 40) - 1)).isEqualTo(i);
      above.add(id >>> 40);
    }
    assertThat(above).hasSizeGreaterThan(45);
  }
}
