package io.millrace.coordination.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.store.MemoryTree.Change;
import io.millrace.coordination.store.MemoryTree.Effect;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Tasks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * ZooKeeper's servers, in memory: one tree in one order, sessions that really end, and the faults
 * that a network between them and their clients has.
 *
 * <p>Owner: its own loop, where clients' requests arrive. The fault methods may be called from any
 * thread; they take effect in the order of the calls.
 */
public final class MemoryEnsemble {
  /** What becomes of a write on its way. */
  public enum WriteFate {
    NORMAL,
    /** Contact is lost before it arrives: not applied. */
    LOST_BEFORE,
    /** It is applied, and contact is lost before the answer arrives. */
    LOST_AFTER,
    /** Contact is lost, and it is applied a while later, perhaps after the client is back. */
    LATE
  }

  /** Sees every change in the order of the servers, at the moment it happens. */
  @FunctionalInterface
  public interface Observer {
    /**
     * @param now null: the node is gone
     */
    void changed(String path, @Nullable Node now);

    /** A write met another version than its own, or none. */
    default void refused(List<StoreOp> steps) {}

    /** A write was applied whose writer has lost contact before it could know. */
    default void appliedUnheard(List<StoreOp> steps) {}
  }

  private static final long LATE_NANOS = MILLISECONDS.toNanos(300);
  private static final long MAX_LATENCY_NANOS = 400_000;
  private static final long MIN_WATCH_NANOS = MILLISECONDS.toNanos(50);

  private final Tasks tasks;
  private final EventLoop loop;

  // Owner of the rest: the loop.
  private final MemoryTree leader = new MemoryTree();
  private final Map<Long, Session> sessions = new TreeMap<>();
  private final List<MemoryConnection> connections = new ArrayList<>();
  private long lastSession = 0x1000;
  private long lastTransaction;
  private boolean isRunning = true;
  private int faultsPerThousand;

  /** What somebody has taken out of the tree, parents first. */
  private final Map<String, Node> takenOut = new TreeMap<>();

  private Observer observer = (path, now) -> {};

  /** One client's claim to its ephemeral nodes. */
  private static final class Session {
    private final long id;
    private final long timeoutNanos;
    private long heardAt;

    Session(long id, long timeoutNanos, long heardAt) {
      this.id = id;
      this.timeoutNanos = timeoutNanos;
      this.heardAt = heardAt;
    }
  }

  /**
   * @param tasks the servers' own time and randomness
   */
  public MemoryEnsemble(Tasks tasks) {
    this.tasks = tasks;
    this.loop = tasks.worker("ensemble");
  }

  /** A client with a session of its own, on that loop. */
  public MemoryStore connect(EventLoop clientLoop, int sessionTimeoutMillis) {
    MemoryStore store = new MemoryStore(this, clientLoop, sessionTimeoutMillis);
    clientLoop.execute(store::connect);
    return store;
  }

  /** On the ensemble's loop, or before anything has happened. */
  public void observe(Observer observer) {
    this.observer = observer;
  }

  // ---- Faults ----------------------------------------------------------------------------------

  /** Ends the client's session, as if the servers had not heard from it for long enough. */
  public void expire(MemoryStore store) {
    loop.execute(() -> end(store.knownSession()));
  }

  /** Loses contact; the client comes back by itself. */
  public void disconnect(MemoryStore store) {
    loop.execute(() -> connections(store).forEach(this::drop));
  }

  /** While isolated a client finds no server. */
  public void setIsolated(MemoryStore store, boolean isIsolated) {
    loop.execute(
        () -> {
          store.isIsolated = isIsolated;
          if (isIsolated) {
            connections(store).forEach(this::drop);
          }
        });
  }

  /** While lagging a client's server shows what was, until the client syncs or writes. */
  public void setLagging(MemoryStore store, boolean isLagging) {
    loop.execute(
        () -> {
          store.isLagging = isLagging;
          connections(store).forEach(connection -> connection.server().setLagging(isLagging));
        });
  }

  /** What becomes of the client's next write. */
  public void setNextWrite(MemoryStore store, WriteFate fate) {
    loop.execute(() -> store.nextWrite = fate);
  }

  /** How many of a thousand writes, of any client, meet a fate drawn at random. */
  public void setWriteFaults(int perThousand) {
    loop.execute(() -> faultsPerThousand = perThousand);
  }

  /** All servers stop; sessions outlast that. */
  public void stop() {
    loop.execute(
        () -> {
          isRunning = false;
          List.copyOf(connections).forEach(this::drop);
        });
  }

  public void restart() {
    loop.execute(
        () -> {
          isRunning = true;
          long now = loop.clock().nanoTime();
          sessions.values().forEach(session -> session.heardAt = now);
        });
  }

  /** A copy of what the servers have on their disks. */
  public static final class Backup {
    private final MemoryTree tree;
    private final long lastTransaction;

    private Backup(MemoryTree tree, long lastTransaction) {
      this.tree = tree;
      this.lastTransaction = lastTransaction;
    }
  }

  /** What there is when this is called. On the ensemble's loop, or between two steps. */
  public Backup backup() {
    return new Backup(new MemoryTree(leader), lastTransaction);
  }

  /**
   * All servers start again from an old copy: versions and numbers of transactions go back with it,
   * no session of a client outlasts it, and nobody hears of what has changed but by reading.
   */
  public void restore(Backup backup) {
    loop.execute(
        () -> {
          List.copyOf(connections).forEach(this::drop);
          sessions.clear();
          leader.become(backup.tree);
          for (String path : leader.ephemerals()) {
            leader.apply(new Change(path, null));
          }
          lastTransaction = backup.lastTransaction;
        });
  }

  /** As somebody may who has all rights: these nodes are gone, until {@link #putBack}. */
  public void takeOut(Predicate<String> paths) {
    loop.execute(
        () -> {
          Map<String, Node> found = new TreeMap<>();
          leader
              .all()
              .forEach(
                  (path, node) -> {
                    if (paths.test(path)) {
                      found.put(path, node);
                    }
                  });
          takenOut.putAll(found);
          List<String> deepestFirst = new ArrayList<>(found.keySet());
          Collections.reverse(deepestFirst);
          alter(deepestFirst.stream().map(path -> new Change(path, null)).toList());
        });
  }

  /** What was taken out is there again, as it was. */
  public void putBack() {
    loop.execute(
        () -> {
          List<Change> changes = new ArrayList<>();
          takenOut.forEach((path, node) -> changes.add(new Change(path, node)));
          takenOut.clear();
          alter(changes);
        });
  }

  private void alter(List<Change> changes) {
    changes.forEach(leader::apply);
    lastTransaction++;
    commit(changes);
  }

  // ---- What clients ask ------------------------------------------------------------------------

  EventLoop loop() {
    return loop;
  }

  long latencyNanos() {
    return tasks.random().nextLong(1, MAX_LATENCY_NANOS);
  }

  /** A client looks for a server. */
  void accept(MemoryStore store, long wantedSession) {
    if (!isRunning || store.isIsolated || store.isClosed()) {
      store.loop().schedule(MILLISECONDS.toNanos(20), store::look);
      return;
    }
    Session session = sessions.get(wantedSession);
    if (wantedSession != 0 && session == null) {
      store.loop().execute(() -> store.onExpired(wantedSession));
      return;
    }
    if (session == null) {
      session =
          new Session(
              ++lastSession,
              MILLISECONDS.toNanos(store.sessionTimeoutMillis),
              loop.clock().nanoTime());
      sessions.put(session.id, session);
      watchOver(session);
    }
    session.heardAt = loop.clock().nanoTime();
    connections(store).forEach(this::drop);
    MemoryConnection connection = new MemoryConnection(this, store, session.id, leader);
    connection.server().setLagging(store.isLagging);
    connections.add(connection);
    long id = session.id;
    connection.toClient(() -> store.onConnected(connection, id));
  }

  void touch(long sessionId) {
    Session session = sessions.get(sessionId);
    if (session != null) {
      session.heardAt = loop.clock().nanoTime();
    }
  }

  private void watchOver(Session session) {
    long left = session.heardAt + session.timeoutNanos - loop.clock().nanoTime();
    loop.schedule(
        Math.max(left, MIN_WATCH_NANOS),
        () -> {
          boolean isOver =
              isRunning && loop.clock().nanoTime() - session.heardAt >= session.timeoutNanos;
          if (isOver) {
            end(session.id);
          } else if (sessions.containsKey(session.id)) {
            watchOver(session);
          }
        });
  }

  /** Also what a client asks for that closes. */
  void end(long sessionId) {
    if (sessions.remove(sessionId) == null) {
      return;
    }
    List<Change> changes = new ArrayList<>();
    for (String path : leader.ownedBy(sessionId)) {
      Change change = new Change(path, null);
      leader.apply(change);
      changes.add(change);
    }
    lastTransaction++;
    commit(changes);
    connections.stream()
        .filter(connection -> connection.session() == sessionId)
        .toList()
        .forEach(this::drop);
  }

  /** A write as it arrives at the leader. Null: contact is lost, no answer. */
  @Nullable WriteOutcome write(MemoryConnection connection, List<StoreOp> steps) {
    WriteFate fate = fate(connection.client());
    if (fate == WriteFate.LOST_BEFORE) {
      drop(connection);
      return null;
    }
    if (fate == WriteFate.LATE) {
      drop(connection);
      loop.schedule(LATE_NANOS, () -> applyUnheard(connection.session(), steps));
      return null;
    }
    if (!sessions.containsKey(connection.session())) {
      return null;
    }
    if (fate == WriteFate.LOST_AFTER) {
      applyUnheard(connection.session(), steps);
      connection.server().catchUp();
      drop(connection);
      return null;
    }
    WriteOutcome outcome = apply(connection.session(), steps);
    connection.server().catchUp();
    return outcome;
  }

  private void applyUnheard(long session, List<StoreOp> steps) {
    if (apply(session, steps) instanceof WriteOutcome.Applied) {
      observer.appliedUnheard(steps);
    }
  }

  private WriteFate fate(MemoryStore store) {
    WriteFate fate = store.nextWrite;
    store.nextWrite = WriteFate.NORMAL;
    if (fate == WriteFate.NORMAL && tasks.random().nextInt(1_000) < faultsPerThousand) {
      fate = WriteFate.values()[1 + tasks.random().nextInt(3)];
    }
    return fate;
  }

  private WriteOutcome apply(long session, List<StoreOp> steps) {
    if (!sessions.containsKey(session)) {
      // As ZooKeeper: a write of a session that is over is refused, however late it comes.
      return new WriteOutcome.Unknown("the session is over");
    }
    Effect effect = leader.write(steps, session, ++lastTransaction);
    commit(effect.changes());
    if (effect.outcome() instanceof WriteOutcome.Conflict) {
      observer.refused(steps);
    }
    return effect.outcome();
  }

  private void commit(List<Change> changes) {
    for (Change change : changes) {
      observer.changed(change.path(), change.now());
    }
    for (MemoryConnection connection : connections) {
      connection.server().commit(changes);
    }
  }

  private void drop(MemoryConnection connection) {
    if (connections.remove(connection)) {
      connection.cut();
      MemoryStore store = connection.client();
      store.loop().execute(() -> store.onDisconnected(connection));
    }
  }

  private List<MemoryConnection> connections(MemoryStore store) {
    return connections.stream().filter(connection -> connection.client() == store).toList();
  }
}
