package io.millrace.coordination.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryEnsemble.WriteFate;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The cluster store in memory: a client of a {@link MemoryEnsemble}. Owner: its loop. */
public final class MemoryStore implements ClusterStore {
  private static final long PATIENCE_NANOS = SECONDS.toNanos(15);

  private final MemoryEnsemble ensemble;
  private final EventLoop loop;
  final int sessionTimeoutMillis;

  // Written and read on the ensemble's loop only.
  boolean isIsolated;
  boolean isLagging;
  WriteFate nextWrite = WriteFate.NORMAL;

  // Owner of the rest: the client's loop.
  private final List<Consumer<SessionEvent>> listeners = new ArrayList<>();
  private final List<MemoryWatch> watches = new ArrayList<>();
  private final Map<Object, Runnable> lossActions = new LinkedHashMap<>();
  private final Deque<Runnable> waitingReads = new ArrayDeque<>();
  private @Nullable MemoryConnection connection;

  /** A server is being looked for; one at a time. */
  private boolean isConnecting;

  private @Nullable Timer outOfTime;
  private volatile long session;
  private SessionEvent last = new SessionEvent.Suspended();
  private volatile boolean isClosed;
  private final AtomicLong reads = new AtomicLong();

  MemoryStore(MemoryEnsemble ensemble, EventLoop loop, int sessionTimeoutMillis) {
    this.ensemble = ensemble;
    this.loop = loop;
    this.sessionTimeoutMillis = sessionTimeoutMillis;
  }

  /** The session as last known, in contact or not; 0 before the first. From any thread. */
  public long knownSession() {
    return session;
  }

  boolean isClosed() {
    return isClosed;
  }

  /** How many nodes and lists were asked for. From any thread. */
  public long reads() {
    return reads.get();
  }

  // ---- Contact ---------------------------------------------------------------------------------

  void connect() {
    if (connection == null && !isConnecting) {
      isConnecting = true;
      look();
    }
  }

  /** Also when the ensemble had no server to be found. */
  void look() {
    if (!isClosed) {
      long wanted = session;
      ensemble.loop().execute(() -> ensemble.accept(this, wanted));
    }
  }

  void onConnected(MemoryConnection now, long sessionId) {
    if (isClosed) {
      return;
    }
    boolean isNew = session != sessionId;
    session = sessionId;
    connection = now;
    isConnecting = false;
    cancelOutOfTime();
    ping(now);
    watches.forEach(watch -> set(watch, now));
    List<Runnable> reads = new ArrayList<>(waitingReads);
    waitingReads.clear();
    reads.forEach(Runnable::run);
    tell(new SessionEvent.Connected(sessionId, isNew));
  }

  private void ping(MemoryConnection now) {
    if (connection == now && !isClosed) {
      now.toServer(() -> ensemble.touch(now.session()));
      loop.schedule(MILLISECONDS.toNanos(sessionTimeoutMillis) / 3, () -> ping(now));
    }
  }

  void onDisconnected(MemoryConnection lost) {
    if (connection == null) {
      look(); // it was lost before this end had heard of it
      return;
    }
    if (connection != lost) {
      return;
    }
    connection = null;
    tell(new SessionEvent.Suspended());
    outOfTime =
        loop.schedule(
            MILLISECONDS.toNanos(sessionTimeoutMillis), () -> tell(new SessionEvent.OutOfTime()));
    List<Runnable> losses = List.copyOf(lossActions.values());
    lossActions.clear();
    losses.forEach(Runnable::run);
    connect();
  }

  void onExpired(long expired) {
    if (session == expired && !isClosed) {
      session = 0;
      isConnecting = false;
      cancelOutOfTime();
      tell(new SessionEvent.Expired(expired));
      connect();
    }
  }

  private void cancelOutOfTime() {
    if (outOfTime != null) {
      outOfTime.cancel();
      outOfTime = null;
    }
  }

  private void tell(SessionEvent event) {
    last = event;
    List.copyOf(listeners).forEach(listener -> listener.accept(event));
  }

  // ---- Watches ---------------------------------------------------------------------------------

  private static final class MemoryWatch {
    private final String path;
    private final Consumer<String> listener;

    MemoryWatch(String path, Consumer<String> listener) {
      this.path = path;
      this.listener = listener;
    }

    boolean covers(String changed) {
      return path.equals("/") || changed.equals(path) || changed.startsWith(path + "/");
    }
  }

  private void set(MemoryWatch watch, MemoryConnection at) {
    at.toServer(
        () -> {
          at.server().watch(watch.path);
          at.toClient(
              () -> {
                if (connection == at && watches.contains(watch)) {
                  watch.listener.accept(watch.path);
                }
              });
        });
  }

  void onEvent(MemoryConnection from, String changed) {
    if (connection == from) {
      List.copyOf(watches).stream()
          .filter(watch -> watch.covers(changed))
          .forEach(watch -> watch.listener.accept(changed));
    }
  }

  @Override
  public Subscription watchRecursive(String path, Consumer<String> listener) {
    loop.assertInLoop();
    MemoryWatch watch = new MemoryWatch(path, listener);
    watches.add(watch);
    if (connection != null) {
      set(watch, connection);
    }
    return () -> watches.remove(watch);
  }

  @Override
  public Subscription onSession(Consumer<SessionEvent> listener) {
    loop.assertInLoop();
    listeners.add(listener);
    listener.accept(last);
    return () -> listeners.remove(listener);
  }

  // ---- Requests --------------------------------------------------------------------------------

  @Override
  public CompletionStage<ReadOutcome<Node>> read(String path) {
    return read(
        path,
        tree -> {
          Node node = tree.get(path);
          return node == null ? new ReadOutcome.Absent<>() : new ReadOutcome.Found<>(node);
        });
  }

  @Override
  public CompletionStage<ReadOutcome<List<String>>> children(String path) {
    return read(
        path,
        tree ->
            tree.get(path) == null
                ? new ReadOutcome.Absent<>()
                : new ReadOutcome.Found<>(tree.children(path)));
  }

  private <T> CompletionStage<ReadOutcome<T>> read(
      String path, Function<MemoryTree, ReadOutcome<T>> looking) {
    loop.assertInLoop();
    reads.incrementAndGet();
    CompletableFuture<ReadOutcome<T>> outcome = new CompletableFuture<>();
    sendRead(path, looking, outcome);
    return outcome;
  }

  private <T> void sendRead(
      String path,
      Function<MemoryTree, ReadOutcome<T>> looking,
      CompletableFuture<ReadOutcome<T>> outcome) {
    if (outcome.isDone()) {
      return;
    }
    Runnable again = () -> sendRead(path, looking, outcome);
    if (connection == null) {
      waitingReads.add(again);
      loop.schedule(
          PATIENCE_NANOS,
          () -> outcome.complete(new ReadOutcome.Unavailable<>("no contact, not read: " + path)));
    } else {
      ask(connection, at -> looking.apply(at.server().tree()), outcome::complete, again);
    }
  }

  /** Not null answers come back; contact lost before that runs what the asker left for it. */
  private <T> void ask(
      MemoryConnection at,
      Function<MemoryConnection, @Nullable T> served,
      Consumer<T> onAnswer,
      Runnable onLoss) {
    Object question = new Object();
    lossActions.put(question, onLoss);
    at.toServer(
        () -> {
          ensemble.touch(at.session());
          T answer = served.apply(at);
          if (answer != null) {
            at.toClient(
                () -> {
                  if (lossActions.remove(question) != null) {
                    onAnswer.accept(answer);
                  }
                });
          }
        });
  }

  @Override
  public CompletionStage<WriteOutcome> create(String path, ByteString data, NodeKind kind) {
    return transact(List.of(new StoreOp.Create(path, data, kind)));
  }

  @Override
  public CompletionStage<WriteOutcome> set(String path, ByteString data, int expectedVersion) {
    return transact(List.of(new StoreOp.Set(path, data, expectedVersion)));
  }

  @Override
  public CompletionStage<WriteOutcome> delete(String path, int expectedVersion) {
    return transact(List.of(new StoreOp.Delete(path, expectedVersion)));
  }

  @Override
  public CompletionStage<WriteOutcome> transact(List<StoreOp> ops) {
    loop.assertInLoop();
    if (ops.isEmpty()) {
      throw new IllegalArgumentException("a transaction of no steps");
    }
    String excess = StoreLimits.excess(ops);
    if (excess != null) {
      return CompletableFuture.completedFuture(new Rejected(Rejected.Reason.TOO_LARGE, excess));
    }
    if (connection == null) {
      return CompletableFuture.completedFuture(
          new Rejected(Rejected.Reason.NO_CONTACT, "no contact"));
    }
    List<StoreOp> steps = List.copyOf(ops);
    CompletableFuture<WriteOutcome> outcome = new CompletableFuture<>();
    ask(
        connection,
        at -> ensemble.write(at, steps),
        outcome::complete,
        () -> outcome.complete(new WriteOutcome.Unknown("contact lost")));
    return outcome;
  }

  @Override
  public CompletionStage<Boolean> sync(String path) {
    loop.assertInLoop();
    if (connection == null) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    ask(
        connection,
        at -> {
          at.server().catchUp();
          return true;
        },
        done::complete,
        () -> done.complete(false));
    return done;
  }

  @Override
  public OptionalLong sessionId() {
    loop.assertInLoop();
    return connection == null ? OptionalLong.empty() : OptionalLong.of(session);
  }

  @Override
  public int sessionTimeoutMillis() {
    return sessionTimeoutMillis;
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public void close() {
    isClosed = true;
    long ended = session;
    ensemble.loop().execute(() -> ensemble.end(ended));
  }
}
