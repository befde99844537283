package io.millrace.server.broker;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.membership.ClusterIdentity;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.Tasks;
import io.millrace.server.config.BrokerSettings;
import io.millrace.server.health.BrokerHealth;
import io.millrace.server.health.DiskWatch;
import io.millrace.server.health.HealthBoard;
import io.millrace.server.health.HealthBoard.Part;
import io.millrace.server.health.StallWatch;
import io.millrace.server.metrics.BrokerMetrics;
import io.millrace.server.partition.Shard;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.Identity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One broker, from start to stop. {@link #start} and {@link #stop} are called once each, by any
 * thread; what happens in between runs on the workers and loops that the seams give.
 *
 * <p>Start: lock the data directory, find the cluster, bind the directory to it, then put the parts
 * together ({@link Member}) and become a member. Owner of the state: the housekeeping worker.
 */
public final class Broker {
  private static final Logger LOG = LoggerFactory.getLogger(Broker.class);
  private static final long RETRY_NANOS = MILLISECONDS.toNanos(200);

  /** A loop touches no disk beyond the page cache; a force may take long. */
  private static final long LOOP_PATIENCE_MILLIS = 3_000;

  private static final long DISK_PATIENCE_MILLIS = 10_000;

  private final BrokerSettings settings;
  private final BrokerSeams seams;
  private final Consumer<Failure> onFatal;
  private final Tasks.Worker housekeeping;
  private final Tasks.Worker flush;
  private final Tasks.Worker coldRead;
  private final CompletableFuture<StartOutcome> started = new CompletableFuture<>();
  private final CompletableFuture<Boolean> stopped = new CompletableFuture<>();
  private final long beganNanos;
  private final HealthBoard health = new HealthBoard();
  private final Monitoring monitoring = new Monitoring();
  private final BrokerMetrics metrics;

  private @Nullable DataDirectory directory;
  private @Nullable ClusterStore store;
  private @Nullable Member member;
  private Runnable stopWatching = () -> {};
  private boolean ending;

  /**
   * @param onFatal hears, once and on any thread, why a broker that had become ready cannot go on;
   *     it has stopped serving then, and the process should end
   */
  public Broker(BrokerSettings settings, BrokerSeams seams, Consumer<Failure> onFatal) {
    this.settings = settings;
    this.seams = seams;
    this.onFatal = onFatal;
    this.beganNanos = seams.tasks().clock().nanoTime();
    this.housekeeping = seams.tasks().worker("housekeeping");
    this.flush = seams.tasks().worker("flush");
    this.coldRead = seams.tasks().worker("cold-read");
    this.metrics =
        new BrokerMetrics(
            seams.tasks(),
            settings.identity().brokerId(),
            SoftwareVersion.CURRENT,
            health,
            seams.http() != BrokerSeams.HttpOpener.OFF);
    metrics.addThreads(List.of(housekeeping.name(), flush.name(), coldRead.name()));
  }

  /** From before the start until after the end. */
  public BrokerHealth health() {
    return health;
  }

  /** Completes when the broker is ready, or has failed to become so. */
  public CompletionStage<StartOutcome> start() {
    step(this::openDirectory);
    return started.copy();
  }

  /**
   * On the housekeeping worker; a bug in it ends the broker, rather than a start that never ends.
   */
  private void step(Runnable action) {
    housekeeping.execute(
        () -> {
          try {
            action.run();
          } catch (RuntimeException e) {
            LOG.error("a step of the start failed", e);
            fail(new Failure(Failure.Kind.INTERNAL, "the start failed: " + e));
          }
        });
  }

  private void openDirectory() {
    Path root = Path.of(settings.storage().dataDirectory());
    DataDirectory.Opening opening =
        DataDirectory.open(
            seams.disk(), root, settings.identity().brokerId(), seams.tasks().random());
    if (opening instanceof DataDirectory.Opening.Refused refused) {
      fail(new Failure(Failure.Kind.DATA_DIRECTORY, refused.why()));
      return;
    }
    DataDirectory opened = ((DataDirectory.Opening.Opened) opening).directory();
    directory = opened;
    try {
      // From here on whoever asks is told how far the start is.
      monitoring.open(seams.http(), settings.metricsListener(), metrics);
    } catch (Listeners.CannotListen e) {
      fail(new Failure(Failure.Kind.LISTENER, String.valueOf(e.getMessage())));
      return;
    }
    ClusterStore cluster = seams.stores().open(settings.cluster(), seams.tasks());
    store = cluster;
    LOG.info("looking for the cluster at {}", settings.cluster().address());
    health.bad(Part.LIFE, "starting: looking for the cluster at " + settings.cluster().address());
    long patienceMillis = settings.cluster().timeouts().connectMillis();
    long deadline = seams.tasks().clock().nanoTime() + MILLISECONDS.toNanos(patienceMillis);
    ClusterIdentity identity = new ClusterIdentity(cluster, seams.tasks());
    housekeeping.schedule(
        MILLISECONDS.toNanos(patienceMillis),
        () -> {
          if (member == null) {
            fail(unreachable("no answer"));
          }
        });
    establish(identity, opened, deadline);
  }

  private Failure unreachable(String why) {
    return new Failure(
        Failure.Kind.CLUSTER_UNREACHABLE,
        "ZooKeeper at "
            + settings.cluster().address()
            + " could not be reached within "
            + settings.cluster().timeouts().connectMillis()
            + " ms: "
            + why
            + ". Is it running, and is the address right?");
  }

  private void establish(ClusterIdentity identity, DataDirectory opened, long deadlineNanos) {
    identity
        .establish(opened.identity().map(Identity::clusterId))
        .whenComplete(
            (outcome, bug) ->
                step(
                    () -> {
                      if (ending) {
                        return;
                      }
                      if (bug != null) {
                        fail(new Failure(Failure.Kind.INTERNAL, "finding the cluster: " + bug));
                      } else {
                        onEstablished(identity, opened, deadlineNanos, outcome);
                      }
                    }));
  }

  private void onEstablished(
      ClusterIdentity identity,
      DataDirectory opened,
      long deadlineNanos,
      ClusterIdentity.Outcome outcome) {
    if (outcome instanceof ClusterIdentity.Outcome.Refused refused) {
      fail(new Failure(Failure.Kind.DATA_DIRECTORY, refused.why()));
    } else if (outcome instanceof ClusterIdentity.Outcome.Unavailable unavailable) {
      if (seams.tasks().clock().nanoTime() - deadlineNanos >= 0) {
        fail(unreachable(unavailable.why()));
      } else {
        housekeeping.schedule(
            RETRY_NANOS,
            () -> {
              if (!ending) {
                establish(identity, opened, deadlineNanos);
              }
            });
      }
    } else {
      join(((ClusterIdentity.Outcome.Established) outcome).clusterId(), opened);
    }
  }

  private void join(String clusterId, DataDirectory opened) {
    ClusterStore cluster = store;
    if (cluster == null) {
      throw new IllegalStateException("no store is open");
    }
    boolean isNew = opened.identity().isEmpty();
    try {
      Optional<String> foreign = opened.adopt(clusterId);
      if (foreign.isPresent()) {
        fail(new Failure(Failure.Kind.DATA_DIRECTORY, foreign.get()));
        return;
      }
      health.bad(Part.LIFE, "starting: registering, then opening and recovering partitions");
      Parts parts =
          Parts.assemble(
              settings,
              seams,
              cluster,
              opened,
              housekeeping,
              metrics.timedFlush(flush),
              coldRead,
              health,
              this::onDiskFailure);
      Member joining =
          new Member(
              settings,
              seams,
              new Member.Joining(
                  cluster,
                  opened,
                  housekeeping,
                  clusterId,
                  isNew,
                  health,
                  metrics,
                  monitoring.address()),
              parts,
              this::onReady,
              this::failFromAnywhere);
      member = joining;
      joining.start();
      watch(cluster);
    } catch (Listeners.CannotListen e) {
      fail(new Failure(Failure.Kind.LISTENER, String.valueOf(e.getMessage())));
    } catch (IOException e) {
      fail(new Failure(Failure.Kind.DATA_DIRECTORY, "the data directory failed: " + e));
    }
  }

  private void watch(ClusterStore cluster) {
    StallWatch stalls = new StallWatch(cluster.loop(), health);
    seams.transport().loops().forEach(loop -> stalls.add(loop, LOOP_PATIENCE_MILLIS));
    stalls.add(flush, DISK_PATIENCE_MILLIS);
    stalls.start();
    DiskWatch room =
        new DiskWatch(
            housekeeping, seams.disk(), Path.of(settings.storage().dataDirectory()), health);
    room.start();
    metrics.addDisk(room::usableBytes);
    stopWatching =
        () -> {
          room.stop();
          cluster.loop().execute(stalls::stop);
        };
  }

  private void onReady(StartOutcome.Ready ready) {
    health.good(Part.LIFE);
    long millis = (seams.tasks().clock().nanoTime() - beganNanos) / 1_000_000;
    LOG.info(
        "broker {} is ready after {} ms: cluster {}, incarnation {}, clients at {}, brokers at {},"
            + " monitoring at {}",
        ready.brokerId(),
        millis,
        ready.clusterId(),
        ready.incarnation(),
        ready.client(),
        ready.internal(),
        ready.metrics().map(Endpoint::toString).orElse("nowhere"));
    started.complete(ready);
  }

  private void onDiskFailure(Throwable cause) {
    failFromAnywhere(
        new Failure(
            Failure.Kind.DISK_FAILED,
            "the disk under "
                + settings.storage().dataDirectory()
                + " failed to keep what was written ("
                + cause
                + "); nothing it holds of the last moments can be trusted. Check the disk, then"
                + " start again"));
  }

  private void failFromAnywhere(Failure failure) {
    housekeeping.execute(() -> fail(failure));
  }

  /** Ends without a clean mark; whatever was acknowledged before stays as true as it was. */
  private void fail(Failure failure) {
    if (ending) {
      return;
    }
    ending = true;
    health.dead(Part.LIFE, failure.message());
    if (started.isDone()) {
      LOG.error("broker {}: {}", settings.identity().brokerId(), failure.message());
    } // else who has started it is told, and tells
    if (member != null) {
      member.halt();
    }
    letGo();
    if (!started.complete(new StartOutcome.Failed(failure))) {
      onFatal.accept(failure);
    }
    stopped.complete(false);
  }

  /**
   * Stops cleanly: takes no more requests, flushes, writes the clean mark, leaves the cluster.
   *
   * @return completes with whether the next start will find everything as it was left
   */
  public CompletionStage<Boolean> stop() {
    housekeeping.execute(
        () -> {
          if (ending) {
            return;
          }
          ending = true;
          health.bad(Part.LIFE, "stopping");
          if (member == null) {
            letGo();
            started.complete(
                new StartOutcome.Failed(
                    new Failure(Failure.Kind.INTERNAL, "stopped before it was ready")));
            stopped.complete(false);
          } else {
            LOG.info("broker {} is stopping", settings.identity().brokerId());
            member.stop(clean -> housekeeping.execute(() -> onStopped(clean)));
          }
        });
    return stopped.copy();
  }

  private void onStopped(boolean clean) {
    letGo();
    LOG.info(
        "broker {} has stopped{}",
        settings.identity().brokerId(),
        clean ? "" : ", not cleanly: the next start reads the ends of the logs again");
    started.complete(
        new StartOutcome.Failed(new Failure(Failure.Kind.INTERNAL, "stopped before it was ready")));
    stopped.complete(clean);
  }

  /** The session first, so that others need not wait for it; the lock last. */
  private void letGo() {
    stopWatching.run();
    monitoring.close();
    metrics.close();
    if (store != null) {
      store.close();
    }
    if (directory != null) {
      directory.close();
    }
    flush.stop();
    coldRead.stop();
    housekeeping.stop();
  }

  /** For a simulation, which looks from outside; none before the cluster was found. */
  List<Shard> shards() {
    Member joined = member;
    return joined == null ? List.of() : joined.shards();
  }
}
