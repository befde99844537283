package io.millrace.coordination.topics;

import io.millrace.coordination.election.ReplicasWrite;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.topics.AlterOutcome.Invalid;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.coordination.view.ClusterImage;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.coordination.view.TopicImage;
import io.millrace.rpc.Tasks;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the partitions of a topic more replicas. Owner: the store's loop. Used once.
 *
 * <p>One write for each partition, conditional on its node and on the topic's. The topic's own
 * replication factor, and with it what {@code min.in.sync} is where it is not set, stays until all
 * of them are in sync ({@link ReplicationRaise}): the new ones have everything to copy first, and
 * nobody shall wait for that.
 *
 * <p>If we crash here: some partitions have the new replicas and others not. The same request again
 * adds what is missing; what is there is left alone.
 */
final class ReplicaAddition {
  private static final Logger log = LoggerFactory.getLogger(ReplicaAddition.class);

  private final ClusterStore store;
  private final ClusterImage image;
  private final Tasks tasks;
  private final ReplicasWrite replicasWrite;
  private final AlterationRequest wanted;
  private final int count;

  /**
   * @param image whose live brokers will hold them
   */
  ReplicaAddition(
      ClusterStore store,
      ClusterImage image,
      Tasks tasks,
      int brokerId,
      AlterationRequest wanted,
      int count) {
    this.store = store;
    this.image = image;
    this.tasks = tasks;
    this.replicasWrite = new ReplicasWrite(store, brokerId);
    this.wanted = wanted;
    this.count = count;
  }

  CompletionStage<AlterOutcome> run(boolean isTrial) {
    return store
        .sync(ZnodePaths.ROOT)
        .thenCompose(
            isSynced ->
                isSynced
                    ? store
                        .read(ZnodePaths.topic(wanted.name()))
                        .thenCompose(read -> onRead(read, isTrial))
                    : unavailable("no contact with ZooKeeper"));
  }

  private CompletionStage<AlterOutcome> onRead(ReadOutcome<Node> read, boolean isTrial) {
    if (read instanceof ReadOutcome.Unavailable<Node> away) {
      return unavailable(away.why());
    }
    if (!(read instanceof ReadOutcome.Found<Node> found)) {
      return ended(new AlterOutcome.NotFound("there is no topic " + wanted.name()));
    }
    if (!(ZnodeJson.TOPIC.read(found.value().data())
        instanceof ZnodeReading.Understood<TopicNode> understood)) {
      return unavailable("the topic's node holds what this broker does not understand");
    }
    TopicNode topic = understood.content();
    if (wanted.topicId().filter(id -> !id.equals(topic.getTopicId())).isPresent()) {
      return ended(
          new AlterOutcome.NotFound(
              "topic " + wanted.name() + " has the id " + topic.getTopicId() + " by now"));
    }
    if (topic.getState() == TopicState.DELETING) {
      return ended(new AlterOutcome.NotFound("topic " + wanted.name() + " is being deleted"));
    }
    @Nullable TopicImage shown = image.topics().get(wanted.name());
    List<PartitionImage> seen =
        shown == null || !shown.id().equals(topic.getTopicId())
            ? List.of()
            : shown.partitions().stream().flatMap(Stream::ofNullable).toList();
    if (seen.size() != topic.getPartitions()) {
      return unavailable("the topic's partitions are not all known here; try again");
    }
    AlterOutcome refused = refuse(topic, seen);
    if (refused != null) {
      return ended(refused);
    }
    if (isTrial) {
      return ended(
          new AlterOutcome.Valid(
              topic.getTopicId(), topic.getPartitions(), count, topic.getSettingsMap()));
    }
    StoreOp.Check asItWas =
        new StoreOp.Check(ZnodePaths.topic(wanted.name()), found.value().version());
    return write(topic, seen, asItWas);
  }

  private @Nullable AlterOutcome refuse(TopicNode topic, List<PartitionImage> seen) {
    int most = seen.stream().mapToInt(partition -> partition.replicas().size()).max().orElse(0);
    if (count < Math.max(most, topic.getReplicationFactor())) {
      return new Invalid(
          Invalid.Reason.REPLICAS,
          "the topic has "
              + Math.max(most, topic.getReplicationFactor())
              + " replicas and cannot have "
              + count
              + ": replicas can only be added");
    }
    boolean isMissingAny = seen.stream().anyMatch(partition -> partition.replicas().size() < count);
    return isMissingAny && count > image.brokers().size()
        ? new Invalid(
            Invalid.Reason.NOT_ENOUGH_BROKERS,
            count + " replicas need as many live brokers, there are " + image.brokers().size())
        : null;
  }

  private CompletionStage<AlterOutcome> write(
      TopicNode topic, List<PartitionImage> seen, StoreOp.Check asItWas) {
    List<List<Integer>> added = Placement.added(image, seen, count, tasks.random());
    List<Integer> numbers = new ArrayList<>();
    for (PartitionImage partition : seen) {
      if (partition.replicas().size() < count) {
        numbers.add(partition.partition());
      }
    }
    Map<ReplicasWrite.Outcome, Integer> outcomes = new EnumMap<>(ReplicasWrite.Outcome.class);
    return Pipelined.all(
            numbers,
            number ->
                replicasWrite
                    .write(topic.getTopicId(), number, added.get(number), count, asItWas)
                    .thenApply(
                        outcome -> {
                          outcomes.merge(outcome, 1, Integer::sum);
                          return outcome == ReplicasWrite.Outcome.DONE;
                        }))
        .thenApply(allDone -> outcome(topic, numbers.size(), outcomes));
  }

  private AlterOutcome outcome(
      TopicNode topic, int all, Map<ReplicasWrite.Outcome, Integer> outcomes) {
    int done = outcomes.getOrDefault(ReplicasWrite.Outcome.DONE, 0);
    if (done == all) {
      if (all > 0) {
        log.info("topic {} gets {} replicas: {} partitions", wanted.name(), count, all);
      }
      return new AlterOutcome.Altered(
          topic.getTopicId(), topic.getPartitions(), topic.getSettingsMap());
    }
    String how =
        "%d of %d partitions have their new replicas (the others: %s); the same again goes on"
            .formatted(done, all, outcomes);
    return done == 0 && !outcomes.containsKey(ReplicasWrite.Outcome.UNKNOWN)
        ? new AlterOutcome.Unavailable(how)
        : new AlterOutcome.Unknown(topic.getTopicId(), how);
  }

  private static CompletionStage<AlterOutcome> unavailable(String why) {
    return ended(new AlterOutcome.Unavailable(why));
  }

  private static CompletionStage<AlterOutcome> ended(AlterOutcome outcome) {
    return CompletableFuture.completedFuture(outcome);
  }
}
