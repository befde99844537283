package io.millrace.coordination.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.WriteOutcome.Applied;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The twin keeps the contract, and has the faults that the real one cannot be made to have. */
class MemoryStoreTest extends ClusterStoreContract {
  private final MemoryWorld world = new MemoryWorld(7);

  @Override
  protected StoreWorld newWorld() {
    return world;
  }

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private Object answer(MemoryStore by, Function<ClusterStore, CompletionStage<?>> asked) {
    return world.get(by, s -> asked.apply(s).thenApply(Object.class::cast));
  }

  private WriteOutcome createWith(WriteFate fate, MemoryStore store) {
    world.ensemble().setNextWrite(store, fate);
    world.settle();
    return world.get(store, s -> s.create("/a", ByteString.EMPTY, NodeKind.PERSISTENT));
  }

  private boolean isThere(MemoryStore store) {
    return world.get(store, s -> s.sync("/").thenCompose(isSynced -> s.read("/a")))
        instanceof ReadOutcome.Found;
  }

  private MemoryStore connected() {
    MemoryStore store = world.open();
    world.settle();
    return store;
  }

  @Test
  void anUnknownWriteMayHaveBeenApplied() {
    MemoryStore store = connected();
    assertThat(createWith(WriteFate.LOST_AFTER, store)).isInstanceOf(WriteOutcome.Unknown.class);
    world.settle();
    assertThat(isThere(store)).isTrue();
  }

  @Test
  void anUnknownWriteMayNotHaveBeenApplied() {
    MemoryStore store = connected();
    assertThat(createWith(WriteFate.LOST_BEFORE, store)).isInstanceOf(WriteOutcome.Unknown.class);
    world.settle();
    assertThat(isThere(store)).isFalse();
  }

  @Test
  @DisplayName("coordination.md: an unchanged version is no outcome")
  void anUnknownWriteMayBeAppliedAfterTheClientIsBack() {
    MemoryStore store = connected();
    assertThat(createWith(WriteFate.LATE, store)).isInstanceOf(WriteOutcome.Unknown.class);
    world.await("back", () -> world.get(store, s -> s.sync("/")));
    assertThat(isThere(store)).isFalse();

    world.await("it lands", () -> isThere(store));
    assertThat(answer(store, s -> s.create("/a", ByteString.EMPTY, NodeKind.PERSISTENT)))
        .isEqualTo(new Conflict(Conflict.Kind.EXISTS, "/a", 0));
  }

  @Test
  @DisplayName("4.19: reads may be stale until a sync")
  void aLaggingServerShowsTheOldUntilASync() {
    MemoryStore writer = connected();
    MemoryStore reader = connected();
    world.ensemble().setLagging(reader, true);
    world.settle();
    world.get(writer, s -> s.create("/a", ByteString.EMPTY, NodeKind.PERSISTENT));
    world.settle();

    assertThat(answer(reader, s -> s.read("/a"))).isInstanceOf(ReadOutcome.Absent.class);
    assertThat(isThere(reader)).isTrue();
  }

  @Test
  void aLaggingServerCatchesUpWithItsClientsOwnWrites() {
    MemoryStore writer = connected();
    MemoryStore reader = connected();
    world.ensemble().setLagging(reader, true);
    world.settle();
    world.get(writer, s -> s.create("/a", ByteString.EMPTY, NodeKind.PERSISTENT));

    assertThat(answer(reader, s -> s.create("/b", ByteString.EMPTY, NodeKind.PERSISTENT)))
        .isInstanceOf(Applied.class);
    assertThat(answer(reader, s -> s.read("/a"))).isInstanceOf(ReadOutcome.Found.class);
  }

  @Test
  void aProcessThatIsPausedTooLongLosesItsSession() {
    MemoryStore store = connected();
    MemoryStore other = connected();
    world.get(store, s -> s.create("/a", ByteString.EMPTY, NodeKind.EPHEMERAL));

    world.process(store).pause();
    world.await("gone", () -> !isThere(other));
    long old = store.knownSession();
    world.process(store).resume();

    world.await("another session", () -> store.knownSession() != old && store.knownSession() != 0);
  }

  @Test
  void comesBackWheneverContactIsLost() {
    MemoryStore store = connected();
    for (int steps = 0; steps < 60; steps++) {
      world.ensemble().disconnect(store);
      for (int i = 0; i < steps; i++) {
        world.scheduler().step();
      }
      world.ensemble().disconnect(store);
      world.await("back", () -> world.get(store, s -> s.sync("/")));
    }
  }
}
