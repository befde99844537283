package io.millrace.server.broker;

import io.millrace.coordination.election.LeavingInDoubt;
import io.millrace.coordination.membership.BrokerRegistration;
import io.millrace.coordination.membership.BrokerSelf;
import io.millrace.coordination.membership.LastRun;
import io.millrace.coordination.membership.RegistrationListener;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.explain.Reason;
import io.millrace.server.health.HealthBoard;
import io.millrace.server.health.HealthBoard.Part;
import io.millrace.server.metrics.BrokerMetrics;
import io.millrace.server.metrics.ClusterMetrics;
import io.millrace.server.partition.Shard;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.StartState;
import io.millrace.storage.files.DiskFullException;
import io.millrace.wire.v1.HelloResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's life as a member of its cluster: listens, registers, follows the cluster's image, and
 * registers anew when its session has ended. Owner: the store's loop, once it has joined.
 */
final class Member implements RegistrationListener {
  private static final Logger LOG = LoggerFactory.getLogger(Member.class);
  private static final long RECORD_AGAIN_NANOS = 1_000_000_000;

  private final BrokerSettings settings;
  private final BrokerSeams seams;
  private final ClusterStore store;
  private final EventLoop loop;
  private final DataDirectory directory;
  private final EventLoop housekeeping;
  private final Parts parts;
  private final String clusterId;
  private final HealthBoard health;
  private final ClusterMetrics clusterMetrics;
  private final Optional<Endpoint> metricsAddress;
  private final Consumer<Failure> onFatal;
  private final Listeners listeners;
  private final BrokerRegistration registration;
  private final Consumer<StartOutcome.Ready> onReady;

  /** 0: not registered. Read by every loop, for Hello. */
  private volatile int incarnation;

  private boolean wasReady;
  private boolean sawCluster;
  private boolean ended;

  /**
   * What a member is made of beside its parts.
   *
   * @param isNewDirectory it belonged to no cluster before
   */
  record Joining(
      ClusterStore store,
      DataDirectory directory,
      EventLoop housekeeping,
      String clusterId,
      boolean isNewDirectory,
      HealthBoard health,
      BrokerMetrics metrics,
      Optional<Endpoint> metricsAddress) {}

  /**
   * On the housekeeping worker: listens, and begins to register.
   *
   * @param onReady on the store's loop, once
   * @throws Listeners.CannotListen nothing is left open then
   */
  Member(
      BrokerSettings settings,
      BrokerSeams seams,
      Joining joining,
      Parts parts,
      Consumer<StartOutcome.Ready> onReady,
      Consumer<Failure> onFatal)
      throws Listeners.CannotListen {
    this.settings = settings;
    this.seams = seams;
    this.store = joining.store();
    this.loop = store.loop();
    this.directory = joining.directory();
    this.housekeeping = joining.housekeeping();
    this.clusterId = joining.clusterId();
    this.health = joining.health();
    health.bad(Part.MEMBERSHIP, "not registered in the cluster yet");
    BrokerMetrics metrics = joining.metrics();
    metrics.addShards(parts.shards(), id -> parts.catalog().get().topicsById().containsKey(id));
    metrics.addLogs(parts.logs().counters());
    metrics.addGroups(parts.coordinators());
    this.clusterMetrics = metrics.cluster();
    clusterMetrics.setDefaults(settings.topics());
    clusterMetrics.addElections(parts.elections());
    clusterMetrics.addRefusedNodes(() -> parts.view().refusedNodes().size());
    this.metricsAddress = joining.metricsAddress();
    this.parts = parts;
    this.onReady = onReady;
    this.onFatal = onFatal;
    this.listeners = Listeners.open(seams.transport(), settings, this::hello, parts.api(), metrics);
    this.registration =
        new BrokerRegistration(
            store,
            self(),
            lastRun(directory.startState(), joining.isNewDirectory()),
            new DoubtfulLeaving(
                settings.identity().brokerId(),
                parts.view(),
                parts.replicas(),
                new LeavingInDoubt(store),
                directory,
                housekeeping),
            this);
  }

  private static LastRun lastRun(StartState state, boolean isNewDirectory) {
    if (isNewDirectory) {
      return LastRun.NONE;
    }
    if (state instanceof StartState.Clean clean) {
      return LastRun.believed(clean.incarnation());
    }
    if (state instanceof StartState.ProcessCrash crash) {
      return LastRun.believed(crash.incarnation());
    }
    return state instanceof StartState.Doubtful doubtful
        ? LastRun.inDoubt(doubtful.incarnation())
        : LastRun.IN_DOUBT;
  }

  private BrokerSelf self() {
    String bootId = directory.bootId();
    return new BrokerSelf(
        settings.identity().brokerId(),
        directory.directoryId(),
        // Where the machine does not tell, no two starts may be taken for the same.
        bootId.isEmpty() ? "unknown-" + seams.tasks().random().nextLong() : bootId,
        listeners.advertised(),
        settings.identity().rack(),
        SoftwareVersion.CURRENT,
        settings.identity().acceptsNewDirectory());
  }

  private HelloResponse hello() {
    return HelloResponse.newBuilder()
        .setClusterId(clusterId)
        .setBrokerId(settings.identity().brokerId())
        .setIncarnation(incarnation)
        .setBrokerVersion(SoftwareVersion.CURRENT)
        .setLimits(HelloLimits.of(settings.requests(), settings.topics()))
        .build();
  }

  /** Begins. Any thread. */
  void start() {
    parts.view().onChange(this::onImage);
    registration.start();
  }

  private void onImage(ClusterImage image) {
    if (!ended && !image.equals(ClusterImage.EMPTY)) {
      see(image);
    }
  }

  private void see(ClusterImage image) {
    clusterMetrics.onImage(image);
    Catalog catalog = parts.catalog().set(image);
    parts.replicas().onCatalog(catalog);
    parts.trash().onCatalog(catalog);
    if (!sawCluster) {
      sawCluster = true;
      parts.trash().start(catalog);
    }
  }

  @Override
  public void registered(int as) {
    incarnation = as;
    clusterMetrics.onRegistered(as);
    parts.waits().end(Reason.NO_ZOOKEEPER, "");
    tellOfAnotherSessionTimeout();
    health.good(Part.MEMBERSHIP);
    housekeeping.execute(() -> record(as, false));
  }

  /** A full disk is waited for: a start that ends would only be tried again. */
  private void record(int as, boolean isTold) {
    if (incarnation != as) {
      return;
    }
    try {
      directory.recordRun(as);
      loop.execute(() -> onRecorded(as));
    } catch (DiskFullException e) {
      if (!isTold) {
        LOG.error(
            "the disk is full, so this run cannot be recorded, and nothing is served until it can:"
                + " {}. Free some space; no restart is needed",
            e.getMessage());
      }
      housekeeping.schedule(RECORD_AGAIN_NANOS, () -> record(as, true));
    } catch (IOException e) {
      onFatal.accept(new Failure(Failure.Kind.DISK_FAILED, "the run could not be recorded: " + e));
    }
  }

  /** ZooKeeper bends a time-out to its own bounds and says so to nobody. B67. */
  private void tellOfAnotherSessionTimeout() {
    int asked = settings.cluster().timeouts().sessionMillis();
    int granted = store.sessionTimeoutMillis();
    if (granted != asked) {
      LOG.warn(
          "ZooKeeper grants a session of {} ms, not the {} ms of cluster.session.timeout.ms: its"
              + " servers allow 2 to 20 of their ticks (tickTime). A broker that dies is missed"
              + " after {} ms",
          granted,
          asked,
          granted);
    }
  }

  private void onRecorded(int as) {
    if (ended || incarnation != as) {
      return;
    }
    parts
        .view()
        .refresh()
        .whenComplete(
            (image, closed) -> {
              if (closed == null && !ended && incarnation == as) {
                // Only by what was read in this session: what was led before may be another's now.
                see(image);
                parts.fetchers().setIncarnation(as);
                parts.replicas().onRegistered(as);
                parts.replicas().setLease(true);
                parts.api().serveClients();
                parts.replicas().whenSettled(this::ready);
              }
            });
  }

  private void ready() {
    if (!wasReady && !ended) {
      wasReady = true;
      parts.leaders().leaderships().start();
      parts.api().serve();
      onReady.accept(
          new StartOutcome.Ready(
              clusterId,
              settings.identity().brokerId(),
              incarnation,
              listeners.client().address(),
              listeners.internal().address(),
              metricsAddress));
    }
  }

  @Override
  public void suspended() {
    parts.waits().begin(Reason.NO_ZOOKEEPER, "", "no contact with ZooKeeper");
    clusterMetrics.onSession(ClusterMetrics.Session.SUSPENDED);
    LOG.warn(
        "no contact with ZooKeeper: partitions led here are served on, nothing else can change");
  }

  @Override
  public void resumed() {
    parts.waits().end(Reason.NO_ZOOKEEPER, "");
    clusterMetrics.onSession(ClusterMetrics.Session.CONNECTED);
    parts.replicas().setLease(true);
    LOG.info("in contact with ZooKeeper again, in the same session");
    health.good(Part.MEMBERSHIP);
  }

  @Override
  public void outOfTime() {
    // Others may lead by now. What waits for them cannot be acknowledged; the leader's level waits
    // for nobody, so it ends here.
    parts.replicas().setLease(false);
    LOG.warn(
        "no contact with ZooKeeper for the session's time-out: serving on, but for producers of level"
            + " leader where there are other replicas");
    health.bad(
        Part.MEMBERSHIP,
        "no contact with ZooKeeper for longer than the session's time-out: what is led here is"
            + " served, nothing else can change");
  }

  @Override
  public void expired() {
    clusterMetrics.onSession(ClusterMetrics.Session.ENDED);
    LOG.warn("the session with ZooKeeper has ended: leading nothing until registered anew");
    incarnation = 0;
    parts.fetchers().setIncarnation(0);
    health.bad(Part.MEMBERSHIP, "the session with ZooKeeper has ended; registering anew");
    parts.replicas().onExpired();
  }

  @Override
  public void refused(String why) {
    onFatal.accept(new Failure(Failure.Kind.NOT_A_MEMBER, why));
  }

  /** Ends at once: no flush, no clean mark, no goodbye. Any thread. */
  void halt() {
    parts.api().stop();
    listeners.close();
    parts.fetchers().stop();
    loop.execute(this::end);
    parts.view().close();
  }

  private void end() {
    ended = true;
    parts.replicas().stop();
    parts.leaders().leaderships().stop();
    parts.trash().stop();
  }

  /**
   * Stops in order. Any thread.
   *
   * @param then whether the clean mark stands
   */
  void stop(Consumer<Boolean> then) {
    // While others take over, everything is served as before: nobody shall notice.
    loop.execute(
        () ->
            parts
                .leaders()
                .leaderships()
                .leaveAll(
                    () -> {
                      parts.api().stop();
                      listeners.stopAccepting();
                      end();
                      new Draining(parts.shards(), loop).start(() -> closeLogs(then));
                    }));
  }

  private void closeLogs(Consumer<Boolean> then) {
    parts.fetchers().stop();
    parts
        .logs()
        .close(
            incarnation,
            clean ->
                registration
                    .stop()
                    .whenComplete(
                        (done, bug) -> {
                          listeners.close();
                          parts.view().close();
                          then.accept(clean && bug == null);
                        }));
  }

  /** For who looks from outside: what owns the partitions here. */
  List<Shard> shards() {
    return parts.shards();
  }
}
