package io.millrace.server.broker;

import io.millrace.coordination.election.LeavingInDoubt;
import io.millrace.coordination.election.Loss;
import io.millrace.coordination.membership.DoubtfulStart;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.rpc.EventLoop;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.Replicas;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.StartState;
import io.millrace.storage.files.DiskFullException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a broker whose page cache may be lost does before it registers: opens what it has, and
 * leaves every set that says it has everything. On the store's loop, but for the boot id.
 */
final class DoubtfulLeaving implements DoubtfulStart {
  private static final Logger LOG = LoggerFactory.getLogger(DoubtfulLeaving.class);

  private static final long RECORD_AGAIN_NANOS = 1_000_000_000;

  /** Of a run whose broker has not been given its incarnation yet. */
  private static final int NO_INCARNATION = 0;

  private final int self;
  private final ClusterView view;
  private final Replicas replicas;
  private final LeavingInDoubt leaving;
  private final DataDirectory directory;
  private final EventLoop housekeeping;

  DoubtfulLeaving(
      int self,
      ClusterView view,
      Replicas replicas,
      LeavingInDoubt leaving,
      DataDirectory directory,
      EventLoop housekeeping) {
    this.self = self;
    this.view = view;
    this.replicas = replicas;
    this.leaving = leaving;
    this.directory = directory;
    this.housekeeping = housekeeping;
  }

  @Override
  public CompletionStage<Boolean> leaveSets(Why why) {
    LOG.warn(
        "leaving the in-sync sets until what is here has been looked at: {}",
        switch (why) {
          case MACHINE_RESTARTED ->
              "what was not flushed may be gone, since "
                  + (directory.startState() instanceof StartState.Doubtful doubtful
                      ? doubtful.why()
                      : "the machine has restarted");
          case OLD_COPY -> "the data directory is not that of the last run";
          case NEW_DIRECTORY -> "the data directory is new, and that of the last run is lost";
        });
    return view.refresh()
        .thenCompose(
            image -> {
              CompletableFuture<Boolean> left = new CompletableFuture<>();
              replicas.onCatalog(Catalog.of(self, image));
              replicas.whenSettled(
                  () -> replicas.whenAllIsOpened(() -> leave(image, loss(why), left)));
              return left;
            });
  }

  private void leave(ClusterImage image, Loss loss, CompletableFuture<Boolean> left) {
    leaving
        .leaveAll(image, self, replicas::positionOf, loss)
        .whenComplete((done, bug) -> left.complete(bug == null && Boolean.TRUE.equals(done)));
  }

  private static Loss loss(Why why) {
    return switch (why) {
      case MACHINE_RESTARTED -> Loss.UNFLUSHED;
      case OLD_COPY -> Loss.SINCE_A_COPY;
      case NEW_DIRECTORY -> Loss.ALL;
    };
  }

  @Override
  public CompletionStage<Boolean> recordBootId() {
    CompletableFuture<Boolean> recorded = new CompletableFuture<>();
    housekeeping.execute(() -> record(recorded, false));
    return recorded;
  }

  private void record(CompletableFuture<Boolean> recorded, boolean isTold) {
    try {
      directory.recordRun(NO_INCARNATION);
      recorded.complete(true);
    } catch (DiskFullException e) {
      if (!isTold) {
        LOG.error(
            "the disk is full, so the boot id cannot be recorded, and this broker waits with"
                + " registering: {}. Free some space; no restart is needed",
            e.getMessage());
      }
      housekeeping.schedule(RECORD_AGAIN_NANOS, () -> record(recorded, true));
    } catch (IOException e) {
      LOG.error("the boot id could not be written into the data directory; trying again", e);
      recorded.complete(false);
    }
  }
}
