package io.millrace.client;

import io.millrace.client.cluster.BrokerAddresses;
import io.millrace.client.cluster.BrokerDiscovery;
import io.millrace.client.cluster.BrokerDiscoverySettings;
import io.millrace.client.cluster.Cluster;
import io.millrace.client.cluster.ClusterSettings;
import io.millrace.client.cluster.ZooKeeperDiscovery;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.InterruptException;
import io.millrace.client.errors.InvalidSettingException;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Transport;
import io.millrace.rpc.netty.NettyTransport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one client runs on: its loop, its network, its discovery. The blocking facades wait here for
 * what happens on the loop. Safe for any thread.
 */
final class ClientRuntime {
  private static final Logger log = LoggerFactory.getLogger(ClientRuntime.class);

  private static final int MAX_IN_FLIGHT_REQUESTS = 100;
  private static final long MAX_CONNECT_MILLIS = 10_000;

  /** Another broker can be asked as well. */
  private static final long MAX_ASK_CONNECT_MILLIS = 3_000;

  private static final int MAX_METADATA_BYTES = 64 << 20;
  private static final Duration LONGEST = Duration.ofDays(10_000);

  private final Tasks tasks;
  private final Transport transport;
  private final EventLoop loop;
  private final Discovery discovery;
  private final Cluster cluster;
  private final String name;
  private final MetricsSink sink;

  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile boolean stopping;
  private final CompletableFuture<Boolean> stopped = new CompletableFuture<>();

  /** Over parts that it closes in the end; for the product and for tests. */
  ClientRuntime(
      ClientSettings settings,
      int maxResponseBytes,
      Tasks tasks,
      Transport transport,
      Discovery discovery) {
    this.tasks = tasks;
    this.transport = transport;
    this.loop = transport.loops().get(0);
    this.discovery = discovery;
    this.name = settings.clientId();
    long connectMillis = Math.min(MAX_CONNECT_MILLIS, settings.requestTimeout().toMillis());
    ConnectionSettings connection =
        ConnectionSettings.of(name, version())
            .withConnectTimeoutMillis(connectMillis)
            .withMaxResponseSize(maxResponseBytes)
            .withMaxInFlight(MAX_IN_FLIGHT_REQUESTS, 1 << 30);
    this.cluster =
        new Cluster(
            loop,
            tasks,
            discovery,
            (to, clusterId, listener) ->
                RpcClient.connect(
                    transport, loop, to, connection.withClusterId(clusterId), listener),
            ClusterSettings.of(settings));
    settings.metricsSink().ifPresent(sink -> reportLater(sink, settings.metricsInterval()));
    this.sink = settings.metricsSink().orElse((id, metrics) -> {});
  }

  // ---- Figures ---------------------------------------------------------------------------------

  /** As they are now; from any thread. */
  List<Metric> metrics() {
    return cluster.figures().snapshot();
  }

  private void reportLater(MetricsSink to, Duration interval) {
    loop.schedule(
        interval.toNanos(),
        () -> {
          if (!stopping) {
            report(to);
            reportLater(to, interval);
          }
        });
  }

  private void report(MetricsSink to) {
    try {
      to.report(name, metrics());
    } catch (Throwable thrown) {
      // Whatever it is, it is the application's.
      log.error("the metrics sink of {} threw; nothing but this is affected", name, thrown);
    }
  }

  // ---- What it stands on -----------------------------------------------------------------------

  /**
   * The real thing: TCP, threads, and the discovery that the settings or the address ask for.
   *
   * @throws InvalidSettingException the cluster's address is malformed
   */
  static ClientRuntime start(ClientSettings settings, int maxResponseBytes) {
    Tasks tasks = new SystemTasks();
    Function<Transport, Discovery> opener = discovery(settings, tasks);
    Transport transport = NettyTransport.ofClient(tasks, settings.clientId() + "-");
    return new ClientRuntime(settings, maxResponseBytes, tasks, transport, opener.apply(transport));
  }

  /** What is wrong with the address shows here, before anything is started. */
  private static Function<Transport, Discovery> discovery(ClientSettings settings, Tasks tasks) {
    if (settings.discovery().isPresent()) {
      Discovery discovery = settings.discovery().get().open(settings);
      return transport -> discovery;
    }
    if (!BrokerAddresses.isMeant(settings.cluster())) {
      // Not named before: no class of ZooKeeper's is loaded by who goes through brokers.
      Discovery discovery = ZooKeeperDiscovery.open(settings, tasks);
      return transport -> discovery;
    }
    BrokerAddresses addresses;
    try {
      addresses = BrokerAddresses.parse(settings.cluster());
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingException("cluster", "cluster: " + e.getMessage());
    }
    return transport -> brokerDiscovery(settings, addresses, tasks, transport);
  }

  /** Over a connection of its own, on the client's loop. */
  static BrokerDiscovery brokerDiscovery(
      ClientSettings settings, BrokerAddresses addresses, Tasks tasks, Transport transport) {
    EventLoop loop = transport.loops().get(0);
    ConnectionSettings connection =
        ConnectionSettings.of(settings.clientId(), version())
            .withConnectTimeoutMillis(
                Math.min(MAX_ASK_CONNECT_MILLIS, settings.requestTimeout().toMillis()))
            .withMaxResponseSize(MAX_METADATA_BYTES);
    return new BrokerDiscovery(
        addresses,
        BrokerDiscoverySettings.of(settings),
        loop,
        tasks,
        (to, clusterId, listener) ->
            RpcClient.connect(transport, loop, to, connection.withClusterId(clusterId), listener));
  }

  private static String version() {
    String version = ClientRuntime.class.getPackage().getImplementationVersion();
    return version == null ? "unreleased" : version;
  }

  Cluster cluster() {
    return cluster;
  }

  EventLoop loop() {
    return loop;
  }

  boolean isClosing() {
    return closing.get();
  }

  /** Whether the loop may not run what it is given any more. */
  boolean isStopping() {
    return stopping;
  }

  // ---- Waiting ---------------------------------------------------------------------------------

  /**
   * Starts something on the loop and waits for it.
   *
   * @param timeoutNanos not positive: does not wait
   * @param what for the exception's message, when the thread is interrupted
   * @return what the future was completed with
   * @throws TimeoutException it was not completed in time
   * @throws InterruptException interrupted; the flag is set again
   */
  <T> T await(long timeoutNanos, String what, Consumer<CompletableFuture<T>> start)
      throws TimeoutException {
    CompletableFuture<T> future = new CompletableFuture<>();
    loop.execute(() -> start.accept(future));
    return await(future, timeoutNanos, what);
  }

  /** As above, for a future that completes by itself. */
  <T> T await(CompletableFuture<T> future, long timeoutNanos, String what) throws TimeoutException {
    if (stopping) {
      future.completeExceptionally(new ClosedException("the client has been closed"));
    }
    try {
      return future.get(Math.max(0, timeoutNanos), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    } catch (ExecutionException e) {
      throw expected(e.getCause());
    }
  }

  /** Sets the thread's flag again and makes the exception that tells. */
  static InterruptException interrupted(String what, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new InterruptException("interrupted while waiting for " + what, e);
  }

  private static MillraceException expected(@Nullable Throwable e) {
    if (e instanceof MillraceException expected) {
      return expected;
    }
    throw new IllegalStateException("failed in a way that nobody foresaw", e);
  }

  /** Of a time-out that a user gave; as long as there are numbers for. */
  static long nanos(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("a negative time-out: " + timeout);
    }
    return timeout.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : timeout.toNanos();
  }

  // ---- Ending ----------------------------------------------------------------------------------

  /** True for the first who asks: it shall call {@link #stop} in the end, on the loop. */
  boolean beginClosing() {
    return closing.compareAndSet(false, true);
  }

  /**
   * On the loop: closes connections, and ends the rest on a thread of its own, because a loop
   * cannot wait for its own end.
   */
  void stop() {
    loop.assertInLoop();
    stopping = true;
    cluster.close();
    report(sink);
    Tasks.Worker closer = tasks.worker(name + "-closer");
    closer.execute(
        () -> {
          try {
            discovery.close();
            transport.close();
          } finally {
            stopped.complete(true);
            closer.stop();
          }
        });
  }

  /** Runs when the loop has ended; at once if it has. */
  void onStopped(Runnable action) {
    CompletableFuture<Void> unused = stopped.thenRun(action);
  }

  /** Waits for the end; on the loop itself returns at once. */
  void awaitStopped() {
    awaitStopped(LONGEST.toNanos());
  }

  /** As above, for at most so long; it goes on ending behind that. */
  void awaitStopped(long timeoutNanos) {
    if (loop.inLoop()) {
      return;
    }
    try {
      stopped.get(timeoutNanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      log.info(
          "{} is still closing after {} ms", name, TimeUnit.NANOSECONDS.toMillis(timeoutNanos));
    } catch (InterruptedException e) {
      throw interrupted("the client to close", e);
    } catch (ExecutionException e) {
      throw expected(e.getCause());
    }
  }
}
