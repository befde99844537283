package io.millrace.dist;

import io.millrace.cli.CommandFailedException;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.netty.NettyHttpTransport;
import io.millrace.rpc.netty.NettyTransport;
import io.millrace.server.broker.Broker;
import io.millrace.server.broker.BrokerSeams;
import io.millrace.server.broker.Failure;
import io.millrace.server.broker.StartOutcome;
import io.millrace.server.config.BrokerSettings;
import io.millrace.storage.files.NioDisk;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A broker on this machine's threads, sockets and files. Used by the main thread alone. */
final class RunningBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunningBroker.class);

  /** What is dirty must reach the disk; a supervisor's own patience is longer (180 s). */
  private static final long STOP_TIMEOUT_SECONDS = 120;

  private final NettyTransport transport;
  private final Broker broker;
  private final CompletableFuture<StartOutcome> started;
  private final CompletableFuture<Failure> failed = new CompletableFuture<>();

  /** Begins to start it; nothing is waited for. */
  RunningBroker(BrokerSettings settings, Tasks tasks, String threadPrefix) {
    int processors = Runtime.getRuntime().availableProcessors();
    int loops = settings.loopThreads() == 0 ? processors : settings.loopThreads();
    this.transport = new NettyTransport(tasks, loops, threadPrefix);
    this.broker =
        new Broker(
            settings,
            new BrokerSeams(
                transport,
                () -> new NettyHttpTransport(threadPrefix),
                new NioDisk(),
                tasks,
                BrokerSeams.StoreOpener.ZOOKEEPER),
            failed::complete);
    this.started = broker.start().toCompletableFuture();
  }

  /** Completes when it is ready or has failed to become so. */
  CompletableFuture<StartOutcome> started() {
    return started;
  }

  /** Completes only when it was ready and cannot go on. */
  CompletableFuture<Failure> failed() {
    return failed;
  }

  /** For the user and the supervisor. */
  static CommandFailedException report(Failure failure) {
    ServerExit exit =
        switch (failure.kind()) {
          case CLUSTER_UNREACHABLE -> ServerExit.NO_ZOOKEEPER;
          case DATA_DIRECTORY, NOT_A_MEMBER -> ServerExit.DIRECTORY_REFUSED;
          case LISTENER, DISK_FAILED, INTERNAL -> ServerExit.FAILED;
        };
    return exit.because(failure.message());
  }

  /** Ends its connections without a word, as a death would; the rest ends with this process. */
  void die() {
    transport.close();
  }

  /** Stops it cleanly, if it still runs. */
  @Override
  public void close() {
    try {
      boolean clean =
          broker.stop().toCompletableFuture().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      LOG.debug("stopped, clean: {}", clean);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.error("the broker did not stop cleanly; its next start reads the logs' ends again", e);
    } finally {
      transport.close();
    }
  }
}
