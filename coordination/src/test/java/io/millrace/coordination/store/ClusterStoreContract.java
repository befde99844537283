package io.millrace.coordination.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.WriteOutcome.Applied;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What every cluster store keeps to; coordination.md and sections 4.18 and 4.19 rest on it. */
public abstract class ClusterStoreContract {
  private StoreWorld world;
  private ClusterStore store;

  /** Called once per test. */
  protected abstract StoreWorld newWorld();

  @BeforeEach
  void openStore() {
    world = newWorld();
    store = world.open();
    world.get(store, s -> s.create("/", ByteString.EMPTY, NodeKind.PERSISTENT));
  }

  protected static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  /** Without its type, which says nothing that the assertion does not. */
  private Object answer(ClusterStore by, Function<ClusterStore, CompletionStage<?>> asked) {
    return world.get(by, s -> asked.apply(s).thenApply(Object.class::cast));
  }

  private WriteOutcome create(ClusterStore by, String path, NodeKind kind) {
    return world.get(by, s -> s.create(path, bytes("new"), kind));
  }

  private WriteOutcome create(String path) {
    return create(store, path, NodeKind.PERSISTENT);
  }

  private WriteOutcome set(String path, String text, int version) {
    return world.get(store, s -> s.set(path, bytes(text), version));
  }

  private WriteOutcome transact(StoreOp... ops) {
    return world.get(store, s -> s.transact(List.of(ops)));
  }

  private Node node(ClusterStore by, String path) {
    ReadOutcome<Node> read = world.get(by, s -> s.read(path));
    assertThat(read).isInstanceOf(ReadOutcome.Found.class);
    return ((ReadOutcome.Found<Node>) read).value();
  }

  private boolean isAbsent(ClusterStore by, String path) {
    return world.get(by, s -> s.sync(path).thenCompose(isSynced -> s.read(path)))
        instanceof ReadOutcome.Absent;
  }

  private Queue<SessionEvent> sessionEvents(ClusterStore of) {
    Queue<SessionEvent> events = new ConcurrentLinkedQueue<>();
    world.get(of, s -> done(s.onSession(events::add)));
    return events;
  }

  private Queue<String> watch(String path) {
    Queue<String> changes = new ConcurrentLinkedQueue<>();
    world.get(store, s -> done(s.watchRecursive(path, changes::add)));
    world.await("watch stands", () -> changes.contains(path));
    changes.clear();
    return changes;
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }

  // ---- Reading and writing ---------------------------------------------------------------------

  @Test
  void readsBackWhatWasCreated() {
    assertThat(create("/a")).isEqualTo(Applied.at(0));

    Node node = node(store, "/a");
    assertThat(node.data()).isEqualTo(bytes("new"));
    assertThat(node.version()).isZero();
    assertThat(node.ephemeralOwner()).isZero();
    assertThat(node.createdAt()).isPositive();
  }

  @Test
  void saysWhatIsAbsent() {
    assertThat(answer(store, s -> s.read("/none"))).isEqualTo(new ReadOutcome.Absent<>());
    assertThat(answer(store, s -> s.children("/none"))).isEqualTo(new ReadOutcome.Absent<>());
  }

  @Test
  void listsChildrenByNameAndNoGrandchildren() {
    create("/a");
    create("/a/x");
    create("/a/y");
    create("/a/x/deep");
    create("/ab");

    ReadOutcome<List<String>> read = world.get(store, s -> s.children("/a"));

    assertThat(((ReadOutcome.Found<List<String>>) read).value())
        .containsExactlyInAnyOrder("x", "y");
  }

  @Test
  void createSaysWhyNot() {
    create("/a");
    assertThat(create("/a")).isEqualTo(new Conflict(Conflict.Kind.EXISTS, "/a", 0));
    assertThat(create("/none/b")).isEqualTo(new Conflict(Conflict.Kind.ABSENT, "/none/b", 0));
  }

  @Test
  void refusesWhatIsNoPath() {
    for (String path : List.of("a", "/a/", "//a", "/a//b", "/../x", "/a/./b", "/a\u0000b")) {
      assertThat(create(path))
          .as(path)
          .isInstanceOfSatisfying(
              Rejected.class,
              rejected -> assertThat(rejected.reason()).isEqualTo(Rejected.Reason.INVALID));
    }
  }

  @Test
  void writesOnlyOnTheVersionThatWasRead() {
    create("/a");
    assertThat(set("/a", "one", 0)).isEqualTo(Applied.at(1));
    assertThat(set("/a", "two", 0)).isEqualTo(new Conflict(Conflict.Kind.VERSION, "/a", 0));
    assertThat(set("/none", "two", 0)).isEqualTo(new Conflict(Conflict.Kind.ABSENT, "/none", 0));
    assertThat(node(store, "/a").data()).isEqualTo(bytes("one"));
  }

  @Test
  @DisplayName("4.19: every write is conditional: a version that was not read is refused")
  void hasNoBlindWrites() {
    assertThatThrownBy(() -> new StoreOp.Set("/a", bytes(""), -1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new StoreOp.Delete("/a", -1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void deletesOnlyWhatIsAsExpected() {
    create("/a");
    create("/a/b");
    set("/a", "one", 0);
    assertThat(answer(store, s -> s.delete("/a", 1)))
        .isEqualTo(new Conflict(Conflict.Kind.NOT_EMPTY, "/a", 0));
    assertThat(answer(store, s -> s.delete("/a/b", 0))).isInstanceOf(Applied.class);
    assertThat(answer(store, s -> s.delete("/a", 0)))
        .isEqualTo(new Conflict(Conflict.Kind.VERSION, "/a", 0));
    assertThat(answer(store, s -> s.delete("/a", 1))).isInstanceOf(Applied.class);
    assertThat(answer(store, s -> s.delete("/a", 1)))
        .isEqualTo(new Conflict(Conflict.Kind.ABSENT, "/a", 0));
  }

  @Test
  void aNodeCreatedAgainIsAnotherNode() {
    create("/a");
    long first = node(store, "/a").createdAt();
    world.get(store, s -> s.delete("/a", 0));
    create("/a");

    assertThat(node(store, "/a").createdAt()).isGreaterThan(first);
    assertThat(node(store, "/a").version()).isZero();
  }

  @Test
  void appliesATransactionWhole() {
    create("/a");
    create("/old");

    WriteOutcome outcome =
        transact(
            new StoreOp.Check("/a", 0),
            new StoreOp.Set("/a", bytes("one"), 0),
            new StoreOp.Create("/b", bytes("b"), NodeKind.PERSISTENT),
            new StoreOp.Create("/b/c", bytes("c"), NodeKind.PERSISTENT),
            new StoreOp.Delete("/old", 0));

    assertThat(outcome)
        .isEqualTo(new Applied(List.of(WriteOutcome.NO_VERSION, 1, 0, 0, WriteOutcome.NO_VERSION)));
    assertThat(node(store, "/b/c").data()).isEqualTo(bytes("c"));
    assertThat(isAbsent(store, "/old")).isTrue();
  }

  @Test
  void appliesATransactionOrNothingOfIt() {
    create("/a");

    WriteOutcome outcome =
        transact(
            new StoreOp.Set("/a", bytes("one"), 0),
            new StoreOp.Create("/b", bytes("b"), NodeKind.PERSISTENT),
            new StoreOp.Check("/a", 7),
            new StoreOp.Delete("/none", 0));

    assertThat(outcome).isEqualTo(new Conflict(Conflict.Kind.VERSION, "/a", 2));
    assertThat(node(store, "/a").version()).isZero();
    assertThat(isAbsent(store, "/b")).isTrue();
  }

  @Test
  void refusesWhatIsTooLargeBeforeItIsSent() {
    create("/a");
    ByteString half = ByteString.copyFrom(new byte[StoreLimits.MAX_TRANSACTION_BYTES / 2]);

    WriteOutcome outcome =
        transact(
            new StoreOp.Create("/b", half, NodeKind.PERSISTENT),
            new StoreOp.Create("/c", half, NodeKind.PERSISTENT));

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(Rejected.Reason.TOO_LARGE));
    assertThat(create("/still-works")).isInstanceOf(Applied.class);
  }

  @Test
  void takesWhatIsJustNotTooLarge() {
    int fits = StoreLimits.MAX_TRANSACTION_BYTES - StoreLimits.OP_OVERHEAD_BYTES - "/b".length();
    ByteString data = ByteString.copyFrom(new byte[fits]);

    assertThat(answer(store, s -> s.create("/b", data, NodeKind.PERSISTENT)))
        .isEqualTo(Applied.at(0));
    assertThat(node(store, "/b").data().size()).isEqualTo(fits);
  }

  @Test
  void keepsTheOrderOfCalls() {
    List<WriteOutcome> outcomes =
        world.get(
            store,
            s -> {
              List<WriteOutcome> arrived = new ArrayList<>();
              s.create("/a", bytes("0"), NodeKind.PERSISTENT).thenAccept(arrived::add);
              for (int i = 0; i < 50; i++) {
                s.set("/a", bytes(Integer.toString(i + 1)), i).thenAccept(arrived::add);
              }
              return s.read("/a")
                  .thenApply(
                      read -> {
                        assertThat(((ReadOutcome.Found<Node>) read).value().version())
                            .isEqualTo(50);
                        return arrived;
                      });
            });

    assertThat(outcomes)
        .isEqualTo(
            IntStream.rangeClosed(-1, 49)
                .mapToObj(i -> Applied.at(i + 1))
                .collect(Collectors.toList()));
  }

  @Test
  void answersOnItsLoop() {
    boolean isInLoop =
        world.get(
            store,
            s ->
                s.create("/a", bytes(""), NodeKind.PERSISTENT)
                    .thenCompose(outcome -> s.read("/a"))
                    .thenApply(read -> s.loop().inLoop()));

    assertThat(isInLoop).isTrue();
  }

  @Test
  void isCalledOnItsLoopOnly() {
    assertThatThrownBy(() -> store.read("/a")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.sync("/a")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.transact(List.of(new StoreOp.Check("/a", 0))))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  @DisplayName("4.19: after a sync others' writes are seen")
  void seesWhatOthersWroteBeforeASync() {
    ClusterStore other = world.open();
    create(other, "/a", NodeKind.PERSISTENT);

    ReadOutcome<Node> read =
        world.get(
            store,
            s -> {
              // The read is called before the sync has completed, and still comes after it.
              CompletionStage<Boolean> synced = s.sync("/");
              return s.read("/a").thenCombine(synced, (found, isSynced) -> found);
            });

    assertThat(read).isInstanceOf(ReadOutcome.Found.class);
  }

  // ---- Sessions --------------------------------------------------------------------------------

  @Test
  void anEphemeralNodeNamesItsSessionAndGoesWithIt() {
    ClusterStore other = world.open();
    create(other, "/mine", NodeKind.EPHEMERAL);
    long session = world.get(other, s -> done(s.sessionId())).orElseThrow();

    assertThat(node(other, "/mine").ephemeralOwner()).isEqualTo(session).isNotZero();
    assertThat(isAbsent(store, "/mine")).isFalse();
    assertThat(create(other, "/mine/child", NodeKind.PERSISTENT))
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(Rejected.Reason.INVALID));

    other.close();
    world.await("the node goes", () -> isAbsent(store, "/mine"));
  }

  @Test
  void tellsALateListenerThePresentState() {
    long session = world.get(store, s -> done(s.sessionId())).orElseThrow();

    assertThat(sessionEvents(store))
        .singleElement()
        .isInstanceOfSatisfying(
            SessionEvent.Connected.class,
            connected -> assertThat(connected.sessionId()).isEqualTo(session));
  }

  @Test
  @DisplayName("4.18: lost contact is not an expired session")
  void keepsItsSessionOverAnOutage() {
    create(store, "/mine", NodeKind.EPHEMERAL);
    Queue<SessionEvent> events = sessionEvents(store);
    long session = world.get(store, s -> done(s.sessionId())).orElseThrow();
    events.clear();

    world.stopServers();
    world.await("suspended", () -> events.contains(new SessionEvent.Suspended()));
    assertThat(answer(store, s -> done(s.sessionId()))).isEqualTo(OptionalLong.empty());
    world.restartServers();
    world.await("connected", () -> events.contains(new SessionEvent.Connected(session, false)));

    assertThat(events)
        .containsExactly(new SessionEvent.Suspended(), new SessionEvent.Connected(session, false));
    assertThat(node(store, "/mine").ephemeralOwner()).isEqualTo(session);
  }

  @Test
  void rejectsWritesWithoutContact() {
    Queue<SessionEvent> events = sessionEvents(store);
    world.stopServers();
    world.await("suspended", () -> events.contains(new SessionEvent.Suspended()));

    WriteOutcome outcome = create("/a");
    boolean isSynced = world.get(store, s -> s.sync("/"));
    world.restartServers();

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(Rejected.Reason.NO_CONTACT));
    assertThat(isSynced).isFalse();
    assertThat(isAbsent(store, "/a")).isTrue();
  }

  @Test
  void readsOutlastAnOutage() {
    create("/a");
    Queue<SessionEvent> events = sessionEvents(store);
    world.stopServers();
    world.await("suspended", () -> events.contains(new SessionEvent.Suspended()));

    AtomicReference<ReadOutcome<Node>> read = new AtomicReference<>();
    world.get(
        store,
        s -> {
          s.read("/a").thenAccept(read::set);
          return done(true);
        });
    world.settle();
    assertThat(read.get()).isNull();
    world.restartServers();
    world.await("the read has come back", () -> read.get() != null);

    assertThat(read.get()).isInstanceOf(ReadOutcome.Found.class);
  }

  @Test
  void tellsAnExpiryAndGoesOnWithAnotherSession() {
    create(store, "/mine", NodeKind.EPHEMERAL);
    create("/kept");
    Queue<SessionEvent> events = sessionEvents(store);
    long first = world.get(store, s -> done(s.sessionId())).orElseThrow();
    events.clear();

    world.expire(store);
    world.await(
        "another session",
        () -> events.stream().anyMatch(SessionEvent.Connected.class::isInstance));

    assertThat(events).hasSize(3);
    List<SessionEvent> inOrder = List.copyOf(events);
    assertThat(inOrder.get(0)).isEqualTo(new SessionEvent.Suspended());
    assertThat(inOrder.get(1)).isEqualTo(new SessionEvent.Expired(first));
    assertThat(inOrder.get(2))
        .isInstanceOfSatisfying(
            SessionEvent.Connected.class,
            connected -> {
              assertThat(connected.isNew()).isTrue();
              assertThat(connected.sessionId()).isNotEqualTo(first);
            });
    assertThat(isAbsent(store, "/mine")).isTrue();
    assertThat(isAbsent(store, "/kept")).isFalse();
  }

  @Test
  @DisplayName("coordination.md: the time-out is counted by the client's own monotonic clock")
  void saysWhenTheSessionMayBeOverWithoutAnybodyToAsk() {
    ClusterStore hasty = world.openShort();
    Queue<SessionEvent> events = sessionEvents(hasty);
    world.await(
        "connected", () -> events.stream().anyMatch(SessionEvent.Connected.class::isInstance));

    world.stopServers();
    world.await("out of time", () -> events.contains(new SessionEvent.OutOfTime()));
    world.restartServers();
    world.await(
        "connected again",
        () -> List.copyOf(events).get(events.size() - 1) instanceof SessionEvent.Connected);

    List<SessionEvent> inOrder = List.copyOf(events);
    assertThat(inOrder.get(inOrder.indexOf(new SessionEvent.OutOfTime()) - 1))
        .isEqualTo(new SessionEvent.Suspended());
  }

  // ---- Watches ---------------------------------------------------------------------------------

  @Test
  void watchesEverythingBelowAPathThatNeedNotExist() {
    Queue<String> changes = watch("/a");

    create("/ab");
    create("/a");
    create("/a/b");
    create("/a/b/c");
    set("/a/b", "one", 0);
    world.get(store, s -> s.delete("/a/b/c", 0));

    world.await("all are told", () -> changes.containsAll(List.of("/a", "/a/b", "/a/b/c")));
    world.settle();
    assertThat(changes).doesNotContain("/ab");
  }

  @Test
  void hearsOfOthersChangesInOrderWithItsOwnAnswers() {
    ClusterStore other = world.open();
    Queue<String> changes = watch("/a");
    create(other, "/a", NodeKind.PERSISTENT);

    boolean wasTold =
        world.get(store, s -> s.sync("/").thenApply(isSynced -> changes.contains("/a")));

    assertThat(wasTold).isTrue();
  }

  @Test
  void aClosedWatchIsSilent() {
    Queue<String> changes = new ConcurrentLinkedQueue<>();
    Queue<String> others = watch("/a");
    ClusterStore.Subscription watch =
        world.get(store, s -> done(s.watchRecursive("/a", changes::add)));
    world.await("watch stands", () -> changes.contains("/a"));
    world.get(
        store,
        s -> {
          watch.close();
          watch.close();
          return done(true);
        });
    changes.clear();

    create("/a");
    world.await("the other hears it", () -> others.contains("/a"));

    assertThat(changes).isEmpty();
  }

  @Test
  @DisplayName("reliability 8.12: after an outage everything may have changed")
  void tellsTheWatchedPathAfterAnOutage() {
    Queue<String> changes = watch("/a");
    Queue<SessionEvent> events = sessionEvents(store);

    world.stopServers();
    world.await("suspended", () -> events.contains(new SessionEvent.Suspended()));
    changes.clear();
    world.restartServers();
    world.await("told", () -> changes.contains("/a"));

    changes.clear();
    create("/a");
    world.await("the watch still stands", () -> changes.contains("/a"));
  }

  @Test
  @DisplayName("reliability 8.12: watches outlive sessions")
  void tellsTheWatchedPathInANewSession() {
    Queue<String> changes = watch("/a");

    world.expire(store);
    world.await("told", () -> changes.contains("/a"));

    changes.clear();
    create("/a");
    create("/a/b");
    world.await("the watch stands again", () -> changes.contains("/a/b"));
  }

  // ---- Truth -----------------------------------------------------------------------------------

  @Test
  @DisplayName("reliability 8.5: an outcome that is told is true, whenever contact is lost")
  void neverTellsAnOutcomeThatIsNotSo() {
    int writes = 300;
    List<WriteOutcome> outcomes = new ArrayList<>();
    create("/a");
    world.get(
        store,
        s -> {
          for (int i = 0; i < writes; i++) {
            int number = i;
            s.create("/a/" + number, bytes(""), NodeKind.PERSISTENT)
                .thenAccept(outcome -> outcomes.add(outcome));
          }
          return done(true);
        });
    world.stopServers();
    world.restartServers();
    world.await("all have an outcome", () -> outcomes.size() == writes);

    for (int i = 0; i < writes; i++) {
      WriteOutcome outcome = outcomes.get(i);
      boolean isThere = !isAbsent(store, "/a/" + i);
      assertThat(outcome).isNotInstanceOf(Conflict.class);
      assertThat(outcome instanceof Applied && !isThere).as("%s but absent", outcome).isFalse();
      assertThat(outcome instanceof Rejected && isThere).as("%s but there", outcome).isFalse();
    }
  }
}
