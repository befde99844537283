package io.millrace.coordination.topics;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.NameNode;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.coordination.view.TopicNames;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the nodes of a deleted topic away, partition by partition, as its replicas confirm that
 * their data is gone. Safe for any thread.
 *
 * <p>A replica confirms by taking itself off the partition's list; the last one takes the partition
 * away, the last partition the topic. Those whose brokers are not live are not waited for: {@code
 * /deleted} tells them on return that their data may go. Every step is conditional and harmless
 * when repeated, so any broker may do it, and a step that failed is done at the next occasion.
 *
 * <p>If we crash here: some partitions are gone and some not, the topic is still marked; whoever
 * looks next goes on.
 */
public final class DeletionProgress {
  private static final Logger log = LoggerFactory.getLogger(DeletionProgress.class);

  private final ClusterStore store;
  private final int brokerId;

  public DeletionProgress(ClusterStore store, int brokerId) {
    this.store = store;
    this.brokerId = brokerId;
  }

  /**
   * This broker holds nothing of the partition any more.
   *
   * @return completes on the store's loop; false: confirm again later
   */
  public CompletionStage<Boolean> confirm(TopicImage topic, int partition) {
    requireDeleting(topic);
    return OnLoop.call(
        store.loop(),
        () ->
            release(topic.id(), partition, Set.of(brokerId))
                .thenCompose(
                    isReleased ->
                        isReleased ? finish(topic) : CompletableFuture.completedFuture(false)));
  }

  /**
   * Takes away what no live broker could confirm. To be called for each topic that is being
   * deleted, whenever the live brokers have changed; the live broker with the lowest id does it.
   *
   * @return completes on the store's loop; false: call again later
   */
  public CompletionStage<Boolean> releaseTheDead(TopicImage topic, ClusterImage image) {
    requireDeleting(topic);
    Set<Integer> live = image.brokers().keySet();
    boolean isMine = live.stream().min(Integer::compare).filter(id -> id == brokerId).isPresent();
    if (!isMine) {
      return CompletableFuture.completedFuture(true);
    }
    List<Integer> abandoned =
        IntStream.range(0, topic.partitionCount())
            .filter(partition -> isAbandoned(topic.partitions().get(partition), live))
            .boxed()
            .toList();
    return OnLoop.call(
        store.loop(),
        () ->
            Pipelined.all(abandoned, partition -> remove(topic.id(), partition))
                .thenCompose(
                    areGone -> areGone ? finish(topic) : CompletableFuture.completedFuture(false)));
  }

  private static boolean isAbandoned(@Nullable PartitionImage partition, Set<Integer> live) {
    return partition == null || partition.replicas().stream().noneMatch(live::contains);
  }

  private static void requireDeleting(TopicImage topic) {
    if (!topic.deleting()) {
      throw new IllegalArgumentException("topic " + topic.id() + " is not being deleted");
    }
  }

  /** Takes these replicas off the list; the node goes with the last of them. */
  private CompletionStage<Boolean> release(String topicId, int partition, Set<Integer> gone) {
    String path = ZnodePaths.partition(topicId, partition);
    return store
        .read(path)
        .thenCompose(
            read -> {
              if (read instanceof ReadOutcome.Absent<Node>) {
                return CompletableFuture.completedFuture(true);
              }
              if (!(read instanceof ReadOutcome.Found<Node> found)) {
                return CompletableFuture.completedFuture(false);
              }
              Node node = found.value();
              if (!(ZnodeJson.PARTITION.read(node.data())
                  instanceof ZnodeReading.Understood<PartitionNode> understood)) {
                return store.delete(path, node.version()).thenApply(DeletionProgress::isGone);
              }
              PartitionNode content = understood.content();
              List<Integer> left =
                  content.getReplicasList().stream().filter(id -> !gone.contains(id)).toList();
              return left.isEmpty()
                  ? store.delete(path, node.version()).thenApply(DeletionProgress::isGone)
                  : store
                      .set(path, ZnodeJson.PARTITION.write(without(content, left)), node.version())
                      .thenApply(WriteOutcome.Applied.class::isInstance);
            });
  }

  /** Nobody leads a deleted partition; the sets only have to stay in order. */
  private PartitionNode without(PartitionNode content, List<Integer> left) {
    return content.toBuilder()
        .clearReplicas()
        .addAllReplicas(left)
        .clearLeader()
        .setLeaderIncarnation(0)
        .setLeaderEpoch(content.getLeaderEpoch() + 1)
        .clearInSync()
        .addAllInSync(left)
        .clearEligible()
        .clearAdding()
        .clearRemoving()
        .clearRollCall()
        .setSoleFlushed(false)
        .clearVouched()
        .setLastChange(
            content.getLastChange().toBuilder()
                .setBroker(brokerId)
                .setWhy("deleted, broker " + brokerId + " has no data of it any more"))
        .build();
  }

  private CompletionStage<Boolean> remove(String topicId, int partition) {
    String path = ZnodePaths.partition(topicId, partition);
    return store
        .read(path)
        .thenCompose(
            read ->
                read instanceof ReadOutcome.Found<Node> found
                    ? store
                        .delete(path, found.value().version())
                        .thenApply(DeletionProgress::isGone)
                    : CompletableFuture.completedFuture(read instanceof ReadOutcome.Absent<Node>));
  }

  /** Topic, name and parent together; the store refuses while the parent has a partition left. */
  private CompletionStage<Boolean> finish(TopicImage topic) {
    String path = ZnodePaths.topic(topic.name());
    String parent = ZnodePaths.partitions(topic.id());
    String guard = ZnodePaths.name(TopicNames.collisionKey(topic.name()));
    Map<String, Node> found = new HashMap<>();
    return Pipelined.all(List.of(path, parent, guard), at -> lookFor(at, found))
        .thenCompose(
            areRead -> {
              Node topicNode = found.get(path);
              Node parentNode = found.get(parent);
              if (!areRead
                  || topicNode == null
                  || parentNode == null
                  || !isStillDeleting(topicNode, topic.id())) {
                return CompletableFuture.completedFuture(areRead);
              }
              List<StoreOp> steps = new ArrayList<>();
              steps.add(new StoreOp.Delete(parent, parentNode.version()));
              steps.add(new StoreOp.Delete(path, topicNode.version()));
              Node guardNode = found.get(guard);
              if (guardNode != null && isNameOf(guardNode, topic.id())) {
                steps.add(new StoreOp.Delete(guard, guardNode.version()));
              }
              return store.transact(steps).thenCompose(outcome -> onFinished(topic, outcome));
            });
  }

  private CompletionStage<Boolean> lookFor(String path, Map<String, Node> into) {
    return store
        .read(path)
        .thenApply(
            read -> {
              if (read instanceof ReadOutcome.Found<Node> found) {
                into.put(path, found.value());
              }
              return !(read instanceof ReadOutcome.Unavailable<Node>);
            });
  }

  private static boolean isNameOf(Node node, String topicId) {
    return ZnodeJson.NAME.read(node.data()) instanceof ZnodeReading.Understood<NameNode> understood
        && understood.content().getTopicId().equals(topicId);
  }

  private static boolean isStillDeleting(Node node, String topicId) {
    return ZnodeJson.TOPIC.read(node.data())
            instanceof ZnodeReading.Understood<TopicNode> understood
        && understood.content().getTopicId().equals(topicId)
        && understood.content().getState() == TopicState.DELETING;
  }

  private CompletionStage<Boolean> onFinished(TopicImage topic, WriteOutcome outcome) {
    if (outcome instanceof WriteOutcome.Applied) {
      log.info("topic {} is deleted, it was {}", topic.name(), topic.id());
      return CompletableFuture.completedFuture(true);
    }
    if (!(outcome instanceof WriteOutcome.Conflict conflict)) {
      return CompletableFuture.completedFuture(false);
    }
    // Others have not confirmed yet, and the last of them finishes; or some of what is there was
    // never part of the topic.
    return conflict.kind() == WriteOutcome.Conflict.Kind.NOT_EMPTY
        ? removeLeftOvers(topic)
        : CompletableFuture.completedFuture(conflict.kind() == WriteOutcome.Conflict.Kind.ABSENT);
  }

  /** Partitions beyond the topic's count, of an addition that was interrupted. */
  private CompletionStage<Boolean> removeLeftOvers(TopicImage topic) {
    return store
        .children(ZnodePaths.partitions(topic.id()))
        .thenCompose(
            read -> {
              if (!(read instanceof ReadOutcome.Found<List<String>> found)) {
                return CompletableFuture.completedFuture(false);
              }
              List<Integer> leftOvers =
                  found.value().stream()
                      .filter(name -> name.matches("0|[1-9][0-9]{0,8}"))
                      .map(Integer::parseInt)
                      .filter(number -> number >= topic.partitionCount())
                      .toList();
              return leftOvers.isEmpty()
                  ? CompletableFuture.completedFuture(true)
                  : Pipelined.all(leftOvers, number -> remove(topic.id(), number))
                      .thenCompose(
                          areGone ->
                              areGone ? finish(topic) : CompletableFuture.completedFuture(false));
            });
  }

  private static boolean isGone(WriteOutcome outcome) {
    return outcome instanceof WriteOutcome.Applied
        || (outcome instanceof WriteOutcome.Conflict conflict
            && conflict.kind() == WriteOutcome.Conflict.Kind.ABSENT);
  }
}
