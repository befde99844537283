package io.millrace.coordination.topics;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MINUTES;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.DeletedTopicNode;
import io.millrace.coordination.v1.MakingState;
import io.millrace.coordination.v1.PartitionsNode;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.ClusterView;
import io.millrace.coordination.view.TopicImage;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clears away what interrupted creations left, and tombstones that are old. A chore that any broker
 * may run now and then, also several at once; never touches data. Safe for any thread.
 *
 * <p>Partition nodes whose parent says that they are being made are half made, or their creator is
 * still at work. They are given up only when one broker has seen them so for a while, by a write
 * that makes the creator's last transaction fail. Partition nodes that were made and that no topic
 * names have lost their topic by somebody's mistake: they stay. B76
 *
 * <p>If we crash here: what is abandoned stays so, and the next sweep clears the rest.
 */
public final class TopicSweep {
  private static final Logger log = LoggerFactory.getLogger(TopicSweep.class);

  /** Much longer than a creation takes that has not been given up. */
  private static final long HALF_MADE_NANOS = MINUTES.toNanos(10);

  private static final long TOMBSTONE_MILLIS = DAYS.toMillis(30);
  private static final ByteString ABANDONED =
      ZnodeJson.PARTITIONS.write(
          PartitionsNode.newBuilder()
              .setVersion(ZnodeJson.VERSION)
              .setState(MakingState.ABANDONED)
              .build());

  private final ClusterStore store;
  private final ClusterView view;
  private final ReplicationRaise replication;

  // Owner of the rest: the store's loop.

  /** When each was first seen without a topic, by the monotonic clock. */
  private final Map<String, Long> orphans = new HashMap<>();

  /** Parents of partitions whose topic vanished: told once. */
  private final Set<String> told = new HashSet<>();

  /**
   * @param view of everything
   */
  public TopicSweep(ClusterStore store, ClusterView view) {
    this.store = store;
    this.view = view;
    this.replication = new ReplicationRaise(store);
  }

  /**
   * To be called every few minutes.
   *
   * @return completes on the store's loop; false when something was left for the next time
   */
  public CompletionStage<Boolean> sweep() {
    return view.refresh()
        .thenCompose(
            image ->
                OnLoop.call(
                    store.loop(),
                    () ->
                        store
                            .children(ZnodePaths.PARTITIONS)
                            .thenCompose(ids -> clearOrphans(image, ids))
                            .thenCombine(buryTombstones(image), Boolean::logicalAnd)
                            .thenCombine(replication.run(image), Boolean::logicalAnd)));
  }

  private CompletionStage<Boolean> clearOrphans(
      ClusterImage image, ReadOutcome<List<String>> read) {
    if (!(read instanceof ReadOutcome.Found<List<String>> found)) {
      return CompletableFuture.completedFuture(false);
    }
    Set<String> named = new HashSet<>();
    image.topics().values().stream().map(TopicImage::id).forEach(named::add);
    Set<String> unnamed = new HashSet<>(found.value());
    unnamed.removeAll(named);
    orphans.keySet().retainAll(unnamed);
    long now = store.loop().clock().nanoTime();
    unnamed.forEach(id -> orphans.putIfAbsent(id, now));
    List<String> due =
        unnamed.stream()
            .filter(id -> now - orphans.getOrDefault(id, now) >= HALF_MADE_NANOS)
            .toList();
    return Pipelined.all(due, this::clear);
  }

  private CompletionStage<Boolean> clear(String topicId) {
    String parent = ZnodePaths.partitions(topicId);
    return store
        .read(parent)
        .thenCompose(
            read ->
                read instanceof ReadOutcome.Found<Node> found
                    ? clear(parent, found.value())
                    : CompletableFuture.completedFuture(read instanceof ReadOutcome.Absent<Node>));
  }

  private CompletionStage<Boolean> clear(String parent, Node node) {
    MakingState state =
        ZnodeJson.PARTITIONS.read(node.data())
                instanceof ZnodeReading.Understood<PartitionsNode> understood
            ? understood.content().getState()
            : MakingState.MAKING_UNSPECIFIED;
    return switch (state) {
      case MAKING ->
          store
              .set(parent, ABANDONED, node.version())
              .thenCompose(
                  outcome ->
                      outcome instanceof WriteOutcome.Applied applied
                          ? deleteAll(parent, applied.version())
                          : CompletableFuture.completedFuture(false));
      case ABANDONED -> deleteAll(parent, node.version());
      default -> {
        if (told.add(parent)) {
          log.error(
              "no topic names the partitions below {}: somebody has deleted the topic's node by"
                  + " hand. They are left as they are, and so is their data; write the node again to"
                  + " have the topic back",
              parent);
        }
        yield CompletableFuture.completedFuture(true);
      }
    };
  }

  private CompletionStage<Boolean> deleteAll(String parent, int version) {
    return store
        .children(parent)
        .thenCompose(names -> deleteChildren(parent, names))
        .thenCompose(isDone -> deleteParent(parent, version, isDone));
  }

  private CompletionStage<Boolean> deleteChildren(
      String parent, ReadOutcome<List<String>> children) {
    if (!(children instanceof ReadOutcome.Found<List<String>> found)) {
      return CompletableFuture.completedFuture(false);
    }
    return Pipelined.all(found.value(), name -> delete(parent + "/" + name));
  }

  private CompletionStage<Boolean> deleteParent(String parent, int version, boolean isDone) {
    if (!isDone) {
      return CompletableFuture.completedFuture(false);
    }
    return store
        .delete(parent, version)
        .thenApply(
            outcome -> {
              log.info("cleared away the half-made {}: {}", parent, outcome);
              return outcome instanceof WriteOutcome.Applied;
            });
  }

  private CompletionStage<Boolean> delete(String path) {
    return store
        .read(path)
        .thenCompose(
            read ->
                read instanceof ReadOutcome.Found<Node> found
                    ? store
                        .delete(path, found.value().version())
                        .thenApply(WriteOutcome.Applied.class::isInstance)
                    : CompletableFuture.completedFuture(read instanceof ReadOutcome.Absent<Node>));
  }

  private CompletionStage<Boolean> buryTombstones(ClusterImage image) {
    return store
        .children(ZnodePaths.DELETED)
        .thenCompose(
            read ->
                read instanceof ReadOutcome.Found<List<String>> found
                    ? Pipelined.all(found.value(), id -> bury(image, id))
                    : CompletableFuture.completedFuture(false));
  }

  private CompletionStage<Boolean> bury(ClusterImage image, String topicId) {
    boolean isStillThere =
        image.topics().values().stream().anyMatch(topic -> topic.id().equals(topicId));
    if (isStillThere) {
      return CompletableFuture.completedFuture(true);
    }
    String path = ZnodePaths.deleted(topicId);
    return store
        .read(path)
        .thenCompose(
            read ->
                read instanceof ReadOutcome.Found<Node> found && isOld(found.value())
                    ? store
                        .delete(path, found.value().version())
                        .thenApply(WriteOutcome.Applied.class::isInstance)
                    : CompletableFuture.completedFuture(true));
  }

  private boolean isOld(Node node) {
    if (!(ZnodeJson.DELETED_TOPIC.read(node.data())
        instanceof ZnodeReading.Understood<DeletedTopicNode> understood)) {
      return false;
    }
    try {
      long deleted = Instant.parse(understood.content().getDeleted()).toEpochMilli();
      return store.loop().clock().wallMillis() - deleted > TOMBSTONE_MILLIS;
    } catch (DateTimeParseException e) {
      // Written by hand; a person may remove it by hand.
      return false;
    }
  }
}
