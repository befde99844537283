package io.millrace.coordination.curator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.SessionEvent;
import io.millrace.coordination.store.StoreLimits;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Tasks;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.curator.CuratorZookeeperClient;
import org.apache.curator.ensemble.fixed.FixedEnsembleProvider;
import org.apache.curator.retry.RetryForever;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store on a ZooKeeper ensemble. See the package's comment on how Curator is used. */
public final class CuratorStore implements ClusterStore {
  private static final Logger log = LoggerFactory.getLogger(CuratorStore.class);

  /** What an answer may be, so that a long list of children arrives: B79. */
  private static final int MAX_ANSWER_BYTES = 16 << 20;

  private static final int CLOSE_WAIT_MILLIS = 2_000;

  private final Tasks.Worker loop;
  private final Chroot chroot;

  /**
   * Not the framework above it: that one declares sessions dead by its own timer, and so throws
   * away one that the ensemble still has when it comes back from an absence.
   */
  private final CuratorZookeeperClient curator;

  // Owner of the rest: the loop.
  private final SessionTracker session;
  private final PatientReads reads;
  private final Newcomer newcomer;
  private final List<RecursiveWatch> watches = new ArrayList<>();
  private boolean closed;

  private CuratorStore(
      Tasks.Worker loop,
      String servers,
      Chroot chroot,
      int sessionTimeoutMillis,
      int connectTimeoutMillis) {
    this.loop = loop;
    this.chroot = chroot;
    session = new SessionTracker(loop, sessionTimeoutMillis);
    reads = new PatientReads(loop, MILLISECONDS.toNanos(connectTimeoutMillis));
    ZKClientConfig config = new ZKClientConfig();
    config.setProperty(ZKClientConfig.JUTE_MAXBUFFER, Integer.toString(MAX_ANSWER_BYTES));
    curator =
        new CuratorZookeeperClient(
            new ZooKeeperHandles(config, this::onState),
            new FixedEnsembleProvider(servers),
            sessionTimeoutMillis,
            Math.min(sessionTimeoutMillis, connectTimeoutMillis),
            CLOSE_WAIT_MILLIS,
            event -> {},
            // Asked only by Curator's own operations, of which none is used.
            new RetryForever(1_000),
            false);
    newcomer = new Newcomer(loop, curator, sessionTimeoutMillis, config);
  }

  /**
   * Returns at once; contact comes later, and is tried for without end.
   *
   * @param servers {@code host:port,host:port}
   * @param chroot empty, or {@code /a/b}; made by {@code create("/")} when it is missing
   * @param sessionTimeoutMillis asked for; the server grants what its own bounds allow
   * @param connectTimeoutMillis how long reads wait for contact before they give up
   */
  public static CuratorStore open(
      String servers,
      String chroot,
      int sessionTimeoutMillis,
      int connectTimeoutMillis,
      Tasks tasks) {
    CuratorStore store =
        new CuratorStore(
            tasks.worker("zk-events"),
            servers,
            new Chroot(chroot),
            sessionTimeoutMillis,
            connectTimeoutMillis);
    store.loop.execute(() -> store.session.add(store::onSessionEvent));
    try {
      store.curator.start();
    } catch (Exception e) {
      // Curator declares all of them. Only a connect string that is none gets here.
      store.loop.stop();
      throw new IllegalArgumentException("cannot use ZooKeeper at " + servers, e);
    }
    return store;
  }

  /** On a ZooKeeper thread. */
  private void onState(ZooKeeper handle, KeeperState state) {
    loop.execute(
        () -> {
          if (!closed) {
            session.onState(handle, state);
          }
        });
  }

  /** Before any other listener hears it, so that watches stand before they read. */
  private void onSessionEvent(SessionEvent event) {
    ZooKeeper handle = session.connected();
    if (event instanceof SessionEvent.Connected && handle != null) {
      List.copyOf(watches).forEach(watch -> watch.onContact(handle));
      reads.onContact(handle);
      newcomer.end();
    } else {
      watches.forEach(RecursiveWatch::onNoContact);
      reads.onNoContact();
    }
    if (event instanceof SessionEvent.OutOfTime) {
      newcomer.onOutOfTime();
    }
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public CompletionStage<ReadOutcome<Node>> read(String path) {
    loop.assertInLoop();
    return reads.read(
        path,
        (handle, answer) ->
            handle.getData(
                chroot.full(path),
                false,
                (rc, full, context, data, stat) ->
                    answer.accept(
                        rc,
                        stat == null
                            ? null
                            : new Node(
                                data == null ? ByteString.EMPTY : ByteString.copyFrom(data),
                                stat.getVersion(),
                                stat.getEphemeralOwner(),
                                stat.getCzxid())),
                null));
  }

  @Override
  public CompletionStage<ReadOutcome<List<String>>> children(String path) {
    loop.assertInLoop();
    return reads.read(
        path,
        (handle, answer) ->
            handle.getChildren(
                chroot.full(path),
                false,
                (rc, full, context, names) -> answer.accept(rc, names),
                null));
  }

  @Override
  public CompletionStage<WriteOutcome> create(String path, ByteString data, NodeKind kind) {
    if (path.equals("/")) {
      return createChroot();
    }
    return transact(List.of(new StoreOp.Create(path, data, kind)));
  }

  /** From the top down, each on its own: only the last one's outcome matters. */
  private CompletionStage<WriteOutcome> createChroot() {
    loop.assertInLoop();
    CompletionStage<WriteOutcome> last =
        CompletableFuture.completedFuture(
            new WriteOutcome.Conflict(WriteOutcome.Conflict.Kind.EXISTS, "/", 0));
    for (String ancestor : chroot.ancestors()) {
      last =
          write(
              "/",
              (handle, answer) ->
                  handle.create(
                      ancestor,
                      new byte[0],
                      ZooDefs.Ids.OPEN_ACL_UNSAFE,
                      org.apache.zookeeper.CreateMode.PERSISTENT,
                      (rc, full, context, name) -> answer.accept(outcome(rc, "/", 0)),
                      null));
    }
    return last;
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
    List<StoreOp> steps = List.copyOf(ops);
    return write(
        steps.get(0).path(),
        (handle, answer) ->
            handle.multi(
                Transactions.toZooKeeper(steps, chroot),
                (rc, full, context, results) ->
                    answer.accept(Outcomes.ofTransaction(rc, results, steps)),
                null));
  }

  private static WriteOutcome outcome(int rc, String path, int version) {
    Code code = Code.get(rc);
    return code == Code.OK ? WriteOutcome.Applied.at(version) : Outcomes.failure(code, path, 0);
  }

  private CompletionStage<WriteOutcome> write(
      String path, BiConsumer<ZooKeeper, Consumer<WriteOutcome>> sending) {
    ZooKeeper handle = session.connected();
    if (handle == null) {
      return CompletableFuture.completedFuture(
          new Rejected(Rejected.Reason.NO_CONTACT, "no contact with ZooKeeper, wrote no " + path));
    }
    CompletableFuture<WriteOutcome> outcome = new CompletableFuture<>();
    try {
      sending.accept(handle, result -> loop.execute(() -> outcome.complete(result)));
    } catch (IllegalArgumentException notAPath) {
      // ZooKeeper's client checks paths before it sends anything.
      outcome.complete(
          new Rejected(Rejected.Reason.INVALID, String.valueOf(notAPath.getMessage())));
    }
    return outcome;
  }

  @Override
  public CompletionStage<Boolean> sync(String path) {
    loop.assertInLoop();
    ZooKeeper handle = session.connected();
    if (handle == null) {
      return CompletableFuture.completedFuture(false);
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    handle.sync(
        chroot.full(path),
        (rc, full, context) -> loop.execute(() -> done.complete(Code.get(rc) == Code.OK)),
        null);
    return done;
  }

  @Override
  public Subscription watchRecursive(String path, Consumer<String> listener) {
    loop.assertInLoop();
    RecursiveWatch watch = new RecursiveWatch(loop, chroot, path, listener, watches::remove);
    watches.add(watch);
    ZooKeeper handle = session.connected();
    if (handle != null) {
      watch.onContact(handle);
    }
    return watch;
  }

  @Override
  public Subscription onSession(Consumer<SessionEvent> listener) {
    loop.assertInLoop();
    session.add(listener);
    return () -> session.remove(listener);
  }

  @Override
  public OptionalLong sessionId() {
    loop.assertInLoop();
    @Nullable ZooKeeper handle = session.connected();
    return handle == null ? OptionalLong.empty() : OptionalLong.of(handle.getSessionId());
  }

  @Override
  public int sessionTimeoutMillis() {
    loop.assertInLoop();
    return session.timeoutMillis();
  }

  @Override
  public void close() {
    loop.execute(
        () -> {
          closed = true;
          session.close();
          reads.close();
          newcomer.end();
        });
    // Waits until the server has ended the session, or contact is lost.
    curator.close();
    loop.stop();
    if (!loop.inLoop()) {
      try {
        if (!loop.awaitStopped(SECONDS.toNanos(5))) {
          log.warn("{} has not ended within 5 s", loop.name());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
