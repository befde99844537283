package io.millrace.server.broker;

import io.millrace.coordination.election.LeavingInDoubt;
import io.millrace.coordination.election.Loss;
import io.millrace.coordination.election.Remains;
import io.millrace.coordination.membership.DoubtfulStart;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.cluster.Replicas;
import io.millrace.storage.directory.DataDirectory;
import io.millrace.storage.directory.Doubt;
import io.millrace.storage.directory.Doubts;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.directory.StartState;
import io.millrace.storage.files.DiskFullException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
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

  /** By the last try; from the store's loop to the housekeeping worker. */
  private volatile @Nullable Left leftOf;

  /**
   * @param of whose nodes were there
   */
  private record Left(Loss loss, Set<PartitionName> of) {}

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
    leftOf = null;
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
    Set<PartitionName> found = found(image);
    LeavingInDoubt.Copies copies =
        new LeavingInDoubt.Copies() {
          @Override
          public Remains of(String topicId, int partition) {
            return replicas.remainsOf(topicId, partition, loss);
          }

          @Override
          public void notThere(String topicId, int partition) {
            found.remove(new PartitionName(topicId, partition));
          }
        };
    leaving
        .leaveAll(image, self, copies)
        .whenComplete(
            (done, bug) -> {
              leftOf = new Left(loss, Set.copyOf(found));
              left.complete(bug == null && Boolean.TRUE.equals(done));
            });
  }

  /** Of these the sets are known, and will be left, or do not name this broker. */
  private static Set<PartitionName> found(ClusterImage image) {
    Set<PartitionName> found = new HashSet<>();
    for (TopicImage topic : image.topics().values()) {
      for (PartitionImage partition : topic.partitions()) {
        if (partition != null) {
          found.add(new PartitionName(topic.id(), partition.partition()));
        }
      }
    }
    return found;
  }

  /**
   * Before the boot id, which makes the next start believe what is here: what could not be left
   * stays in doubt. On the housekeeping worker.
   */
  private void recordDoubts() throws IOException {
    Left left = leftOf;
    if (left == null) {
      return; // only where the order is left out on purpose
    }
    Doubts doubts = directory.doubts();
    Map<PartitionName, Doubt> stay = new HashMap<>(doubts.all());
    Doubt doubt = left.loss() == Loss.UNFLUSHED ? Doubt.UNFLUSHED : Doubt.COPY;
    for (PartitionName name : directory.partitions()) {
      stay.merge(name, doubt, (one, other) -> one.compareTo(other) >= 0 ? one : other);
    }
    stay.keySet().removeAll(left.of());
    if (!stay.isEmpty()) {
      LOG.warn(
          "replicas that stay in doubt, since ZooKeeper does not know their partitions now: {}. They"
              + " leave their sets first if it ever does again",
          stay.size());
    }
    doubts.replace(stay, doubts.includeAbsent() || left.loss() != Loss.UNFLUSHED);
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
      recordDoubts();
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
