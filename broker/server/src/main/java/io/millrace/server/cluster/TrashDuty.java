package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.topics.DeletionProgress;
import io.millrace.coordination.topics.TopicDeletion;
import io.millrace.coordination.topics.TopicSweep;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.partition.PartitionId;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets rid of the data of topics that were deleted on purpose, and of nothing else. Owner: the
 * store's loop.
 *
 * <p>If we crash here: data in the trash is found there by the next start and emptied by age; data
 * that is not there yet is deleted when the topic's tombstone is seen again.
 */
public final class TrashDuty {
  private static final Logger LOG = LoggerFactory.getLogger(TrashDuty.class);
  private static final long RETRY_NANOS = SECONDS.toNanos(2);
  private static final long CHORES_NANOS = MINUTES.toNanos(5);
  private static final long KEPT_MILLIS = HOURS.toMillis(1);

  private final EventLoop loop;
  private final LocalPartitions partitions;
  private final TopicDeletion deletion;
  private final DeletionProgress progress;
  private final TopicSweep sweep;
  private final Set<String> releasing = new HashSet<>();
  private boolean stopped;

  public TrashDuty(
      EventLoop loop,
      LocalPartitions partitions,
      TopicDeletion deletion,
      DeletionProgress progress,
      TopicSweep sweep) {
    this.loop = loop;
    this.partitions = partitions;
    this.deletion = deletion;
    this.progress = progress;
    this.sweep = sweep;
  }

  /**
   * Begins with the first whole picture of the cluster: directories that no topic claims are
   * deleted if their topic was, and left alone otherwise; then the chores, now and then.
   */
  public void start(Catalog catalog) {
    loop.assertInLoop();
    for (PartitionId id : partitions.unopened()) {
      if (!catalog.topicsById().containsKey(id.topicId())) {
        fateOf(
            id,
            deleted -> {
              if (deleted) {
                delete(id, false, Optional.empty(), () -> {});
              } else {
                LOG.warn(
                    "{}: has data here, and the cluster has no such topic. It is neither served nor"
                        + " deleted; if nobody wants it, remove its directory while the broker is"
                        + " stopped",
                    id);
              }
            });
      }
    }
    doChores();
  }

  private void doChores() {
    if (stopped) {
      return;
    }
    partitions.emptyTrash(loop.clock().wallMillis() - KEPT_MILLIS);
    sweep.sweep().whenComplete((done, bug) -> logBug("sweeping", bug));
    loop.schedule(CHORES_NANOS, this::doChores);
  }

  public void stop() {
    loop.assertInLoop();
    stopped = true;
  }

  /** Topics whose other replicas died before they could confirm must not stay for ever. */
  public void onCatalog(Catalog catalog) {
    loop.assertInLoop();
    for (TopicImage topic : catalog.topicsById().values()) {
      if (topic.deleting() && releasing.add(topic.id())) {
        progress
            .releaseTheDead(topic, catalog.image())
            .whenComplete(
                (done, bug) -> {
                  releasing.remove(topic.id());
                  logBug("finishing the deletion of " + topic.name(), bug);
                });
      }
    }
  }

  private void logBug(String what, @Nullable Throwable bug) {
    if (bug != null && !stopped) { // a view that is closed by a stop ends its readings with one
      LOG.warn("{} failed and will be tried again", what, bug);
    }
  }

  /**
   * Whether a topic that the cluster does not know was deleted; asks until the store has an answer.
   */
  void fateOf(PartitionId id, Consumer<Boolean> deleted) {
    if (SafetyRule.R23.isLeftOut()) {
      deleted.accept(true);
      return;
    }
    deletion
        .fateOf(id.topicId())
        .whenComplete(
            (fate, bug) -> {
              if (bug != null || fate == TopicDeletion.Fate.UNKNOWN) {
                later(() -> fateOf(id, deleted));
              } else {
                deleted.accept(fate == TopicDeletion.Fate.DELETED);
              }
            });
  }

  /**
   * Moves a partition's data into the trash and, while its topic still has nodes, says so there.
   *
   * @param then once all of that is done
   */
  void delete(PartitionId id, boolean opened, Optional<TopicImage> topic, Runnable then) {
    partitions.delete(
        id,
        opened,
        "its topic is being deleted",
        moved -> {
          if (!moved) {
            later(() -> delete(id, opened, topic, then));
            return;
          }
          LOG.debug("{}: deleted with its topic, its data is in the trash", id);
          if (topic.isPresent()) {
            confirm(id, topic.get(), then);
          } else {
            then.run();
          }
        });
  }

  private void confirm(PartitionId id, TopicImage topic, Runnable then) {
    progress
        .confirm(topic, id.partition())
        .whenComplete(
            (done, bug) -> {
              if (bug != null || !done) {
                later(() -> confirm(id, topic, then));
              } else {
                then.run();
              }
            });
  }

  private void later(Runnable action) {
    loop.schedule(
        RETRY_NANOS,
        () -> {
          if (!stopped) {
            action.run();
          }
        });
  }
}
