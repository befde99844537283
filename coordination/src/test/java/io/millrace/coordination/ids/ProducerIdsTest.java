package io.millrace.coordination.ids;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.ids.ProducerIds.IdOutcome;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreWorld;
import io.millrace.coordination.store.ZnodePaths;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On the twin, with the faults that a real store cannot be made to have. */
class ProducerIdsTest extends ProducerIdsContract {
  private final MemoryWorld world = new MemoryWorld(11);

  @Override
  protected StoreWorld world() {
    return world;
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private MemoryStore laidOut() {
    MemoryStore store = world.open();
    world.get(store, s -> s.create(ZnodePaths.ROOT, ByteString.EMPTY, NodeKind.PERSISTENT));
    return store;
  }

  private static ProducerIds counting(MemoryStore store) {
    return new ProducerIds(store, () -> 0);
  }

  private long given(ProducerIds ids) {
    return ((IdOutcome.Given) world.get(ids.next())).id();
  }

  private String node(MemoryStore store) {
    ReadOutcome<Node> read =
        world.get(store, s -> s.sync("/").thenCompose(isSynced -> s.read(ZnodePaths.PRODUCER_IDS)));
    return ((ReadOutcome.Found<Node>) read).value().data().toStringUtf8();
  }

  @Test
  void takesOneBlockForAThousand() {
    MemoryStore store = laidOut();
    ProducerIds ids = counting(store);
    List<CompletableFuture<IdOutcome>> asked = new ArrayList<>();
    for (int i = 0; i < 900; i++) {
      asked.add(ids.next().toCompletableFuture());
    }
    world.settle();
    assertThat(asked).allMatch(CompletableFuture::isDone);
    assertThat(node(store)).isEqualTo("{\"version\":1,\"next\":\"1000\"}");
    assertThat(given(ids)).isEqualTo(900);
    world.settle();
    assertThat(node(store))
        .as("the next block is taken while some of this one are left")
        .isEqualTo("{\"version\":1,\"next\":\"2000\"}");
    for (int i = 901; i < 1_900; i++) {
      assertThat(given(ids)).isEqualTo(i);
    }
  }

  @Test
  @DisplayName("G-2: a block taken ahead lets producers begin while ZooKeeper is away")
  void aBlockTakenAheadIsThereWithoutZooKeeper() {
    MemoryStore store = laidOut();
    ProducerIds ids = counting(store);
    ids.takeAhead();
    world.settle();
    assertThat(node(store)).isEqualTo("{\"version\":1,\"next\":\"1000\"}");
    store.close();
    assertThat(given(ids)).isZero();
    for (int i = 1; i < 1_000; i++) {
      assertThat(given(ids)).isEqualTo(i);
    }
    IdOutcome none = world.get(ids.next());
    assertThat(none).isInstanceOf(IdOutcome.Unavailable.class);
  }

  @ParameterizedTest
  @EnumSource(WriteFate.class)
  @DisplayName("4.19: a block whose write may have been applied, or may still be, is nobody's")
  void neverGivesOutABlockOfUnknownOutcome(WriteFate fate) {
    MemoryStore store = laidOut();
    MemoryStore other = world.open();
    ProducerIds ids = counting(store);
    ProducerIds others = counting(other);
    Set<Long> seen = new HashSet<>();
    for (int round = 0; round < 3; round++) {
      world.ensemble().setNextWrite(store, fate);
      for (int i = 0; i < 1_500; i++) {
        if (world.get(ids.next()) instanceof IdOutcome.Given given) {
          assertThat(seen.add(given.id())).isTrue();
        }
      }
      world.settle();
      assertThat(seen.add(given(others))).isTrue();
    }
    assertThat(seen.size()).isGreaterThan(1_000);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  @DisplayName("4.7: three brokers, any write may be lost, late or unknown: no id comes twice")
  void givesOutNoIdTwiceWhateverHappensToWrites(long seed) {
    MemoryStore first = laidOut();
    List<MemoryStore> stores = List.of(first, world.open(), world.open());
    List<ProducerIds> brokers = stores.stream().map(ProducerIdsTest::counting).toList();
    world.ensemble().setWriteFaults(300);
    Random random = new Random(seed);
    List<CompletableFuture<IdOutcome>> asked = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      ProducerIds broker = brokers.get(random.nextInt(3));
      for (int j = 0; j < 300; j++) {
        asked.add(broker.next().toCompletableFuture());
      }
      if (random.nextBoolean()) {
        world.settle();
      }
    }
    world.await("all answers", () -> asked.stream().allMatch(CompletableFuture::isDone));
    List<Long> ids =
        asked.stream()
            .map(CompletableFuture::join)
            .filter(IdOutcome.Given.class::isInstance)
            .map(outcome -> ((IdOutcome.Given) outcome).id())
            .toList();
    assertThat(ids).doesNotHaveDuplicates().hasSizeGreaterThan(2_000);
  }

  @Test
  void saysWhyThereIsNone() {
    MemoryStore store = laidOut();
    world.get(
        store,
        s ->
            s.create(
                ZnodePaths.PRODUCER_IDS, ByteString.copyFromUtf8("what?"), NodeKind.PERSISTENT));
    assertThat(world.get(counting(store).next()))
        .isInstanceOfSatisfying(
            IdOutcome.Unavailable.class,
            unavailable -> assertThat(unavailable.why()).contains("/producer-ids cannot be read"));
  }

  @Test
  void goesOnWhenContactIsBack() {
    MemoryStore store = laidOut();
    ProducerIds ids = counting(store);
    world.ensemble().setNextWrite(store, WriteFate.LOST_AFTER);
    assertThat(world.get(ids.next())).isInstanceOf(IdOutcome.Unavailable.class);
    world.await("contact", () -> world.get(ids.next()) instanceof IdOutcome.Given);
    assertThat(given(ids)).isGreaterThanOrEqualTo(1_001);
  }
}
