package io.millrace.coordination.topics;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes with a topic that it has more replicas, once all of them are in sync everywhere: from then
 * on an unset {@code min.in.sync} is counted from so many, and new partitions get as many. A chore
 * that any broker may run, also several at once. Owner: the store's loop.
 *
 * <p>If we crash here: it is written or not; the next one writes it.
 */
final class ReplicationRaise {
  private static final Logger log = LoggerFactory.getLogger(ReplicationRaise.class);

  private final ClusterStore store;

  ReplicationRaise(ClusterStore store) {
    this.store = store;
  }

  /** False when something was left for the next time. */
  CompletionStage<Boolean> run(ClusterImage image) {
    List<TopicImage> due =
        image.topics().values().stream()
            .filter(topic -> !topic.deleting() && reached(topic) > topic.replicationFactor())
            .toList();
    return Pipelined.all(due, topic -> raise(topic.name(), topic.id(), reached(topic)));
  }

  /** How many replicas every partition has, all of them in sync; 0: not all are. */
  static int reached(TopicImage topic) {
    int fewest = Integer.MAX_VALUE;
    for (PartitionImage partition : topic.partitions()) {
      if (partition == null || !partition.inSync().containsAll(partition.replicas())) {
        return 0;
      }
      fewest = Math.min(fewest, partition.replicas().size());
    }
    return topic.partitions().isEmpty() ? 0 : fewest;
  }

  private CompletionStage<Boolean> raise(String name, String topicId, int count) {
    String path = ZnodePaths.topic(name);
    return store
        .read(path)
        .thenCompose(
            read -> {
              if (!(read instanceof ReadOutcome.Found<Node> found
                  && ZnodeJson.TOPIC.read(found.value().data())
                      instanceof ZnodeReading.Understood<TopicNode> understood
                  && understood.isComplete()
                  && understood.content().getTopicId().equals(topicId)
                  && understood.content().getState() != TopicState.DELETING)) {
                return CompletableFuture.completedFuture(false);
              }
              TopicNode topic = understood.content();
              if (topic.getReplicationFactor() >= count) {
                return CompletableFuture.completedFuture(true);
              }
              return store
                  .set(
                      path,
                      ZnodeJson.TOPIC.write(topic.toBuilder().setReplicationFactor(count).build()),
                      found.value().version())
                  .thenApply(outcome -> isWritten(name, count, outcome));
            });
  }

  private static boolean isWritten(String name, int count, WriteOutcome outcome) {
    boolean isWritten = outcome instanceof WriteOutcome.Applied;
    if (isWritten) {
      log.info("topic {} has {} replicas in sync, and counts them from now on", name, count);
    }
    return isWritten;
  }
}
