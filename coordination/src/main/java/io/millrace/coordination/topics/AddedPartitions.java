package io.millrace.coordination.topics;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreLimits;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.topics.AlterOutcome.Invalid;
import io.millrace.coordination.v1.LastChange;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.rpc.Tasks;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of partitions that are added to a topic. Owner: the store's loop.
 *
 * <p>Beyond a topic's count there may stand what an interrupted addition left. Nobody has ever led
 * it, so it is written over.
 */
final class AddedPartitions {
  private final ClusterStore store;
  private final ClusterImage image;
  private final Tasks tasks;
  private final int brokerId;

  /**
   * @param image whose live brokers will hold them
   */
  AddedPartitions(ClusterStore store, ClusterImage image, Tasks tasks, int brokerId) {
    this.store = store;
    this.image = image;
    this.tasks = tasks;
    this.brokerId = brokerId;
  }

  /** Null when partitions can be added, or none are to be. */
  @Nullable AlterOutcome refuse(TopicNode topic, int count) {
    return count == topic.getPartitions() || topic.getReplicationFactor() <= image.brokers().size()
        ? null
        : new Invalid(
            Invalid.Reason.NOT_ENOUGH_BROKERS,
            topic.getReplicationFactor()
                + " replicas need as many live brokers, there are "
                + image.brokers().size());
  }

  /**
   * In the order in which they must be applied.
   *
   * @param guard fails every transaction once the topic has been altered or deleted
   * @param last goes with the last transaction, in the guard's place
   * @return empty when what stands there could not be read
   */
  CompletionStage<List<List<StoreOp>>> transactions(
      TopicNode topic, int count, StoreOp guard, StoreOp last) {
    return leftOvers(topic, count)
        .thenApply(
            found -> {
              if (found == null) {
                return List.of();
              }
              int reserved =
                  StoreLimits.sizeBytes(guard)
                      + StoreLimits.sizeBytes(last)
                      + StoreLimits.OP_OVERHEAD_BYTES;
              List<List<StoreOp>> parts = TransactionParts.of(steps(topic, count, found), reserved);
              for (int i = 0; i < parts.size(); i++) {
                parts.get(i).add(0, i == parts.size() - 1 ? last : guard);
              }
              return parts;
            });
  }

  private List<StoreOp> steps(TopicNode topic, int count, Map<Integer, Integer> leftOvers) {
    int first = topic.getPartitions();
    LastChange change =
        LastChange.newBuilder()
            .setBroker(brokerId)
            .setAt(Instant.ofEpochMilli(tasks.clock().wallMillis()).toString())
            .setWhy("created, when partitions were added")
            .build();
    List<List<Integer>> replicas =
        Placement.place(image, count - first, topic.getReplicationFactor(), tasks.random());
    List<StoreOp> steps = new ArrayList<>();
    for (int i = 0; i < replicas.size(); i++) {
      String path = ZnodePaths.partition(topic.getTopicId(), first + i);
      var content =
          ZnodeJson.PARTITION.write(
              NewTopic.partitionNode(replicas.get(i), image.brokers(), change));
      Integer version = leftOvers.get(first + i);
      steps.add(
          version == null
              ? new StoreOp.Create(path, content, NodeKind.PERSISTENT)
              : new StoreOp.Set(path, content, version));
    }
    return steps;
  }

  /** Versions by partition; null when they could not be read. */
  private CompletionStage<@Nullable Map<Integer, Integer>> leftOvers(TopicNode topic, int count) {
    return store
        .children(ZnodePaths.partitions(topic.getTopicId()))
        .thenCompose(
            read ->
                read instanceof ReadOutcome.Found<List<String>> found
                    ? versions(topic.getTopicId(), beyond(topic, count, found.value()))
                    : CompletableFuture.completedFuture(null));
  }

  private static List<Integer> beyond(TopicNode topic, int count, Collection<String> names) {
    return names.stream()
        .filter(name -> name.matches("0|[1-9][0-9]{0,8}"))
        .map(Integer::parseInt)
        .filter(number -> number >= topic.getPartitions() && number < count)
        .toList();
  }

  private CompletionStage<@Nullable Map<Integer, Integer>> versions(
      String topicId, List<Integer> partitions) {
    Map<Integer, Integer> versions = new HashMap<>();
    return Pipelined.all(
            partitions,
            partition ->
                store
                    .read(ZnodePaths.partition(topicId, partition))
                    .thenApply(
                        read -> {
                          if (read instanceof ReadOutcome.Found<Node> found) {
                            versions.put(partition, found.value().version());
                          }
                          return !(read instanceof ReadOutcome.Unavailable<Node>);
                        }))
        .thenApply(areRead -> areRead ? versions : null);
  }
}
